"""argparse whose refusals are ours."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from experiments.config.problems import ConfigurationError, Problem, nearest

DIGITS = 15
"""More of them make no number of anything."""


class Parser(argparse.ArgumentParser):
    """Raises ConfigurationError instead of leaving the process; knows no abbreviations; epilogs stay as written."""

    def __init__(self, prog: str, **more: Any) -> None:
        raw = argparse.RawDescriptionHelpFormatter
        super().__init__(prog=prog, add_help=False, allow_abbrev=False, formatter_class=raw, **more)
        self.add_argument("-h", "--help", action="store_true", help="this text")

    def flags(self) -> list[str]:
        """The long flags, for tab completion."""
        return [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]

    def read(self, words: Sequence[str]) -> dict[str, Any] | None:
        """The arguments by name, flags and others in any order; None if help was asked for, which is printed.

        Raises:
            ConfigurationError: a flag that does not exist, a value that is none.
        """
        if {"-h", "--help"} & set(words):
            print(self.format_help())
            return None
        # What stands behind -- is no flag; argparse knows that only where nothing is intermixed.
        parse = self.parse_args if "--" in words else self.parse_intermixed_args
        found = vars(parse(list(words)))
        found.pop("help")
        return found

    def error(self, message: str) -> NoReturn:
        flags = [flag for action in self._actions for flag in action.option_strings]
        unknown = message.removeprefix("unrecognized arguments: ").split()
        better = nearest(unknown[0], flags) if message.startswith("unrecognized") else None
        raise ConfigurationError([Problem(self.prog, message, better or f"{self.prog} --help")])


def count(text: str, least: int = 1) -> int:
    """A whole number of at least `least`, as argparse's `type`."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < DIGITS else least - 1
    if number < least:
        shown = text if len(text) < DIGITS else f"{text[:DIGITS]}..."
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, not {shown}")
    return number
