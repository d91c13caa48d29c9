"""What is wrong with a configuration, said once and in one voice."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What other tools call our keys; the nearest spelling alone would not find them.
SYNONYMS = {
    "learning_rate": "optimizer.lr",
    "max_lr": "optimizer.lr",
    "wd": "optimizer.weight_decay",
    "max_epochs": "schedule.epochs",
    "n_epochs": "schedule.epochs",
    "num_epochs": "schedule.epochs",
    "bs": "dataset.batch_size",
    "data": "dataset",
    "scheduler": "schedule",
    "optim": "optimizer",
    "arch": "model",
    "random_seed": "seed",
    "device": "trainer",
}


@dataclass(frozen=True)
class Problem:
    """One mistake.

    `subject` is what the user typed (or the file that says so), `wrong` what is wrong with it and what is
    allowed, `instead` what to type, if we can tell.
    """

    subject: str
    wrong: str
    instead: str | None = None

    def __str__(self) -> str:
        lines = [self.subject, *(f"  {line}" for line in self.wrong.splitlines())]
        if self.instead:
            lines.append(f"  try: {self.instead}")
        return "\n".join(lines)


class ConfigurationError(Exception):
    """A configuration that cannot be trained, with every mistake that was found in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = list(dict.fromkeys(problems))
        super().__init__(render(self.problems))

    def __reduce__(self) -> tuple[type[ConfigurationError], tuple[list[Problem]]]:
        """To be sent between processes."""
        return ConfigurationError, (self.problems,)


SHOWN = 12
"""A sweep can repeat a mistake in every job; nobody reads more than so many."""


def render(problems: Sequence[Problem], outcome: str = ", nothing was trained") -> str:
    """All problems in one message, as the terminal shows it; `outcome` follows their number."""
    head = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    body = "\n\n".join("\n".join(f"  {line}" for line in str(p).splitlines()) for p in problems[:SHOWN])
    if len(problems) > SHOWN:
        body += f"\n\n  ... and {len(problems) - SHOWN} more"
    return f"error: {head}{outcome}\n\n{body}"


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that `name` was most likely meant to be, or None.

    A key is also found by its last part (`lr` is `optimizer.lr`) and by what other tools call it.
    """
    names = list(allowed)
    last = name.rsplit(".", 1)[-1]
    if SYNONYMS.get(last) in names:
        return SYNONYMS[last]
    by_last_part = [n for n in names if n.rsplit(".", 1)[-1] == last]
    if by_last_part:
        return by_last_part[0]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    if close:
        return close[0]
    tails = {n.rsplit(".", 1)[-1]: n for n in reversed(names)}
    close = difflib.get_close_matches(last, list(tails), n=1, cutoff=0.75)
    return tails[close[0]] if close else None


def listed(names: Iterable[object]) -> str:
    """Names for a sentence: `adamw, sgd`."""
    return ", ".join(str(name) for name in names)
