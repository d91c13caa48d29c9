"""`experiments tour`: the lesson, run and drawn."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.verbs.codes import DONE, FAILED, INTERRUPTED

if TYPE_CHECKING:
    from experiments.tour.walk import Shown


def tour(words: list[str], run: Callable[[list[str]], int]) -> int:
    """The verb; `run` takes the words of one command behind `experiments`."""
    from experiments.config.tour_arguments import parse_tour
    from experiments.tour.steps import STEPS

    arguments = parse_tour(words, len(STEPS))
    if arguments is None:
        return DONE
    if arguments.list:
        return _list()
    from experiments.tour.walk import walk, with_needs

    numbers = list(range(1, len(STEPS) + 1)) if arguments.step is None else with_needs(arguments.step)
    folder = _claim(arguments.to)
    shown = walk(numbers, folder, run)
    _end(folder, shown)
    if shown[-1].code == INTERRUPTED:
        return INTERRUPTED
    return FAILED if any(one.code for one in shown) else DONE


def _list() -> int:
    from experiments.tour.steps import STEPS

    for number, step in enumerate(STEPS, 1):
        print(f"{number:2d}  {step.title}")
        for command in step.commands:
            print(f"      {command}")
    return DONE


def _claim(to: Path | None) -> Path:
    """A new folder for the tour's runs and pictures.

    Raises:
        ConfigurationError: the folder that was asked for is not empty, or cannot be made.
    """
    from experiments.config.problems import ConfigurationError, Problem
    from experiments.runs.files import claim_folder

    try:
        if to is None:
            return claim_folder(Path("tour") / datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))
        to.mkdir(parents=True, exist_ok=True)
        if not any(to.iterdir()):
            return to
        wrong = "this folder is not empty, and nothing in it shall be mixed up with the tour"
    except OSError as error:
        wrong = f"this folder cannot be made: {error.strerror}"
    raise ConfigurationError([Problem(f"--to {to or 'tour'}", wrong, "--to FOLDER")])


def _end(folder: Path, shown: Sequence[Shown]) -> None:
    from experiments.runs.files import write_text
    from experiments.tour.page import page

    pictures = folder / "pictures"
    write_text(pictures / "index.html", page(shown))
    print("\n=== The end of the tour")
    failed = [str(one.number) for one in shown if one.code not in (DONE, INTERRUPTED)]
    if failed:
        print(f"steps that failed: {', '.join(failed)}", file=sys.stderr)
    print(f"pictures: {pictures}, all on one page: {pictures / 'index.html'}")
    print(f"look: tensorboard --logdir {shlex.quote(str(folder))}, and tick the runs that you want to see")
