"""From paths to a report: runs, sweeps, history files and TensorBoard folders, each or together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.journal import trainings_of
from experiments.diagnosis.readers.any_path import read_all
from experiments.diagnosis.readers.unreadable import Unreadable, refused
from experiments.diagnosis.report import Report, diagnose_all
from experiments.runs.newest import newest
from experiments.runs.run import NotARun
from experiments.runs.sweep import NotASweep, Sweep


def diagnose(
    *paths: str | Path, each: bool = False, valid_size: int | None = None, classes: int | None = None
) -> Report:
    """What went wrong, the evidence, and the next command.

    Args:
        paths: runs, sweeps, history CSVs of any trainer, TensorBoard log folders; none means the newest run or sweep
            below the working folder. Several are compared as one sweep.
        each: judge each by itself instead.
        valid_size: number of validation images, for files that do not say it.
        classes: number of classes, likewise.

    Raises:
        Unreadable, NotARun, NotASweep: a path is none of these, or damaged.
        NothingYet: no path is given, and there is no run yet.
    """
    report, refusals = diagnose_readable(paths, each=each, valid_size=valid_size, classes=classes)
    if refusals:
        raise refusals[0]
    return report


def diagnose_readable(
    paths: Sequence[str | Path], *, each: bool, valid_size: int | None, classes: int | None
) -> tuple[Report, list[Exception]]:
    """The diagnosis of what can be read, and what is wrong with the rest: one bad path spoils no other."""
    trainings: list[Curves] = []
    refusals: list[Exception] = []
    sweep = False
    for path in [Path(path) for path in paths] or [newest()]:
        try:
            sweep = _is_sweep(path) or sweep
            trainings += _read(path, valid_size, classes)
            refusals += _unreadable(path)
        except (Unreadable, NotARun, NotASweep) as error:
            refusals.append(error)
    several = sweep or len(trainings) > 1
    return diagnose_all(trainings, together=several and not each), refusals


def _read(path: Path, valid_size: int | None, classes: int | None) -> list[Curves]:
    if _is_sweep(path):
        return list(trainings_of(Sweep(path)))
    return read_all(path, valid_size=valid_size, classes=classes)


def _unreadable(path: Path) -> list[NotARun]:
    """The runs of a sweep that cannot be read, one by one."""
    return [NotARun(wrong) for wrong in Sweep(path).unreadable] if _is_sweep(path) else []


def _is_sweep(path: Path) -> bool:
    try:
        return (path / "sweep.json").is_file()
    except OSError as error:
        raise refused(path, error) from error
