"""Descents to be compared by how many points they take a step: recorded ones, and for a single run a computed one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.reports.drawing.descent import batch_size, descend, is_plain
from experiments.reports.drawing.plane import Plane, plane
from experiments.reports.drawing.recorded import Recorded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

AT_MOST = 4
COMPARED_BATCH = 10


@dataclass(frozen=True)
class Descent:
    """One way down; `batch` is the points a step, None for all; `note` says how many steps, and if it was computed."""

    plane: Plane
    batch: int | None
    note: str

    @property
    def title(self) -> str:
        """The batch in words."""
        if self.batch is None:
            return "full batch"
        return f"{self.batch} points a step" if self.batch > 1 else "1 point a step"


def descents_of(runs: Sequence[Recorded]) -> list[Descent]:
    """Those of the runs, the largest batch first, four at most; beside a single plain run the one to compare it with.

    Raises:
        ValueError: a run does not have exactly two parameters, or there is none.
    """
    if not runs:
        raise ValueError("there is no run to draw")
    descents = [Descent(plane(run), batch_size(run), _steps(run.parameters, run.rate)) for run in runs]
    if len(runs) == 1:
        return [*descents, *_computed(runs[0], descents[0])]
    descents.sort(key=lambda descent: (descent.batch is not None, -(descent.batch or 0)))
    kept = min(len(descents), AT_MOST)
    return [descents[round(place * (len(descents) - 1) / (kept - 1))] for place in range(kept)]


def _computed(run: Recorded, descent: Descent) -> list[Descent]:
    """As many epochs from the same start; nothing for a run that more than its batch tells from plain descent."""
    if not is_plain(run):
        return []
    points, size = descent.plane.points, len(run.train.y)
    batch = min(COMPARED_BATCH, size) if descent.batch is None else None
    epochs = (len(run.parameters) - 1) // (size // (descent.batch or size))
    path = descend(points, descent.plane.path[0], run.rate, epochs * (size // (batch or size)), batch)
    note = f"{_steps(path, run.rate)}, computed for comparison"
    return [Descent(Plane(points, path, descent.plane.best), batch, note)]


def _steps(path: Array, rate: float) -> str:
    return f"{len(path) - 1} steps at rate {rate:g}"
