"""The words behind `experiments fit` (Hydra's own flags, and ours), `list` and `explain`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.config.parser import Parser

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from experiments.config.composition import Composer

FLAGS = {
    "-m, --multirun": "a sweep: one run for each combination of the values given, key=value1,value2",
    "--dry-run": "show the jobs, train nothing",
    "-c, --cfg job|hydra|all": "show the configuration, train nothing (--package, --resolve as in Hydra)",
    "-cd, --config-dir DIR": "your own YAML files, in the same groups; they are found before ours",
    "--resume PATH": "go on with a run or a sweep: what is finished is skipped; key=value adds jobs to a sweep",
    "-i, --info [WHAT]": "Hydra's own account: defaults, defaults-tree, searchpath, plugins, config",
}


@dataclass(frozen=True)
class FitArguments:
    """What was asked for."""

    overrides: list[str]
    multirun: bool
    config_dir: str | None
    config: str | None
    package: str | None
    resolve: bool
    info: str | None
    dry_run: bool
    resume: Path | None
    help: bool


def parse_fit(words: Sequence[str]) -> FitArguments:
    """Flags and overrides, in any order.

    Raises:
        ConfigurationError: a flag that does not exist, or without its value.
    """
    parser = Parser(prog="experiments fit")
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("-r", "--run", action="store_true")
    parser.add_argument("-cd", "--config-dir")
    parser.add_argument("-c", "--cfg", dest="config", choices=["job", "hydra", "all"])
    parser.add_argument("-p", "--package")
    parser.add_argument("--resolve", action="store_true")
    parser.add_argument("-i", "--info", const="all", nargs="?", choices=list(_INFO))
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--resume", type=Path, metavar="PATH")
    found = vars(parser.parse_intermixed_args(list(words)))
    found.pop("run")
    if (found["package"] or found["resolve"]) and not found["config"]:
        parser.error("--package and --resolve only go with --cfg")
    if found["resume"] is not None and (found["multirun"] or found["config"] or found["info"] or found["dry_run"]):
        parser.error("--resume goes on with what was planned: it takes no --multirun, --cfg, --info or --dry-run")
    found["overrides"] = [at_home(text) for text in found["overrides"]]
    return FitArguments(**found)


def at_home(override: str) -> str:
    """`key=~/pictures` with the home folder's path: no shell expands it there, and Hydra's grammar has no tilde."""
    return re.sub(r"(?<=[=,])~[^,/]*", lambda match: os.path.expanduser(match[0]), override)  # noqa: PTH111 - leaves an unknown user as it is


_INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")


@dataclass(frozen=True)
class ReadingArguments:
    """What `list` and `explain` were asked for."""

    name: str
    config_dir: Path | None


EXAMPLES = {"list": "experiments list sweep", "explain": "experiments explain optimizer.lr"}


def parse_reading(verb: str, words: Sequence[str]) -> ReadingArguments | None:
    """The arguments of a verb that only reads lab notes; None if it was asked for help, which is printed.

    Raises:
        ConfigurationError: a flag that does not exist, a name missing or too many.
    """
    parser = Parser(prog=f"experiments {verb}", epilog=f"example: {EXAMPLES[verb]}")
    parser.add_argument("-cd", "--config-dir", type=Path, help="your own YAML files, beside ours")
    what = (
        "a key, a group, an experiment, a sweep, a symptom or any other option"
        if verb == "explain"
        else "a group alone"
    )
    parser.add_argument("name", nargs="?", default="", help=what)
    found = parser.read(words)
    if found is None:
        return None
    if verb == "explain" and not found["name"]:
        parser.error("what is to be explained? a key, an experiment, a sweep or any other option")
    return ReadingArguments(**found)


def fit_help() -> str:
    """`experiments fit --help`."""
    from experiments.config.lab_notes import options

    flags = "\n".join(f"  {flag:<25}{text}" for flag, text in FLAGS.items())
    groups = "\n".join(f"  {group:<16}{', '.join(names)}" for group, names in options().items())
    return f"""\
usage: experiments fit [FLAGS] [group=choice] [key=value] ...

Train one configuration; with -m, or with sweep=NAME, a sweep of them.

  experiments fit                                         handwritten digits, a few seconds
  experiments fit optimizer.lr=0.1 schedule.epochs=2      other numbers
  experiments fit sweep=what_can_go_wrong                 the five lesson experiments side by side
  experiments fit -m optimizer.lr=1e-3,1e-2 seed=0,1      four runs
  experiments fit dataset=folder dataset.root=FOLDER      your own pictures, a folder a class

flags:
{flags}

groups and their choices (`experiments explain NAME` tells more):
{groups}

`experiments fit --cfg job` shows every key with its value; `experiments explain KEY` what it means."""


def show_configuration(composer: Composer, arguments: FitArguments, overrides: list[str]) -> None:
    """Print what Hydra's --cfg and --info print, of the configuration that these overrides make."""
    from hydra._internal.hydra import Hydra

    from experiments.config.composition import PRIMARY

    hydra = Hydra(task_name=PRIMARY, config_loader=composer.loader)
    if arguments.info:
        hydra.show_info(arguments.info, config_name=PRIMARY, overrides=overrides)
        return
    assert arguments.config is not None
    hydra.show_cfg(
        config_name=PRIMARY,
        overrides=overrides,
        cfg_type=arguments.config,
        package=arguments.package,
        resolve=arguments.resolve,
    )


def show_job(composed: DictConfig) -> None:
    """Print what `--cfg job` prints, of a configuration that is composed already."""
    from omegaconf import OmegaConf

    print(OmegaConf.to_yaml(OmegaConf.masked_copy(composed, [str(k) for k in composed if k != "hydra"])), end="")
