"""`experiments fit` of a sweep: its jobs, in workers or together, and the report of them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from experiments.verbs.codes import DONE, FAILED, INTERRUPTED
from experiments.verbs.draw import drawn_after_training, wants_pictures
from experiments.verbs.judge import judge
from experiments.verbs.origin import origin_of

if TYPE_CHECKING:
    from experiments.config.composition import Composer
    from experiments.runs.sweep import Sweep
    from experiments.sweeps.plan import Job, Plan

Written = TypeVar("Written")


def sweep(composer: Composer, plan: Plan) -> int:
    """Train the jobs of a plan, then say what came of them; returns the exit code."""
    train = _train_together if plan.together else _train_in_workers
    code = DONE
    folders: list[Path] = []
    try:
        train(composer, plan, folders.append)
    except KeyboardInterrupt:
        if not folders:
            raise
        code = INTERRUPTED
    return told(folders[0], code, pictures=wants_pictures(plan))


def told(folder: Path, code: int, *, pictures: bool) -> int:
    """Say what came of a sweep, from its files alone; returns the exit code."""
    from experiments.reports.unfinished import unfinished
    from experiments.runs.sweep import Sweep

    _report(folder, pictures=pictures)
    return FAILED if code == DONE and unfinished(Sweep(folder)) else code


def _claimed(plan: Plan) -> Path:
    from experiments.sweeps.claim import claim

    folder = claim(plan)
    print(f"sweep {plan.name}: {plan.size} below {folder}", file=sys.stderr)
    return folder


def _train_in_workers(composer: Composer, plan: Plan, claimed: Callable[[Path], object]) -> None:
    """Trains the jobs in other processes; what the data or a network refuse is refused before a folder is claimed."""
    from experiments.runs.lock import alone_in
    from experiments.sweeps.differences import distinct
    from experiments.sweeps.job import check_jobs
    from experiments.sweeps.launch import run_sweep
    from experiments.sweeps.record import SweepRecord
    from experiments.sweeps.recruiting import recruited, shares_of
    from experiments.sweeps.specs import specs_of
    from experiments.sweeps.supervision import Crew
    from experiments.training.run_record import command_line

    configurations = [job.examined.configuration for job in plan.jobs]
    composed = [job.examined.composed for job in plan.jobs]
    import_what_reports_need()
    with Crew() as crew, recruited(composed[0], crew) as workforce:
        checked = crew.ask(check_jobs, distinct(configurations))
        say_notes(checked.notices)
        folder = _claimed(plan)
        claimed(folder)
        with alone_in(folder):
            config_dir = str(composer.config_dir) if composer.config_dir else None
            record = SweepRecord.of(folder, plan, command_line(), config_dir)
            specs = specs_of(folder, record.content, composed, judge)
            shares = shares_of(composed[0], configurations, on_cpu=checked.on_cpu)
            run_sweep(workforce(folder), record, specs, shares)


def import_what_reports_need() -> None:
    """Now, while the workers' server imports torch on another core, and not when the last job is done."""
    import matplotlib.backends.backend_agg  # noqa: F401
    import rich.console
    import rich.table  # noqa: F401


def say_notes(notices: Iterable[str]) -> None:
    """What a user should know about the data, each once."""
    for notice in dict.fromkeys(notices):
        print(f"note: {notice}", file=sys.stderr)


def _train_together(composer: Composer, plan: Plan, claimed: Callable[[Path], object]) -> None:
    """Trains the jobs as one, in this process; what cannot be trained so is refused before a folder is claimed."""
    from experiments.runs.lock import alone_in
    from experiments.sweeps.launch import run_together
    from experiments.training.beginning import Request
    from experiments.training.run_record import command_line
    from experiments.training.stacked.fit import train_stack
    from experiments.training.stacked.stack import make_stack

    stack = make_stack([job.examined.configuration for job in plan.jobs])
    folder = _claimed(plan)
    claimed(folder)

    def train_all(jobs: Sequence[tuple[Job, Path, Mapping[str, Any]]]) -> None:
        requests = [
            Request(job.examined.configuration, folder, origin_of(composer, job.examined), judge, parameters)
            for job, folder, parameters in jobs
        ]
        train_stack(requests, stack)

    with alone_in(folder):
        run_together(plan, folder, train_all, command_line())


def _report(folder: Path, *, pictures: bool) -> None:
    """Diagnosis, table and pictures of a sweep, from its files alone; a file that cannot be written costs itself."""
    from experiments.diagnosis.journal import keep, report_of_sweep
    from experiments.reports.comparison.groups import groups
    from experiments.reports.comparison.page import write_page
    from experiments.reports.summary import print_sweep
    from experiments.reports.table import runs_csv
    from experiments.runs.sweep import Sweep

    done = Sweep(folder)
    diagnosis = report_of_sweep(done)
    written(lambda: keep(diagnosis, done.path))
    written(lambda: runs_csv(done, folder / "runs.csv"))
    lines, drawn = _drawn(done)
    drawn += drawn_after_training(folder) if pictures else []
    report = written(lambda: write_page(done, groups(done), diagnosis.summary_lines()))
    with contextlib.suppress(SystemExit):  # how rich answers a closed pipe
        print_sweep(done, diagnosis.summary_lines() + lines, drawn, report)


def _drawn(done: Sweep) -> tuple[list[str], list[Path]]:
    """What the sweep as a whole shows, in words, and the pictures that could be written."""
    from experiments.reports.agreement import agreement, map_lines
    from experiments.reports.class_balance import class_balance
    from experiments.reports.class_balance_lines import class_balance_lines
    from experiments.reports.critical import where_divergence_starts
    from experiments.reports.curves import draw_curves
    from experiments.reports.extrapolation import more_images_line
    from experiments.reports.learning_curve import learning_curve
    from experiments.reports.learning_curve_picture import draw_learning_curve
    from experiments.reports.map import draw_map
    from experiments.reports.swept import draw_swept

    curve, balance, critical, found = (
        learning_curve(done),
        class_balance(done),
        where_divergence_starts(done),
        agreement(done),
    )
    folder = done.path
    pictures = [
        _picture(lambda path: draw_curves(done, path), folder / "curves.png"),
        _picture(
            lambda path: draw_learning_curve(curve, path) if curve else draw_swept(done, path), folder / "swept.png"
        ),
        _picture(lambda path: draw_map(found, path) if found else False, folder / "map.png"),
    ]
    lines = [more_images_line(curve)] if curve else []
    lines += class_balance_lines(balance) if balance else []
    lines += [critical] if critical else []
    lines += map_lines(found) if found else []
    return lines, [picture for picture in pictures if picture is not None]


def _picture(draw: Callable[[Path], object], path: Path) -> Path | None:
    """The path if there is a picture now; what has nothing to draw says False."""
    return path if written(lambda: draw(path) is not False) else None


def written(write: Callable[[], Written]) -> Written | None:
    """What this writes returns; where there is no room, or no permission, a note and None."""
    try:
        return write()
    except OSError as error:
        print(f"note: {error}", file=sys.stderr)
        return None
