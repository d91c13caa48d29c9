"""`experiments fit`: train one configuration or a sweep, then say what came of it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.verbs.codes import DONE, FAILED
from experiments.verbs.draw import drawn_after_training, wants_pictures
from experiments.verbs.judge import judge
from experiments.verbs.origin import origin_of

if TYPE_CHECKING:
    from experiments.config.composition import Composer
    from experiments.runs.run import Run
    from experiments.sweeps.plan import Plan


def fit(words: list[str]) -> int:
    """The verb; what is heavy is imported when it is needed."""
    from experiments.config.arguments import fit_help, parse_fit, show_configuration, show_job

    arguments = parse_fit(words)
    if arguments.help:
        print(fit_help())
        return DONE
    if arguments.resume is not None:
        from experiments.verbs.resume import resume

        return resume(arguments.resume, arguments.overrides, arguments.config_dir)
    from experiments.config.composition import Composer
    from experiments.sweeps.plan import make_plan

    composer = Composer(arguments.config_dir)
    if not (arguments.config or arguments.info or arguments.dry_run):
        _warm_up_for_a_sweep(arguments.overrides, multirun=arguments.multirun)
    plan = make_plan(composer, arguments.overrides, multirun=arguments.multirun)
    for notice in plan.notices:
        print(f"note: {notice}", file=sys.stderr)
    if arguments.config == "job" and not (plan.name or arguments.package or arguments.resolve):
        show_job(plan.jobs[0].examined.composed)
        return DONE
    if arguments.config or arguments.info:
        if plan.name:
            print(f"note: {plan.size}; this is the first, {plan.jobs[0].name}", file=sys.stderr)
        show_configuration(composer, arguments, plan.jobs[0].examined.overrides)
        return DONE
    if arguments.dry_run:
        return _show_plan(plan)
    make_ready(plan)
    if plan.name:
        from experiments.verbs.sweep import sweep

        return sweep(composer, plan)
    run = train_one(composer, plan)
    if run is None:
        return FAILED
    print_run(run, drawn_after_training(run.path) if wants_pictures(plan) else [])
    return DONE


def _warm_up_for_a_sweep(overrides: Sequence[str], *, multirun: bool) -> None:
    """What its workers import takes longer than planning it, and goes on meanwhile."""
    if multirun or any(override.lstrip("+").startswith("sweep=") for override in overrides):
        from experiments.sweeps.worker import warm_up

        warm_up()


def make_ready(plan: Plan) -> None:
    """Check what needs torch but no data, and say what takes so long."""
    from experiments.data.progress import at_terminal
    from experiments.training.preflight import preflight

    preflight((job.examined.configuration for job in plan.jobs), devices=not plan.elsewhere)
    if at_terminal():
        print("loading torch and Lightning ...", file=sys.stderr)


def train_one(composer: Composer, plan: Plan, *, parent: str | None = None, reason: str | None = None) -> Run | None:
    """Train the one run of a plan; None, and a message, if it failed.

    `parent` is the run whose advice, the `reason`, it follows.
    """
    from experiments.config.problems import ConfigurationError
    from experiments.runs.run import Run
    from experiments.sweeps.launch import run_single
    from experiments.sweeps.ranks import check_shares, train_run
    from experiments.training.beginning import Request
    from experiments.training.preparation import prepare

    examined = plan.jobs[0].examined
    # Before a folder is claimed: what the data refuse leaves none behind.
    prepared = prepare(examined.configuration)
    check_shares(prepared)
    origin = origin_of(composer, examined, parent, reason)
    claimed = plan.folder

    def train_there(folder: Path) -> None:
        nonlocal claimed
        claimed = folder
        train_run(Request(examined.configuration, folder, origin, judge), prepared)

    try:
        return Run(run_single(composer, plan, train_there))
    except ConfigurationError:
        raise
    except Exception as error:
        say_failed(error, claimed)
        return None


def say_failed(error: Exception, folder: Path) -> None:
    """What the run in this folder raised, on standard error; on a full disk also what is to be done."""
    from experiments.runs.full_disk import DiskFull, named

    raised = named(error, folder)
    print(f"error: the run failed: {type(raised).__name__}: {raised}", file=sys.stderr)
    if isinstance(raised, DiskFull):
        print(f"free some space there, then {_how_to_go_on(folder)}", file=sys.stderr)
    if (folder / "fit.log").exists():
        print("its fit.log has the traceback", file=sys.stderr)


def _how_to_go_on(folder: Path) -> str:
    """A run that wrote down what it is can go on; one that did not come so far is begun again."""
    from experiments.runs.run import NotARun, Run

    try:
        begun = bool(Run(folder).record.get("configuration"))
    except NotARun:
        begun = False
    return f"go on with it: experiments fit --resume {shlex.quote(str(folder))}" if begun else "type it again"


def _show_plan(plan: Plan) -> int:
    """The jobs, nothing trained."""
    if plan.name:
        print(f"sweep {plan.name}: {plan.size} below {plan.folder}")
    for job in plan.jobs:
        print(f"{job.name or plan.folder}    {' '.join(job.examined.overrides)}".rstrip())
    return DONE


def print_run(run: Run, pictures: Sequence[Path] = ()) -> None:
    """What came of a run, on standard output."""
    from experiments.diagnosis.journal import report_of
    from experiments.reports import summary

    summary.print_run(run, report_of(run).lines(), pictures)
