"""Run what was planned: each job in its own folder, under Hydra's own record, in turn or all as one."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.utils import JobReturn, JobStatus, run_job
from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict

from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError, Problem
from experiments.runs.files import claim_exact, claim_folder, read_json, write_json
from experiments.runs.throttle import Throttle
from experiments.sweeps.differences import differences
from experiments.sweeps.hydra_record import write_hydra_record
from experiments.sweeps.plan import Job, Plan

WRITING_SHARE = 0.02
"""sweep.json may take this share of the time: of hundreds of jobs it takes a tenth of a second to write."""

Train = Callable[[Job, Path, Mapping[str, Any]], object]
"""Trains a job in a folder; the mapping is what differs between the jobs, for the HParams tab."""

TrainTogether = Callable[[Sequence[tuple[Job, Path, Mapping[str, Any]]]], object]
"""Trains all jobs at once."""


def run_single(composer: Composer, plan: Plan, train: Train) -> Path:
    """Claim the run's folder and train in it.

    Raises:
        ConfigurationError: the folder holds a run already, or cannot be written.
        Exception: whatever training raised; the run says so too.
    """
    folder = claim(plan)
    result = _run(composer, plan.jobs[0], folder, train, {})
    if result.status is JobStatus.FAILED:
        raise result._return_value
    return folder


def run_sweep(composer: Composer, plan: Plan, folder: Path, train: Train, command: str) -> None:
    """Train every job below the claimed folder; one that fails is recorded and the others run on.

    While it runs, the runs' own run.json say how far it is; sweep.json is written now and then.

    Raises:
        KeyboardInterrupt: Ctrl-C; what is done stays, and `sweep.json` says `interrupted`.
    """
    record = _record(plan, command)
    writing = Throttle(WRITING_SHARE)
    with writing.timed():
        write_json(folder / "sweep.json", record)
    parameters = differences([job.examined.configuration for job in plan.jobs])
    with _older_objects_kept():
        for number, (job, entry) in enumerate(zip(plan.jobs, record["jobs"], strict=True)):
            entry["status"] = "running"
            if writing.due:
                with writing.timed():
                    write_json(folder / "sweep.json", record)
            _number(job, number)
            try:
                _run(composer, job, folder / job.name, train, {**job.swept, **parameters[number]})
            except (KeyboardInterrupt, SystemExit):
                entry.update(_outcome(folder / job.name))
                record["status"] = "interrupted"
                write_json(folder / "sweep.json", record)
                raise
            entry.update(_outcome(folder / job.name))
            gc.collect()  # a trainer and its network hold each other, and the next one may be as large
    record["status"] = "finished"
    write_json(folder / "sweep.json", record)


@contextlib.contextmanager
def _older_objects_kept() -> Iterator[None]:
    """Collecting looks at what is made inside alone: going through torch's own objects would take longer than a job."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def run_together(plan: Plan, folder: Path, train: TrainTogether, command: str) -> None:
    """Train every job below the claimed folder as one; if that fails, all have failed.

    Raises:
        KeyboardInterrupt, SystemExit: what is done stays, and `sweep.json` says `interrupted`.
    """
    record = _record(plan, command)
    for entry in record["jobs"]:
        entry["status"] = "running"
    write_json(folder / "sweep.json", record)
    differing = differences([job.examined.configuration for job in plan.jobs])
    together = []
    for number, job in enumerate(plan.jobs):
        _number(job, number)
        _place(job, folder / job.name)
        write_hydra_record(job.examined.composed, folder / job.name)
        together.append((job, folder / job.name, {**job.swept, **differing[number]}))
    record["status"] = "finished"
    try:
        train(together)
    except (KeyboardInterrupt, SystemExit):
        record["status"] = "interrupted"
        raise
    except Exception as error:  # the runs say so too
        print(f"error: the runs failed: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        for job, entry in zip(plan.jobs, record["jobs"], strict=True):
            stopped = record["status"] == "interrupted" and not (folder / job.name / "run.json").exists()
            entry.update({"status": "planned"} if stopped else _outcome(folder / job.name))
        write_json(folder / "sweep.json", record)


def claim(plan: Plan, *, record: str | None = None, ending: str = "") -> Path:
    """The folder of the run or sweep, created for this process alone.

    Args:
        plan: says where.
        record: the file that says what is in the folder; None: that of a run or a sweep.
        ending: added to the name, unless that was typed.

    Raises:
        ConfigurationError: the folder holds a run or sweep already, or cannot be written.
    """
    key = "hydra.sweep.dir" if plan.name else "hydra.run.dir"
    typed = any(text.lstrip("+").startswith(f"{key}=") for text in plan.overrides)
    record = record or ("sweep.json" if plan.name else "run.json")
    try:
        if typed:
            return claim_exact(plan.folder, record)
        return claim_folder(plan.folder.with_name(f"{plan.folder.name}{ending}"))
    except FileExistsError as error:
        raise ConfigurationError([Problem(f"{key}={plan.folder}", str(error), f"{key}={plan.folder}_2")]) from None
    except OSError as error:
        wrong = f"this folder cannot be written: {error.strerror}"
        raise ConfigurationError([Problem(f"{key}={plan.folder}", wrong, f"{key}=FOLDER")]) from None


def _run(composer: Composer, job: Job, folder: Path, train: Train, parameters: Mapping[str, Any]) -> JobReturn:
    """Train one job as a Hydra job: with `.hydra/`, HydraConfig and the user's own Hydra callbacks."""
    composed, folder = job.examined.composed, folder.absolute()  # hydra.job.chdir may go elsewhere
    _place(job, folder)
    return run_job(
        task_function=lambda _: train(job, folder, parameters),
        config=composed,
        job_dir_key="hydra.run.dir",
        job_subdir_key=None,
        hydra_context=HydraContext(config_loader=composer.loader, callbacks=Callbacks(composed)),
        configure_logging=_wants_own_logging(composed),
    )


def _number(job: Job, number: int) -> None:
    """Hydra's own number of the job."""
    with open_dict(job.examined.composed):
        job.examined.composed.hydra.job.num = number
        job.examined.composed.hydra.job.id = str(number)


def _place(job: Job, folder: Path) -> None:
    """Hydra's own record of where the job goes."""
    composed, folder = job.examined.composed, folder.absolute()
    with open_dict(composed):
        composed.hydra.run.dir = str(folder)
        composed.hydra.sweep.dir, composed.hydra.sweep.subdir = str(folder.parent), folder.name
        composed.hydra.runtime.output_dir = str(folder)


def _wants_own_logging(composed: DictConfig) -> bool:
    """Whether the user chose one of Hydra's logging configurations; the run's own fit.log needs none."""
    return bool(composed.hydra.runtime.choices.get("hydra/job_logging") != "none")


def _record(plan: Plan, command: str) -> dict[str, Any]:
    """sweep.json as it stands before the first job."""
    return {
        "schema": 1,
        "name": plan.name,
        "command": command,
        "overrides": plan.overrides,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "status": "running",
        "jobs": [
            {
                "folder": job.name,
                "overrides": job.examined.overrides,
                "swept": job.swept,
                "config_hash": None,
                "status": "planned",
                "configuration": job.examined.configuration,
            }
            for job in plan.jobs
        ],
        "configuration": plan.jobs[0].examined.configuration,
    }


def _outcome(folder: Path) -> dict[str, Any]:
    """What a job's own run.json says of it; a job that left none has failed."""
    try:
        run = read_json(folder / "run.json")
    except (OSError, ValueError):
        return {"status": "failed"}
    return {"status": run["status"], "config_hash": run["config_hash"]}
