"""Small disks of our own, to be filled or made read-only."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = 4096


class Disk:
    """A file system in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self, room: int = 0) -> None:
        """Leave so many bytes."""
        fill(self.path, room)

    def empty(self) -> None:
        """Take away what filled it."""
        (self.path / "ballast").unlink()

    def make_read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)

    def damaged(self) -> list[Path]:
        """The JSON and CSV files that are not whole, and what was written aside and left there."""
        return [path for path in self.path.rglob("*") if path.is_file() and not _is_whole(path)]


def fill(path: Path, room: int = 0) -> None:
    """Leave so many bytes of the file system of `path`, in whole pages."""
    with contextlib.suppress(OSError), (path / "ballast").open("ab", buffering=0) as ballast:
        while os.statvfs(path).f_bavail * PAGE > room:
            ballast.write(bytes(PAGE))


@contextlib.contextmanager
def mounted(path: Path, megabytes: int) -> Iterator[Disk]:
    """A disk of this size at a folder; the test is skipped where none may be mounted."""
    path.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: {getattr(error, 'stderr', None) or error}")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def _is_whole(path: Path) -> bool:
    if path.suffix == ".json":
        json.loads(path.read_text())
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        return bool(rows) and {len(row) for row in rows} == {len(rows[0])}
    return not path.name.startswith(".")
