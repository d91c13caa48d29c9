"""An error that rose again after its lowest point, by more than noise."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev

from experiments.diagnosis.curves import Curves, smoothed
from experiments.diagnosis.thresholds import (
    BEYOND_NOISE,
    KNEW_SOMETHING,
    SMOOTHING,
    SPOILT_ERROR,
    STEADY_RISE,
    STEADY_RISES,
)


@dataclass(frozen=True)
class Rise:
    """An error that rose again: the epoch (from 1) of its smoothed minimum, that minimum, the end, the noise."""

    epoch: int
    lowest: float
    end: float
    noise: float

    @property
    def height(self) -> float:
        """How far it rose."""
        return self.end - self.lowest


def rise_of(curves: Curves) -> Rise | None:
    """The rise of the error beyond noise, after it was well below guessing's; None if there is none."""
    errors = curves.column("error")
    if len(errors) <= SMOOTHING or not curves.everything_finite:
        return None
    smooth = smoothed(errors, SMOOTHING)
    lowest = min(smooth)
    at, end = smooth.index(lowest), smooth[-1]
    guess = curves.guessing_error
    knew = lowest < (KNEW_SOMETHING * guess if guess else 1 if curves.regression else SPOILT_ERROR)
    if at == len(errors) - 1 or not (knew or curves.regression):
        return None
    noise = BEYOND_NOISE * max(
        math.hypot(curves.error_noise(lowest), curves.error_noise(end)), _scatter(errors), 1e-3 * abs(end)
    )
    if end - lowest > noise or (curves.valid_size is None and _rises_steadily(errors, lowest)):
        return Rise(at + 1, lowest, end, noise)
    return None


def _rises_steadily(errors: Sequence[float], lowest: float) -> bool:
    """Whether each of the last epochs is worse than the one before it: what chance does once in a hundred times.

    For files that do not say on how many images the error was measured.
    """
    last = errors[-STEADY_RISES - 1 :]
    steadily = len(last) > STEADY_RISES and all(b > a for a, b in itertools.pairwise(last))
    return steadily and errors[-1] > STEADY_RISE * lowest


def _scatter(errors: Sequence[float]) -> float:
    """From epoch to epoch in the second half, around its own trend: the first half falls steeply."""
    tail = list(errors[len(errors) // 2 :])
    changes = [b - a for a, b in itertools.pairwise(tail)]
    return stdev(changes) / math.sqrt(2) if len(changes) > 1 else 0.0
