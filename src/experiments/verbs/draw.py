"""`experiments draw`: pictures of runs and sweeps that are done, into their folders and into TensorBoard."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.verbs.codes import DONE, FAILED

if TYPE_CHECKING:
    from experiments.sweeps.plan import Plan


def draw(words: list[str]) -> int:
    """The verb; imports no torch."""
    from experiments.config.draw_arguments import parse_draw
    from experiments.reports.drawing.recorded import NothingToDraw
    from experiments.runs.newest import NothingYet, newest
    from experiments.runs.run import NotARun
    from experiments.runs.sweep import NotASweep

    arguments = parse_draw(words)
    if arguments is None:
        return DONE
    try:
        paths = arguments.paths or [newest(verb="draw", make="experiments fit recipe=line draw=true")]
        made = _draw_one(paths[0], arguments.to) if len(paths) == 1 else _draw_bridge(paths, arguments.to)
    except (NothingToDraw, NothingYet, NotARun, NotASweep) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}" if error.filename else f"error: {error}", file=sys.stderr)
        return FAILED
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, StopIteration, TypeError, ValueError) as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        print(f"error: {paths[-1]} cannot be drawn, its files are damaged: {said}", file=sys.stderr)
        return FAILED
    for picture in _light(made):
        print(f"picture: {picture}")
    print(f"look: tensorboard --logdir {shlex.quote(str(paths[-1]))}")
    return DONE


def wants_pictures(plan: Plan) -> bool:
    """Whether `draw=true` was asked for."""
    return any(job.examined.configuration.get("draw") for job in plan.jobs)


def drawn_after_training(folder: Path) -> list[Path]:
    """The pictures of a run or sweep that just ended, those for a dark page left out of the list.

    A note if there are none: the training is done all the same.
    """
    from experiments.reports.drawing.recorded import NothingToDraw

    try:
        return _light(_draw_one(folder, None))
    except NothingToDraw as nothing:
        print(f"note: {nothing}", file=sys.stderr)
    except Exception as error:
        print(f"note: the pictures could not be drawn: {type(error).__name__}: {error}", file=sys.stderr)
    return []


def _light(pictures: list[Path]) -> list[Path]:
    """Each has a dark one beside it, which needs no line of its own."""
    from experiments.reports.drawing.theme import DARK

    return [picture for picture in pictures if not picture.stem.endswith(DARK.suffix)]


def _draw_one(path: Path, to: Path | None) -> list[Path]:
    """The pictures of a run or a sweep, in `to` or its own folder."""
    from experiments.reports.drawing.pictures import draw_run, draw_sweep
    from experiments.runs.run import Run
    from experiments.runs.sweep import Sweep

    made = draw_sweep(Sweep(path), to) if (path / "sweep.json").is_file() else draw_run(Run(path), to)
    _show(path, made)
    return made


def _draw_bridge(paths: list[Path], to: Path | None) -> list[Path]:
    """Several sweeps over the learning rate in one picture, kept with the last of them."""
    from experiments.reports.drawing.pictures import draw_bridge
    from experiments.runs.sweep import Sweep

    made = draw_bridge([Sweep(path) for path in paths], to)
    _show(paths[-1], made)
    return made


def _show(path: Path, made: list[Path]) -> None:
    """In TensorBoard, beside what was drawn there before."""
    from experiments.reports.drawing.event_pictures import show_in_tensorboard
    from experiments.reports.drawing.pictures import FOLDER

    shown = {picture.name: picture for picture in (*(path / FOLDER).glob("*"), *made)}
    show_in_tensorboard(path, [shown[name] for name in sorted(shown)])
