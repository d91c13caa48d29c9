"""What to answer when a path is not the run or the sweep that was meant: what it is, and the nearest one."""

import difflib
from pathlib import Path

NAMED_AT_MOST = 6

RUN_HOLDS = "A run's folder holds run.json, history.csv and model/; `experiments fit` makes one."
SWEEP_HOLDS = "A sweep's folder holds sweep.json and a folder a run; `experiments fit sweep=NAME` makes one."


def not_a_run(path: Path) -> str:
    """Why `path` is no run, what a run's folder holds, and which paths could be meant; several lines."""
    if (path / "sweep.json").is_file():
        runs = _inside(path, "run.json")
        if not runs:
            return f"{path} is a sweep, and none of its runs has started yet.\n{RUN_HOLDS}"
        return f"{path} is a sweep, not a run.\n{RUN_HOLDS}\nIts runs:\n{_listed(runs)}"
    return _answer(path, "run.json", RUN_HOLDS)


def not_a_sweep(path: Path) -> str:
    """Why `path` is no sweep, what a sweep's folder holds, and which paths could be meant; several lines."""
    if (path / "run.json").is_file():
        within = path.parent if (path.parent / "sweep.json").is_file() else None
        nearest = f"\nIt belongs to the sweep:\n  {within}" if within else ""
        return f"{path} is a run, not a sweep.\n{SWEEP_HOLDS}{nearest}"
    return _answer(path, "sweep.json", SWEEP_HOLDS)


def _answer(path: Path, record: str, holds: str) -> str:
    near = _near(path, record)
    nearest = f"\nNearest:\n{_listed(near)}" if near else ""
    return f"{_what_it_is(path, record)}\n{holds}{nearest}"


def _what_it_is(path: Path, record: str) -> str:
    if path.is_dir():
        return f"{path} is a folder without {record}."
    return f"{path} is a file, not a folder." if path.exists() else f"{path} does not exist."


def _near(path: Path, record: str) -> list[Path]:
    """The folders that could be meant: inside the path, around it, or spelt like it."""
    if path.is_dir():
        inside = _inside(path, record) or [deep for folder in _folders(path) for deep in _inside(folder, record)]
        if inside:
            return inside
    around = [parent for parent in path.absolute().parents if (parent / record).is_file()]
    if around:
        return around[:1]
    beside = {folder.name: folder for folder in _inside(path.parent, record)}
    return [beside[name] for name in difflib.get_close_matches(path.name, beside, n=3)]


def _inside(path: Path, record: str) -> list[Path]:
    return [folder for folder in _folders(path) if (folder / record).is_file()]


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(entry for entry in path.iterdir() if entry.is_dir())
    except OSError:  # not there, or not ours to read: nothing to offer
        return []


def _listed(paths: list[Path]) -> str:
    lines = [f"  {path}" for path in paths[:NAMED_AT_MOST]]
    if len(paths) > NAMED_AT_MOST:
        lines.append(f"  ... and {len(paths) - NAMED_AT_MOST} more")
    return "\n".join(lines)
