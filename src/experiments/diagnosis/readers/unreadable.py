"""What is said of a path that holds no training that can be read."""

from __future__ import annotations

import shlex
from pathlib import Path

ALLOWED = "a run's folder (run.json), a history CSV of any trainer, or a TensorBoard log folder"


class Unreadable(Exception):  # noqa: N818 - reads as what it says
    """A path that holds no curves.

    Its text is for the user: the path, what is wrong with it and what is allowed, what to type instead.

    Args:
        path: as the user named it.
        wrong: one line or several.
        instead: a path that can be read, if one is known.
    """

    def __init__(self, path: Path, wrong: str, instead: Path | None = None) -> None:
        super().__init__(path, wrong, instead)
        self.path = path
        self.wrong = wrong
        self.instead = instead

    def __str__(self) -> str:
        lines = [str(self.path), *(f"  {line}" for line in self.wrong.splitlines())]
        if self.instead is not None:
            typed = f"./{self.instead}" if str(self.instead).startswith("-") else str(self.instead)
            lines.append(f"  try: experiments diagnose {shlex.quote(typed)}")
        return "\n".join(lines)


class NothingKnown(Unreadable):
    """Sound, but none of its columns or tags is one that is understood."""


def refused(path: Path, error: OSError) -> Unreadable:
    """The operating system will not let this be read."""
    if isinstance(error, PermissionError):
        return Unreadable(path, f"may not be read: permission denied\nallowed: {ALLOWED}, readable by you")
    return Unreadable(path, f"cannot be read: {error.strerror or error}")
