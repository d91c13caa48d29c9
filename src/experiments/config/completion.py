"""Tab completion behind the verb.

Hydra completes overrides of an application without verbs: it is handed the line with the verb taken out.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence

from experiments.config.arguments import FLAGS
from experiments.config.composition import PRIMARY, Composer
from experiments.config.lr_find_arguments import PHASES, lr_find_parser
from experiments.config.problems import ConfigurationError

FLAG_NAMES = {
    "fit": [part.split()[0] for flags in FLAGS for part in flags.split(", ")],
    "lr-find": lr_find_parser().flags(),
}
"""Of the verbs that take overrides."""

VALUE_FLAGS = {"-c": (), "--cfg": ("job",), "-cd": (), "--config-dir": (), "-p": (), "--package": (), "--phase": PHASES}
"""Flags that take a value, and those to choose from."""


def complete(words: Sequence[str], verbs: Sequence[str], said: Mapping[str, Callable[[], Sequence[str]]]) -> None:
    """`verbs` are all there are; `said` are the words behind those that take no overrides.

    Answer `experiments -sc install=SHELL`, `uninstall=SHELL` or a shell's own `query=SHELL`.

    Raises:
        ValueError: another word, or a shell that Hydra does not know.
    """
    from hydra._internal.hydra import Hydra
    from hydra.errors import HydraException

    query = any(word.startswith("query=") for word in words)
    config_dir = None
    if query:
        line = os.environ.get("COMP_LINE", "")
        asked = _behind_the_verb(line[: int(os.environ.get("COMP_POINT") or len(line))].lstrip(), verbs, said)
        if asked is None:
            return
        os.environ["COMP_LINE"], config_dir = asked
        os.environ["COMP_POINT"] = str(len(os.environ["COMP_LINE"]))
    # A line that cannot be composed has no completion; the terminal it is typed in wants to hear nothing more.
    with contextlib.suppress(HydraException, ConfigurationError) if query else contextlib.nullcontext():
        hydra = Hydra(task_name=PRIMARY, config_loader=Composer(config_dir).loader)
        hydra.shell_completion(config_name=PRIMARY, overrides=list(words))


def _behind_the_verb(
    line: str, verbs: Sequence[str], said: Mapping[str, Callable[[], Sequence[str]]]
) -> tuple[str, str | None] | None:
    """The line without verb and flags, and its `--config-dir`; None where the answer is ours, and printed."""
    program, _, rest = line.partition(" ")
    verb, space, typed = rest.lstrip().partition(" ")
    if not space:
        print(" ".join(verbs))
    elif verb in said:
        print(" ".join(said[verb]()))
    elif verb in FLAG_NAMES:
        *before, last = typed.split(" ")
        overrides, values = _without_flags(before)
        if last.startswith("-"):
            print(" ".join(flag for flag in FLAG_NAMES[verb] if flag.startswith(last)))
        elif before and before[-1] in VALUE_FLAGS:
            print(" ".join(value for value in VALUE_FLAGS[before[-1]] if value.startswith(last)))
        else:
            return " ".join([program, *overrides, last]), values.get("--config-dir", values.get("-cd"))
    return None


def _without_flags(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The overrides among the words, and the values of the flags that take one."""
    overrides: list[str] = []
    values: dict[str, str] = {}
    flag = None
    for word in words:
        if flag is not None:
            values[flag] = word
        elif word and not word.startswith("-"):
            overrides.append(word)
        flag = word if flag is None and word in VALUE_FLAGS else None
    return overrides, values
