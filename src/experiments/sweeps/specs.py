"""What workers are told of the jobs of a sweep, from its sweep.json: of one that begins and of one that goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from experiments.sweeps.differences import differences
from experiments.sweeps.job import JobSpec, number
from experiments.training.judgement import Judge
from experiments.training.run_record import Origin


def specs_of(
    folder: Path,
    content: Mapping[str, Any],
    composed: Sequence[DictConfig],
    judge: Judge | None = None,
    *,
    goes_on: bool = False,
) -> list[JobSpec]:
    """All jobs, in their order.

    Args:
        folder: of the sweep.
        content: of its sweep.json.
        composed: Hydra's configuration of each job; the jobs are numbered in it.
        judge: says at the end of each run what its curves show.
        goes_on: runs that were begun take up what is in their folders.
    """
    jobs = content["jobs"]
    differing = differences([job["configuration"] for job in jobs])
    specs = []
    for count, (job, hydras, parameters) in enumerate(zip(jobs, composed, differing, strict=True)):
        number(hydras, count)
        variation = job.get("variation")
        origin = Origin(
            content.get("command"),
            tuple(job["overrides"]),
            None if variation is None else tuple(variation),
            content.get("config_dir"),
        )
        specs.append(
            JobSpec(
                hydras,
                job["configuration"],
                (folder / job["folder"]).absolute(),
                origin,
                {**job["swept"], **parameters},
                f"[{count + 1}/{len(jobs)}] {job['folder']}",
                judge,
                goes_on=goes_on,
            )
        )
    return specs
