"""Whatever a user may point at, read: a run of ours, a history CSV, a TensorBoard log folder, a folder of those."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.readers.event_files import event_files, natural
from experiments.diagnosis.readers.history_csv import read_history
from experiments.diagnosis.readers.run_folder import read_run
from experiments.diagnosis.readers.tensorboard import read_events, sides
from experiments.diagnosis.readers.unreadable import ALLOWED, NothingKnown, Unreadable, refused
from experiments.runs.run import Run

HISTORIES = ("history.csv", "metrics.csv")
DEEPEST = 3
"""Folders below the named one: `logs/lightning_logs/version_0` is two."""
NAMED_AT_MOST = 6


def read_any(path: Path, *, valid_size: int | None = None, classes: int | None = None) -> Curves:
    """The one training at `path`, or below it.

    Args:
        path: a run's folder, a history CSV, a TensorBoard log folder or event file, or a folder that holds one.
        valid_size: number of validation samples, used where no record says it.
        classes: number of classes, likewise.

    Raises Unreadable if there is none, if it cannot be read, or if there are several.
    """
    many = read_all(path, valid_size=valid_size, classes=classes)
    if len(many) > 1:
        names = [curves.path for curves in many[:NAMED_AT_MOST]] + ["..."] * (len(many) > NAMED_AT_MOST)
        raise Unreadable(path, f"holds {len(many)} trainings, not one:\n  " + "\n  ".join(names), Path(many[0].path))
    return many[0]


def read_all(path: Path, *, valid_size: int | None = None, classes: int | None = None) -> list[Curves]:
    """The trainings at `path`, or below it, in the order of their names, at least one.

    A single one is called as the user named it, several by their own paths. TensorBoard folders without a known tag
    are left out beside others (PyTorch's add_hparams makes such). Raises Unreadable as `read_any` does.
    """
    read: list[Curves] = []
    nothing: list[NothingKnown] = []
    for one in found(path):
        try:
            read.append(_read(one, valid_size, classes))
        except NothingKnown as error:
            nothing.append(error)
    if not read:
        raise nothing[0]
    return read if len(read) > 1 else [replace(read[0], path=str(path))]


def found(path: Path) -> list[Path]:
    """The paths of the trainings at `path` or below it, each to be read by itself; at least one.

    Raises Unreadable if `path` is missing, may not be read, or is a folder that holds none.
    """
    try:
        if path.is_file():
            return [path]
        if path.exists() and not path.is_dir():
            raise Unreadable(path, f"is no plain file\nallowed: {ALLOWED}; write what a pipe gives to a file first")
        if not path.exists():
            raise Unreadable(path, f"does not exist\nallowed: {ALLOWED}", _nearest(path))
        inside = _inside(path, DEEPEST)
    except OSError as error:
        raise refused(path, error) from error
    if not inside:
        raise _no_training(path)
    return inside


def _read(path: Path, valid_size: int | None, classes: int | None) -> Curves:
    """The training that is at this very path: run.json before a CSV before event files."""
    if path.name == "lr_find.csv" or ((path / "lr_find.json").is_file() and not (path / "run.json").is_file()):
        raise NothingKnown(path, "is a range test of learning rates, not a training; lr_find.png shows it")
    if path.is_file():
        read = read_events if "tfevents" in path.name else read_history
        return read(path, valid_size=valid_size, classes=classes)
    if (path / "run.json").is_file():
        curves = read_run(Run(path))
        return replace(curves, valid_size=curves.valid_size or valid_size, classes=curves.classes or classes)
    history = _history(path)
    if history is not None:
        return replace(read_history(history, valid_size=valid_size, classes=classes), path=str(path))
    return read_events(path, valid_size=valid_size, classes=classes)


def _inside(folder: Path, depth: int) -> list[Path]:
    """The trainings at this folder or below; below a run or a CSV nothing else is looked for."""
    if (folder / "run.json").is_file() or _history(folder) is not None:
        return [folder]
    both = sides(folder)
    here = [folder] if both or event_files(folder) else []
    if depth == 0:
        return here
    return here + [one for inner in _folders(folder) if inner.name not in both for one in _below(inner, depth - 1)]


def _below(folder: Path, depth: int) -> list[Path]:
    try:
        return _inside(folder, depth)
    except (OSError, Unreadable):  # not ours to read: nobody named it
        return []


def _history(folder: Path) -> Path | None:
    return next((folder / name for name in HISTORIES if (folder / name).is_file()), None)


def _folders(folder: Path) -> list[Path]:
    inside = (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(inside, key=natural)


def _no_training(folder: Path) -> Unreadable:
    tables = sorted((table for table in folder.glob("*.csv") if table.is_file()), key=natural)
    if tables:
        return Unreadable(folder, f"is a folder without history.csv or metrics.csv\nallowed: {ALLOWED}", tables[0])
    return Unreadable(folder, f"is a folder that holds none of these: {ALLOWED}")


def _nearest(path: Path) -> Path | None:
    """What beside the missing path is spelt most like it; else the folder around it that holds trainings."""
    try:
        beside = {other.name: other for other in path.parent.iterdir()}
    except OSError:
        return _nearest(path.parent) if path.parent != path else None
    close = difflib.get_close_matches(path.name, beside, n=1)
    return beside[close[0]] if close and beside[close[0]] != path and beside[close[0]].exists() else None
