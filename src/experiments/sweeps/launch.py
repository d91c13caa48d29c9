"""Run what was planned: one run, the jobs of a sweep in processes of their own, or all jobs as one."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.utils import JobStatus

from experiments.config.composition import Composer
from experiments.runs.ending import OVER, mark
from experiments.sweeps.claim import claim
from experiments.sweeps.differences import differences
from experiments.sweeps.hydra_record import write_hydra_record
from experiments.sweeps.job import JobSpec, number, place, run_as_hydra_job, train_job
from experiments.sweeps.plan import Job, Plan
from experiments.sweeps.record import Reason, SweepRecord, how_it_ended
from experiments.sweeps.shares import Shares
from experiments.sweeps.worker_life import Died, Done, Interrupted, Raised
from experiments.sweeps.workforce import Outcome, TimedOut, Work, Workforce
from experiments.training.run_record import RunRecord

TrainTogether = Callable[[Sequence[tuple[Job, Path, Mapping[str, Any]]]], object]
"""Trains all jobs at once: each with its folder and what differs between the jobs, for the HParams tab."""


def run_single(composer: Composer, plan: Plan, train: Callable[[Path], object]) -> Path:
    """Claim the run's folder and train in it, in this process.

    Raises:
        ConfigurationError: the folder holds a run already, or cannot be written.
        Exception: whatever training raised; the run says so too.
    """
    folder = claim(plan)
    absolute = folder.absolute()  # hydra.job.chdir may go elsewhere
    result = run_as_hydra_job(composer, plan.jobs[0].examined.composed, folder, lambda: train(absolute))
    if result.status is JobStatus.FAILED:
        raise result._return_value
    return folder


def run_sweep(
    workforce: Workforce,
    record: SweepRecord,
    specs: Sequence[JobSpec],
    shares: Shares,
    train: Callable[[JobSpec], str | None] = train_job,
) -> None:
    """Train every job below the claimed folder; one that fails or dies is recorded, and the others run on.

    Args:
        workforce: whose workers train.
        record: sweep.json.
        specs: the jobs, in their order.
        shares: how many at once.
        train: what a worker does with a job; importable by its name.

    Raises:
        KeyboardInterrupt, SystemExit: Ctrl-C or SIGTERM; what is done stays, and `sweep.json` says `interrupted`.
    """
    failed: list[JobSpec] = []

    def ended(spec: JobSpec, outcome: Outcome) -> None:
        if not _note_end(record, spec, outcome):
            failed.append(spec)

    work = Work(
        train,
        ended,
        begun=lambda spec: record.begin(spec.folder.name),
        limit=lambda spec: (spec.configuration.get("job") or {}).get("timeout"),
        enough=lambda: any(spec.configuration.get("on_failure") == "stop" for spec in failed),
    )
    try:
        for part, at_once in shares.parts(specs):
            workforce.run(part, replace(work, at_once=at_once))
    except BaseException:
        record.finish("interrupted")
        raise
    record.finish("finished")


def _note_end(record: SweepRecord, spec: JobSpec, outcome: Outcome) -> bool:
    """Say what came of a job, in its files, in `sweep.json` and on the screen; False if something went wrong."""
    reason = _reason(outcome)
    _note_what_died(spec, outcome, reason)
    if isinstance(outcome, Interrupted) and not (spec.folder / "run.json").exists():
        record.reset(spec.folder.name)  # a cluster let it wait until then
        return True
    run = record.end(spec.folder.name, reason)
    print(f"{spec.label}: {how_it_ended(run)}", file=sys.stderr, flush=True)
    return run.get("status") in OVER


def _reason(outcome: Outcome) -> Reason | None:
    """What went wrong in a process: type and message; None if nothing did, or it was interrupted."""
    match outcome:
        case Done(str(said)):
            kind, _, message = said.partition(": ")
            return kind, message
        case Died(code) if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            out_of_memory = ", as the system does when memory runs out" if name == "SIGKILL" else ""
            return "Killed", f"its process was ended by {name}{out_of_memory}"
        case Died(code):
            return "Died", f"its process ended with exit code {code}"
        case TimedOut(seconds):
            return "TimedOut", f"it took longer than job.timeout={seconds:g} s"
        case Raised(error):
            return type(error).__name__, str(error)
    return None


def _note_what_died(spec: JobSpec, outcome: Outcome, reason: Reason | None) -> None:
    """A process that ended could not say itself what became of its run; one that lives did, if there was room."""
    with contextlib.suppress(OSError):  # there is no room for that either
        if isinstance(outcome, Interrupted):
            with contextlib.suppress(ValueError, TypeError, KeyError):  # it had not begun
                mark(spec.folder, "interrupted")
        elif reason is not None and not isinstance(outcome, Done):
            _fail(spec, reason)


def _fail(spec: JobSpec, reason: Reason) -> None:
    """The run's run.json says that it failed, and why; one that is not there, or damaged, is begun."""
    try:
        mark(spec.folder, "failed", reason)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        spec.folder.mkdir(parents=True, exist_ok=True)
        kind, message = reason
        RunRecord(spec.folder, spec.origin).update({"status": "failed", "error": {"type": kind, "message": message}})


def run_together(plan: Plan, folder: Path, train: TrainTogether, command: str) -> None:
    """Train every job below the claimed folder as one, in this process; if that fails, all have failed.

    Raises:
        KeyboardInterrupt, SystemExit: what is done stays, and `sweep.json` says `interrupted`.
    """
    record = SweepRecord.of(folder, plan, command)
    differing = differences([job.examined.configuration for job in plan.jobs])
    together = []
    for count, job in enumerate(plan.jobs):
        number(job.examined.composed, count)
        place(job.examined.composed, folder / job.name)
        write_hydra_record(job.examined.composed, folder / job.name)
        together.append((job, folder / job.name, {**job.swept, **differing[count]}))
    record.begin(*(job.name for job in plan.jobs))
    record.write()
    status = "finished"
    try:
        train(together)
    except (KeyboardInterrupt, SystemExit):
        status = "interrupted"
        raise
    except Exception as error:  # the runs say so too
        print(f"error: the runs failed: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        for job in plan.jobs:
            if not record.end(job.name) and status == "interrupted":
                record.reset(job.name)
        record.finish(status)
