"""Runs the steps of the tour in a folder of their own."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.tour.steps import STEPS, Step
from experiments.verbs.codes import DONE, INTERRUPTED, REFUSED

PICTURES = ("*.png", "*.gif", "*.html")
Run = Callable[[list[str]], int]
"""Runs the words of a command behind `experiments`, and returns its exit code."""


@dataclass
class Shown:
    """A step that was run: its number, the pictures it made, by their names in `pictures/`, and its exit code."""

    number: int
    step: Step
    pictures: list[str] = field(default_factory=list)
    code: int = 0


def walk(numbers: Sequence[int], folder: Path, run: Run) -> list[Shown]:
    """Run these steps (from 1) in `folder`, in order; stops at the first that is interrupted.

    Commands run in this process, since starting Python and torch anew would take longer than most of them.
    """
    shown: list[Shown] = []
    print(f"The tour runs in {folder}: the paths that its commands print are relative to that.")
    with _working_in(folder):
        for number in numbers:
            step = Shown(number, STEPS[number - 1])
            _announce(step)
            before = _pictures()
            step.code = _run_all(step.step, run)
            step.pictures = _collect(step, [path for path in _pictures() if path not in before])
            shown.append(step)
            if step.code == INTERRUPTED:
                break
    return shown


def _run_all(step: Step, run: Run) -> int:
    """The highest exit code of its commands; a step that cannot have its download is left out instead."""
    highest = DONE
    for command in step.commands:
        code = _typed(command, run)
        if code == REFUSED and step.downloads:
            print(f"left out: this step needs {step.downloads}")
            return highest
        highest = max(highest, code)
        if code == INTERRUPTED:
            break
    return highest


def with_needs(number: int) -> list[int]:
    """The steps to run so that this one (from 1) has what it looks at, in their order."""
    names = {step.name: n for n, step in enumerate(STEPS, 1)}
    needed = {number}
    for name in STEPS[number - 1].needs:
        needed |= set(with_needs(names[name]))
    return sorted(needed)


def _announce(shown: Shown) -> None:
    print(f"\n=== {shown.number} of {len(STEPS)}: {shown.step.title}")
    for line in shown.step.text:
        print(line)


def _typed(command: str, run: Run) -> int:
    print(f"\n$ {command}", flush=True)
    program, *words = shlex.split(command)
    expanded = [path for word in words for path in _expanded(word)]
    before, sys.argv = sys.argv, [program, *expanded]  # a run's record says how it was asked for
    try:
        return run(expanded)
    finally:
        sys.argv = before


def _expanded(word: str) -> list[str]:
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


def _pictures() -> set[Path]:
    return {path for top in ("outputs", "multirun") for kind in PICTURES for path in Path(top).rglob(kind)}


def _collect(shown: Shown, made: Sequence[Path]) -> list[str]:
    """Copies into `pictures/`, with the step's number before their names."""
    target = Path("pictures")
    target.mkdir(exist_ok=True)
    names = []
    for path in sorted(made, key=lambda path: (path.stat().st_mtime, path.name)):
        name = f"{shown.number:02d}_{shown.step.name}_{path.name}"
        shutil.copyfile(path, target / name)
        names.append(name)
    return names


@contextlib.contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
