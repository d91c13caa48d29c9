"""`experiments fit`: train one configuration or a sweep, then say what came of it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.verbs.codes import DONE, FAILED, INTERRUPTED
from experiments.verbs.judge import judge

if TYPE_CHECKING:
    from experiments.config.composition import Composer
    from experiments.config.examination import Examined
    from experiments.runs.run import Run
    from experiments.sweeps.plan import Job, Plan
    from experiments.training.run_record import Origin


def fit(words: list[str]) -> int:
    """The verb; what is heavy is imported when it is needed."""
    from experiments.config.arguments import fit_help, parse_fit, show_configuration, show_job

    arguments = parse_fit(words)
    if arguments.help:
        print(fit_help())
        return DONE
    from experiments.config.composition import Composer
    from experiments.sweeps.plan import make_plan

    composer = Composer(arguments.config_dir)
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
        return _sweep(composer, plan)
    run = train_one(composer, plan)
    if run is None:
        return FAILED
    _print_run(run, _pictures(plan, run.path))
    return DONE


def make_ready(plan: Plan) -> None:
    """Check what needs torch but no data, and say what takes so long."""
    from experiments.training.preflight import preflight

    preflight(job.examined.configuration for job in plan.jobs)
    if sys.stderr is not None and sys.stderr.isatty():
        print("loading torch and Lightning ...", file=sys.stderr)


def train_one(composer: Composer, plan: Plan, *, parent: str | None = None, reason: str | None = None) -> Run | None:
    """Train the one run of a plan; None, and a message, if it failed.

    `parent` is the run whose advice, the `reason`, it follows.
    """
    from experiments.config.problems import ConfigurationError
    from experiments.runs.run import Run
    from experiments.sweeps.launch import run_single
    from experiments.training.beginning import Request
    from experiments.training.fit import train
    from experiments.training.preparation import prepare

    examined = plan.jobs[0].examined
    # Before a folder is claimed: what the data refuse leaves none behind.
    prepared = prepare(examined.configuration)
    origin = _origin(composer, examined, parent, reason)
    try:
        folder = run_single(
            composer,
            plan,
            lambda _, folder, __: train(Request(examined.configuration, folder, origin, judge), prepared),
        )
    except ConfigurationError:
        raise
    except Exception as error:
        print(f"error: the run failed: {type(error).__name__}: {error}", file=sys.stderr)
        print("its fit.log has the traceback", file=sys.stderr)
        return None
    return Run(folder)


def _show_plan(plan: Plan) -> int:
    """The jobs, nothing trained."""
    if plan.name:
        print(f"sweep {plan.name}: {plan.size} below {plan.folder}")
    for job in plan.jobs:
        print(f"{job.name or plan.folder}    {' '.join(job.examined.overrides)}".rstrip())
    return DONE


def _origin(composer: Composer, examined: Examined, parent: str | None = None, reason: str | None = None) -> Origin:
    from experiments.training.run_record import Origin, command_line

    return Origin(
        command_line(),
        tuple(examined.overrides),
        tuple(examined.variation),
        str(composer.config_dir) if composer.config_dir else None,
        parent,
        reason,
    )


def _pictures(plan: Plan, folder: Path) -> list[Path]:
    """Those that `draw=true` asks for."""
    if not any(job.examined.configuration.get("draw") for job in plan.jobs):
        return []
    from experiments.verbs.draw import drawn_after_training

    return drawn_after_training(folder)


def _print_run(run: Run, pictures: Sequence[Path]) -> None:
    from experiments.diagnosis.journal import report_of
    from experiments.reports.summary import print_run

    print_run(run, report_of(run).lines(), pictures)


def _sweep(composer: Composer, plan: Plan) -> int:
    from experiments.sweeps.launch import claim

    train = _train_together(composer, plan) if plan.together else _train_in_turn(composer, plan)
    folder = claim(plan)
    print(f"sweep {plan.name}: {plan.size} below {folder}", file=sys.stderr)
    code = DONE
    try:
        train(folder)
    except KeyboardInterrupt:
        code = INTERRUPTED
    some_failed = _report(plan, folder)
    return FAILED if code == DONE and some_failed else code


def _train_in_turn(composer: Composer, plan: Plan) -> Callable[[Path], None]:
    """Trains the jobs in a folder, one after the other; what the data or a network refuse is refused here, before."""
    from experiments.sweeps.differences import distinct
    from experiments.sweeps.launch import run_sweep
    from experiments.training.beginning import Request
    from experiments.training.fit import train
    from experiments.training.preparation import prepare
    from experiments.training.run_record import command_line

    for configuration in distinct([job.examined.configuration for job in plan.jobs]):
        prepare(configuration)
    labels = {job.name: f"[{number}/{len(plan.jobs)}] {job.name}" for number, job in enumerate(plan.jobs, 1)}

    def train_job(job: Job, job_folder: Path, parameters: Mapping[str, Any]) -> None:
        origin = _origin(composer, job.examined)
        train(Request(job.examined.configuration, job_folder, origin, judge, parameters, in_sweep=labels[job.name]))

    return lambda folder: run_sweep(composer, plan, folder, train_job, command_line())


def _train_together(composer: Composer, plan: Plan) -> Callable[[Path], None]:
    """Trains the jobs in a folder as one; what cannot be trained so is refused here, before."""
    from experiments.sweeps.launch import run_together
    from experiments.training.beginning import Request
    from experiments.training.run_record import command_line
    from experiments.training.stacked.fit import train_stack
    from experiments.training.stacked.stack import make_stack

    stack = make_stack([job.examined.configuration for job in plan.jobs])

    def train_all(jobs: Sequence[tuple[Job, Path, Mapping[str, Any]]]) -> None:
        requests = [
            Request(job.examined.configuration, folder, _origin(composer, job.examined), judge, parameters)
            for job, folder, parameters in jobs
        ]
        train_stack(requests, stack)

    return lambda folder: run_together(plan, folder, train_all, command_line())


def _report(plan: Plan, folder: Path) -> bool:
    """Diagnosis, table and pictures of a sweep, from its files alone; whether a job of it failed."""
    from experiments.diagnosis.journal import keep_for_sweep
    from experiments.reports.agreement import agreement, map_lines
    from experiments.reports.critical import where_divergence_starts
    from experiments.reports.curves import draw_curves
    from experiments.reports.map import draw_map
    from experiments.reports.summary import print_sweep
    from experiments.reports.swept import draw_swept
    from experiments.reports.table import runs_csv
    from experiments.runs.sweep import Sweep

    sweep = Sweep(folder)
    diagnosis = keep_for_sweep(sweep)
    runs_csv(sweep, folder / "runs.csv")
    draw_curves(sweep, folder / "curves.png")
    lines, pictures = diagnosis.summary_lines(), [folder / "curves.png"]
    if draw_swept(sweep, folder / "swept.png"):
        pictures.append(folder / "swept.png")
    critical = where_divergence_starts(sweep)
    lines += [critical] if critical else []
    found = agreement(sweep)
    if found is not None:
        draw_map(found, folder / "map.png")
        lines += map_lines(found)
        pictures.append(folder / "map.png")
    pictures += _pictures(plan, folder)
    with contextlib.suppress(SystemExit):  # how rich answers a closed pipe
        print_sweep(sweep, lines, pictures)
    return any(job["status"] == "failed" for job in sweep.jobs)
