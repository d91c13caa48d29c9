"""How many jobs of a sweep are at work at once, and in how many threads each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments.config.schema import SCHEMAS
from experiments.sweeps.job import JobSpec
from experiments.sweeps.launchers import cores

MOST = 8
"""Workers that are started unasked: each holds its own copy of the data."""
JOBS_A_WORKER = 3
"""Fewer are done sooner than another worker has loaded its data."""


@dataclass(frozen=True)
class Shares:
    """So many workers at once, with so many threads each.

    Attributes:
        workers: at once.
        threads: of each; None: as many as torch likes.
        first_alone: the first job computes, with all threads, what the others find.
    """

    workers: int = 1
    threads: int | None = None
    first_alone: bool = False

    def parts(self, specs: Sequence[JobSpec]) -> Iterator[tuple[list[JobSpec], int]]:
        """The jobs that run before the others do, then the others; and how many at once."""
        first = 1 if self.first_alone else 0
        yield list(specs[:first]), 1
        yield [replace(spec, threads=self.threads) for spec in specs[first:]], self.workers


def share(configurations: Sequence[Mapping[str, Any]], workers: int | None, *, on_cpu: bool) -> Shares:
    """The cores of this machine shared out.

    Args:
        configurations: of the jobs.
        workers: as the user asked for; None: one, but as many as there are cores where one thread does every job all
            the same, since each fits a line or a polynomial, or trains a head on computed inputs.
        on_cpu: where they train.
    """
    there = cores()
    if workers is not None:
        return Shares(workers, None if workers == 1 else max(1, there // workers))
    heads = all(map(trains_head_alone, configurations))
    most = min(there, MOST, len(configurations) // JOBS_A_WORKER)
    if on_cpu and most > 1 and (heads or all(map(fits_a_curve, configurations))):
        return Shares(most, 1, first_alone=heads)
    return Shares()


def fits_a_curve(configuration: Mapping[str, Any]) -> bool:
    """Whether it fits a few numbers to points."""
    return getattr(SCHEMAS["dataset"].get(configuration["dataset"]["_target_"]), "kind", None) == "regression"


def trains_head_alone(configuration: Mapping[str, Any]) -> bool:
    """Whether no image goes through the body but once: what it makes of them is computed, and stays."""
    model = configuration["model"]
    has_body = getattr(SCHEMAS["model"].get(model["_target_"]), "has_body", False)
    frozen = has_body and model.get("freeze_body") and not model.get("train_norm")
    return bool(frozen and not configuration["schedule"].get("unfrozen_epochs"))
