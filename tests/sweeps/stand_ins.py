"""What workers of the tests do instead of training: importable by name, as a worker needs it."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from experiments.config.composition import Composer
from experiments.sweeps import specs
from experiments.sweeps.claim import claim
from experiments.sweeps.job import JobSpec, run_as_hydra_job
from experiments.sweeps.plan import Plan, make_plan
from experiments.sweeps.record import entry

FATES = "fates.json"
"""In the sweep's folder: what becomes of each job, by its name."""


def planned(*overrides: str) -> tuple[Composer, Plan, Path]:
    composer = Composer()
    plan = make_plan(composer, overrides, multirun=True)
    return composer, plan, claim(plan).absolute()


def specs_of(plan: Plan, folder: Path) -> list[JobSpec]:
    """As `experiments fit` makes them."""
    content = {"command": "typed", "jobs": [entry(job) for job in plan.jobs]}
    return specs.specs_of(folder, content, [job.examined.composed for job in plan.jobs])


def decide(folder: Path, **fates: str) -> None:
    """What is to become of the jobs of a sweep; the others finish."""
    (folder / FATES).write_text(json.dumps(fates))


def act(spec: JobSpec) -> str | None:
    """Leave a run.json as training does, then end as it was decided."""
    sweep = spec.folder.parent
    assert json.loads((sweep / "sweep.json").read_text())["status"] == "running"
    fates = json.loads((sweep / FATES).read_text()) if (sweep / FATES).exists() else {}
    fate = fates.get(spec.folder.name, "finish")
    if fate == "vanish":
        os._exit(4)
    spec.folder.mkdir()
    with (sweep / "seen.jsonl").open("a") as seen:
        seen.write(json.dumps([spec.folder.name, os.getpid(), dict(spec.parameters)]) + "\n")
    if fate == "leave nothing":
        return None
    write_run(spec, "running")
    if fate == "finish":
        write_run(spec, "finished")
        return None
    if fate == "raise":
        raise RuntimeError("boom")
    if fate == "exit":
        os._exit(3)
    if fate in ("SIGKILL", "SIGSEGV"):
        os.kill(os.getpid(), getattr(signal, fate))
    (sweep / "hanging").write_text(spec.folder.name)
    try:
        while True:
            time.sleep(0.01)
    except (KeyboardInterrupt, SystemExit):
        write_run(spec, "interrupted")
        raise


def write_run(spec: JobSpec, status: str) -> None:
    content: dict[str, Any] = {
        "schema": 1,
        "status": status,
        "config_hash": f"hash of {spec.folder.name}",
        "metrics": {},
        "error": None,
        "seconds": 0.1,
    }
    (spec.folder / "run.json").write_text(json.dumps(content))


def record_hydra_alone(spec: JobSpec) -> str | None:
    """Hydra's own record of the job, and nothing trained."""
    run_as_hydra_job(Composer(), spec.composed, spec.folder, lambda: None)
    return None


def seen(folder: Path) -> list[tuple[str, int, dict[str, Any]]]:
    """The jobs in the order in which they began: name, process, parameters."""
    return [tuple(json.loads(line)) for line in (folder / "seen.jsonl").read_text().splitlines()]  # type: ignore[misc]
