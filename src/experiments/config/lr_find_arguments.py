"""The words behind `experiments lr-find`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from experiments.config.arguments import at_home
from experiments.config.parser import Parser
from experiments.config.problems import ConfigurationError, Problem

PHASES = ("frozen", "unfrozen")

ONE_ALONE = "the range test is of one configuration, and this is a sweep; fit trains its jobs side by side"


@dataclass(frozen=True)
class LrFindArguments:
    """What `lr-find` was asked for."""

    overrides: list[str]
    config_dir: str | None
    show_job: bool
    phase: Literal["frozen", "unfrozen"] | None
    json: bool


def parse_lr_find(words: Sequence[str]) -> LrFindArguments | None:
    """The arguments of `lr-find`; None if it was asked for help, which is printed.

    Raises:
        ConfigurationError: a flag that does not exist, or without its value; -m, since a sweep is no configuration.
    """
    several = {"-m", "--multirun"} & set(words)
    found = lr_find_parser().read([word for word in words if word not in several])
    if found is None:
        return None
    if several:
        instead = shlex.join(["experiments", "fit", "-m", *found["overrides"]])
        raise ConfigurationError([Problem(next(iter(several)), ONE_ALONE, instead)])
    found["overrides"] = [at_home(text) for text in found["overrides"]]
    found["show_job"] = found.pop("cfg") is not None
    return LrFindArguments(**found)


def lr_find_parser() -> Parser:
    """The flags."""
    parser = Parser(
        prog="experiments lr-find",
        description="The learning-rate range test for exactly what `experiments fit` with the same words would train: "
        "up to 100 steps from 1e-7 to 10, on a copy that is thrown away.",
        epilog="""examples:
  experiments lr-find                                              digits: a few seconds
  experiments lr-find recipe=bears dataset.root=bears              the head, on a frozen body
  experiments lr-find recipe=bears dataset.root=bears --phase unfrozen""",
    )
    what = "as behind fit: recipe=NAME, group=choice, key=value"
    parser.add_argument("overrides", nargs="*", metavar="OVERRIDE", help=what)
    what = "of a model with a body: the head alone (frozen; the default), or every layer after the head is trained"
    parser.add_argument("--phase", choices=PHASES, help=what)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("-c", "--cfg", choices=["job"], help="show the configuration, test nothing")
    parser.add_argument("-cd", "--config-dir", metavar="DIR", help="your own YAML files, in the same groups")
    return parser
