"""A full disk: what there was no room for, and where."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import TypeVar

Raised = TypeVar("Raised", bound=BaseException)

FULL = (errno.ENOSPC, errno.EDQUOT)

SCARCE_BYTES = 64 * 1024
"""With less, the next file of a run does not fit."""


class DiskFull(OSError):  # noqa: N818 - reads as what it says
    """There is no room for the file `filename`; `strerror` says how much there is, and where."""

    def __str__(self) -> str:
        return f"no room for {self.filename}: {self.strerror}"


def named(error: Raised, path: Path) -> Raised | DiskFull:
    """A full disk as the DiskFull that says where; any other error as it is.

    Args:
        error: whatever was raised.
        path: the file, or the folder in which it was to be, if the error does not say.
    """
    if isinstance(error, OSError) and error.errno in FULL and not isinstance(error, DiskFull):
        return DiskFull(error.errno, room_at(path), error.filename or str(path))
    return error


def of_file(error: OSError, path: Path) -> OSError:
    """The same, of the file that was to be written, whatever name it had until it was whole."""
    if error.errno is not None:
        error.filename, error.filename2 = str(path), None
    return named(error, path)


def room_at(path: Path) -> str:
    """`0 bytes are left on /mnt/disk`."""
    there = nearest_there(path)
    return f"{_size(shutil.disk_usage(there).free)} left on {_mount(there)}"


def is_scarce(path: Path) -> bool:
    """Whether there is hardly any room there by now."""
    return shutil.disk_usage(nearest_there(path)).free < SCARCE_BYTES


def nearest_there(path: Path) -> Path:
    """The path, or the first folder above that is there."""
    absolute = path.absolute()
    return next(one for one in (absolute, *absolute.parents) if one.exists())


def _mount(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.is_mount() or one == one.parent)


def _size(count: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= 10 * unit:
            return f"{count / unit:.0f} {name} are"
    return f"{count} bytes are"
