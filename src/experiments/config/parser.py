"""argparse whose refusals are ours."""

from __future__ import annotations

import argparse
from typing import NoReturn

from experiments.config.problems import ConfigurationError, Problem, nearest


class Parser(argparse.ArgumentParser):
    """Raises ConfigurationError instead of leaving the process."""

    def flags(self) -> list[str]:
        """The long flags, for tab completion."""
        return [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]

    def error(self, message: str) -> NoReturn:
        flags = [flag for action in self._actions for flag in action.option_strings]
        unknown = message.removeprefix("unrecognized arguments: ").split()
        better = nearest(unknown[0], flags) if message.startswith("unrecognized") else None
        raise ConfigurationError([Problem(self.prog, message, better or f"{self.prog} --help")])
