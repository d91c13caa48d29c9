"""The course of the training loss over the steps: where it began, where it leapt, how it fell."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from statistics import stdev

from experiments.diagnosis.curves import Curves, smoothed
from experiments.diagnosis.thresholds import WINDOW

LARGEST = 1e150


@dataclass(frozen=True)
class Course:
    """The windowed training loss in a few numbers, losses in what guessing loses.

    Attributes:
        start: before the first update.
        peak: the highest windowed loss, over `start`.
        leap: the largest rise above the lowest windowed loss so far.
        leap_from_rate: the rate at that lowest point; None if rates are not recorded.
        batch_noise: the standard error of the windowed loss, by what neighbouring batches differ by.
        first_half: the share of the whole descent within the first half of the way (the sum of the rates);
            None if it did not descend.
    """

    start: float
    peak: float
    leap: float
    leap_from_rate: float | None
    batch_noise: float
    first_half: float | None


@functools.lru_cache(maxsize=16)  # several rules look at it
def course(curves: Curves) -> Course | None:
    """The course of a training with finite step losses; None where fewer than a window of steps is recorded."""
    steps = [step for step in curves.steps if step.loss is not None and math.isfinite(step.loss)]
    losses = [step.loss for step in steps if step.loss is not None]
    if len(losses) < WINDOW:
        return None
    rates = [step.learning_rate for step in steps]
    known_rates = [rate for rate in rates if rate is not None]
    window = smoothed(losses, WINDOW)
    start = losses[0]
    if start <= 0 or max(map(abs, losses)) > LARGEST:  # no cross-entropy, or nothing that could be computed with
        return None
    scale = scale_of(curves, start)
    leap, low = _largest_rise(window)
    changes = [b - a for a, b in itertools.pairwise(losses)]
    return Course(
        start=start / scale,
        peak=max(window) / start,
        leap=leap / scale,
        leap_from_rate=rates[low],
        batch_noise=_scatter(changes) / math.sqrt(2 * WINDOW) / scale,
        first_half=_first_half(window, known_rates if len(known_rates) == len(window) else [1.0] * len(window)),
    )


def scale_of(curves: Curves, start: float) -> float:
    """What losses are measured in: guessing's, or the start where that is higher or guessing's is unknown."""
    return max(curves.guessing_loss or 0.0, start) or 1.0


def _largest_rise(values: list[float]) -> tuple[float, int]:
    """How far the values rise above the lowest before, at most; and where that lowest is."""
    rise, low, lowest = 0.0, 0, 0
    for index, value in enumerate(values):
        if value < values[lowest]:
            lowest = index
        if value - values[lowest] > rise:
            rise, low = value - values[lowest], lowest
    return rise, low


def _scatter(changes: list[float]) -> float:
    # The middle of them: a leap is no noise.
    ordered = sorted(changes)
    cut = len(ordered) // 10
    kept = ordered[cut : len(ordered) - cut]
    return stdev(kept) if len(kept) > 1 else 0.0


def _first_half(window: list[float], rates: list[float]) -> float | None:
    descent = window[0] - window[-1]
    if descent <= 0:
        return None
    way, half = 0.0, sum(rates) / 2
    for value, rate in zip(window, rates, strict=True):
        way += rate
        if way >= half:
            return (window[0] - value) / descent
    return None
