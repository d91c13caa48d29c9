"""What a command line is answered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """The exit code and all of the two streams."""

    code: int
    out: str
    err: str


Typed = Callable[[str], Answer]
"""Types a command line behind `experiments`."""

Refused = Callable[[str], str]
"""The same of what must be refused and leave nothing behind: answers with the message."""
