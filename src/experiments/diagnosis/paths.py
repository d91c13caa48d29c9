"""From paths to a report: runs, sweeps, history files and TensorBoard folders, each or together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.journal import trainings_of
from experiments.diagnosis.readers.any_path import read_all
from experiments.diagnosis.readers.unreadable import refused
from experiments.diagnosis.report import Report, diagnose_all
from experiments.runs.newest import newest
from experiments.runs.sweep import Sweep


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
        Unreadable: a path is none of these, or damaged.
        NothingYet: no path is given, and there is no run yet.
    """
    wanted = [Path(path) for path in paths] or [newest()]
    trainings, several = gather(wanted, valid_size, classes)
    return diagnose_all(trainings, together=several and not each)


def gather(paths: Sequence[Path], valid_size: int | None, classes: int | None) -> tuple[list[Curves], bool]:
    """The trainings in the order of the paths, and whether they are several by what was asked for."""
    trainings: list[Curves] = []
    sweep = False
    for path in paths:
        if _is_sweep(path):
            sweep = True
            trainings += trainings_of(Sweep(path))
        else:
            trainings += read_all(path, valid_size=valid_size, classes=classes)
    return trainings, sweep or len(trainings) > 1


def _is_sweep(path: Path) -> bool:
    try:
        return (path / "sweep.json").is_file()
    except OSError as error:
        raise refused(path, error) from error
