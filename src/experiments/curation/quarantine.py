"""A folder beside the classes for files that should not train: moved there and back, never deleted or overwritten."""

from __future__ import annotations

import contextlib
import csv
import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from experiments.data.decoding import hash_files
from experiments.runs.files import ENCODING_ERRORS, write_csv

FOLDER = ".quarantine"
"""Hidden: no fit, and no other verb, looks into it."""

RECORD = "quarantine.csv"
"""Lies above the class folders in there, and so never in the place of a file that was moved."""

COLUMNS = ("path", "reason", "sha256")
_LOCK = ".lock"


@dataclass(frozen=True)
class Moves:
    """What became of the files, by their names below the root.

    Attributes:
        moved: lie in their new place.
        stayed: lie where they were, and why.
    """

    moved: list[str]
    stayed: dict[str, str]


def quarantine(root: Path, reasons: dict[str, str]) -> Moves:
    """Moves files to `root/.quarantine/`, under the same names, and adds them to its record.

    The record is written first: a crash leaves files recorded that were not moved yet, never the reverse, and a
    second call goes on where the first one stopped.

    Args:
        root: the folder above the classes.
        reasons: for each file, by its name below the root, why.

    Raises:
        OSError: the folder or the record cannot be written.
    """
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    with FileLock(folder / _LOCK):
        contents = hash_files([root / name for name in reasons])
        rows = {row[0]: row for row in _read_record(folder)}
        new = zip(reasons, reasons.values(), contents, strict=True)
        rows |= {row[0]: row for row in new if not os.path.lexists(folder / row[0])}
        write_csv(folder / RECORD, COLUMNS, sorted(rows.values()))
        return _move_all(reasons, root, folder)


def restore(root: Path) -> Moves:
    """Brings every file in `root/.quarantine/` back to its place, recorded or not; not over a file that is there now.

    Raises:
        OSError: the folder or the record cannot be read or written.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return Moves([], {})
    with FileLock(folder / _LOCK):
        moves = _move_all(list(_names_below(folder)), folder, root)
        left = [row for row in _read_record(folder) if row[0] in moves.stayed]
        if left:
            write_csv(folder / RECORD, COLUMNS, left)
        else:
            (folder / RECORD).unlink(missing_ok=True)
    if not moves.stayed:
        (folder / _LOCK).unlink(missing_ok=True)
    _drop_empty_folders(folder)
    return moves


def _move_all(names: Iterable[str], source: Path, target: Path) -> Moves:
    moves = Moves([], {})
    for name in names:
        try:
            _move(source / name, target / name)
        except OSError as error:
            moves.stayed[name] = error.strerror or str(error)
        else:
            moves.moved.append(name)
    return moves


def _move(source: Path, target: Path) -> None:
    """Raises OSError if something is at the target, or the file system refuses."""
    if source.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder, and only files are moved")
    target.parent.mkdir(parents=True, exist_ok=True)
    # A rename would replace what is there. A link to nowhere is something, too.
    if os.path.lexists(target):
        raise FileExistsError(0, f"there is another file: {target}")
    source.rename(target)


def _names_below(folder: Path) -> Iterator[str]:
    """Of all files in the class folders. Raises OSError if one of them cannot be listed."""

    def stop(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=stop):
        folders.sort()
        if Path(parent) != folder:
            yield from (Path(parent, name).relative_to(folder).as_posix() for name in sorted(names))


def _drop_empty_folders(folder: Path) -> None:
    for parent, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):  # it is not empty
            Path(parent).rmdir()


def _read_record(folder: Path) -> list[tuple[str, str, str]]:
    """The rows; none if there is no record."""
    try:
        with (folder / RECORD).open(encoding="utf-8", errors=ENCODING_ERRORS, newline="") as file:
            return [(row["path"], row["reason"], row["sha256"]) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []
