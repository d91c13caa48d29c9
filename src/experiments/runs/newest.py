"""The newest run or sweep below the working folder: what is meant where no path is given."""

from datetime import datetime
from pathlib import Path

from experiments.runs.files import read_json

PLACES = {"outputs": ("*/run.json",), "multirun": ("*/*/sweep.json", "*/sweep.json")}


class NothingYet(Exception):  # noqa: N818 - reads as what it says
    """There is no run and no sweep below the working folder; the message says how to make one."""


def newest(below: Path | None = None, *, verb: str = "diagnose", make: str = "experiments fit") -> Path:
    """The folder of the run or sweep that was begun last, a sweep's own runs left out.

    Raises NothingYet, which says what to type behind `verb`, or what to `make`.
    """
    root = Path() if below is None else below
    folders = runs_and_sweeps(root)
    if not folders:
        raise NothingYet(
            f"there is no run below {root.absolute() / 'outputs'} and no sweep below {root.absolute() / 'multirun'}\n"
            f"  name one: experiments {verb} PATH, or make one: {make}"
        )
    return folders[0]


def runs_and_sweeps(root: Path) -> list[Path]:
    """The folders of all runs and sweeps below `root`, the one that was begun last first."""
    records = [record for place, patterns in PLACES.items() for p in patterns for record in (root / place).glob(p)]
    return [record.parent for record in sorted(records, key=_begun, reverse=True)]


def _begun(record: Path) -> tuple[float, str]:
    """When it began, as it says itself: a record is written again and again."""
    try:
        return datetime.fromisoformat(read_json(record)["started"]).timestamp(), str(record)
    except (OSError, ValueError, TypeError, KeyError):
        return record.stat().st_mtime, str(record)
