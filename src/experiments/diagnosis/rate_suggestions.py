"""Learning rates that a range test suggests, by three rules, and which of them to begin with.

- steepest: where the smoothed loss falls most per decade of the rate. Over the logarithm: Lightning's own suggestion
  (2.5.3 to 2.6.6) divides by the plain rate and answers values thousands of times too small.
- valley: two thirds along the longest falling stretch, as fastai documents its default (the code of 2.8 takes the
  middle). The stretch is a longest decreasing subsequence, so that a single step upwards does not end it.
- a tenth of the minimum: a tenth of the rate at which the smoothed loss is lowest (fastai's `minimum`).

No rule is reliable alone, and the middle one of the three is the one to begin with. Measured by training at the rates
that each suggests, three to five seeds: on digits with plain SGD the steepest slope diverges (0.9) where the middle one
has 3.1 % error (0.1); on digits with AdamW the valley ends at 3.1 % (0.0025), the middle one at 2.2 % (0.01); on a line
the valley is still on its way after 100 epochs (0.03, rmse 0.37), the middle one at the noise (0.35, 0.30); on a frozen
squeezenet1_1 and photographs of bears a tenth of the minimum has 3.1 % and at worst 6.0 % (0.1), the middle one 2.4 %
with every seed (0.01), which no other of eleven rates betters by more than one picture in all five.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from experiments.runs.rate_curve import SETTLING, RateCurve, RateStep

RULES = {"steepest": "steepest slope", "valley": "valley", "minimum_tenth": "a tenth of the minimum"}
"""In words, by their names in `--json`."""

VALLEY_SHARE = 2 / 3
FEWEST = 20
"""Fewer steps that may be compared show no shape."""
FLAT = 0.02
"""A change by less than this share of the loss is none."""
NOISE = 4.0
"""Nor is one by fewer standard errors than this: of a thousand curves of nothing but noise, none falls by more."""


@dataclass(frozen=True)
class Suggestions:
    """What the three rules say (None where there is nothing to go by), and what follows.

    Attributes:
        suggested: the middle one of the three, with one significant digit.
        agree: whether all three are within a decade; None where there are none.
        climbs: the rate from which the smoothed loss stays above where it began; None if it never does.
        notes: what is to be known of the curve, a sentence each.
    """

    steepest: float | None = None
    valley: float | None = None
    minimum_tenth: float | None = None
    suggested: float | None = None
    agree: bool | None = None
    climbs: float | None = None
    notes: list[str] = field(default_factory=list)


def suggest(curve: RateCurve) -> Suggestions:
    """What a range test suggests; nothing of a curve that is too short or flat, and a note that says so."""
    steps = curve.settled
    if len(steps) < FEWEST:
        return Suggestions(notes=[_too_short(curve)])
    climbs = climb(steps)
    if steps[0].smoothed - _lowest(steps).smoothed <= _chance(steps):
        return Suggestions(climbs=climbs, notes=_flat(steps, climbs))
    rates = {"steepest": steepest(steps), "valley": valley(steps), "minimum_tenth": minimum_tenth(steps)}
    low, middle, high = sorted(rates.values())
    agree = high <= 10 * low
    notes = [] if agree else [_disagreement(low, high)]
    if steps[-1].smoothed <= min(step.smoothed for step in steps):
        notes.append(f"The loss still falls at {steps[-1].lr:.2g}, the highest rate: where it climbs is not known.")
    return Suggestions(**rates, suggested=typable(middle), agree=agree, climbs=climbs, notes=notes)


def steepest(steps: Sequence[RateStep]) -> float:
    """The rate at which the smoothed loss falls most per decade, by central differences."""
    slopes = [
        (after.smoothed - before.smoothed) / math.log10(after.lr / before.lr)
        for before, after in zip(steps, steps[2:], strict=False)
    ]
    return steps[1 + slopes.index(min(slopes))].lr


def valley(steps: Sequence[RateStep]) -> float:
    """The rate two thirds along the longest falling stretch of the smoothed loss, measured in decades."""
    first, last = longest_fall([step.smoothed for step in steps])
    return float(steps[first].lr * (steps[last].lr / steps[first].lr) ** VALLEY_SHARE)


def minimum_tenth(steps: Sequence[RateStep]) -> float:
    """A tenth of the rate with the lowest smoothed loss."""
    return _lowest(steps).lr / 10


def longest_fall(values: Sequence[float]) -> tuple[int, int]:
    """Where a longest decreasing subsequence begins and ends; the first of several."""
    lengths = [1] * len(values)
    begins = list(range(len(values)))
    for later, value in enumerate(values):
        for earlier in range(later):
            if value < values[earlier] and lengths[earlier] + 1 > lengths[later]:
                lengths[later], begins[later] = lengths[earlier] + 1, begins[earlier]
    last = lengths.index(max(lengths))
    return begins[last], last


def climb(steps: Sequence[RateStep]) -> float | None:
    """The rate from which the smoothed loss is always above where it began, by more than chance; None if never."""
    bound = steps[0].smoothed + _chance(steps)
    above = itertools.takewhile(lambda step: step.smoothed > bound, reversed(steps))
    return min((step.lr for step in above), default=None)


def typable(rate: float) -> float:
    """With one significant digit."""
    return float(f"{rate:.0e}")


def _lowest(steps: Sequence[RateStep]) -> RateStep:
    return min(steps, key=lambda step: step.smoothed)


def _too_short(curve: RateCurve) -> str:
    last = curve.steps[-1] if curve.steps else None
    ended = f"ended at {last.lr:.2g} after {len(curve)} steps" if last else "had no step"
    return f"The test {ended}, too short to tell: nothing can be suggested."


def _chance(steps: Sequence[RateStep]) -> float:
    """By how much a later smoothed loss may differ from the first ones and still say nothing.

    The first are means over few steps, and so the uncertain ones. A single step's standard deviation is taken from the
    median difference between neighbours, which neither a trend nor a few leaps change, at the lower half of the rates.
    """
    differences = [abs(after.loss - before.loss) for before, after in pairwise(steps[: len(steps) // 2])]
    deviation = statistics.median(differences) / (0.6745 * math.sqrt(2))
    return max(FLAT * abs(steps[0].smoothed), NOISE * deviation / math.sqrt(SETTLING))


def _flat(steps: Sequence[RateStep], climbs: float | None) -> list[str]:
    start, lowest = steps[0].smoothed, _lowest(steps).smoothed
    flat = f"The curve is flat: the smoothed loss falls from {start:.3g} to {lowest:.3g}, no more than by chance"
    bound = [] if climbs is None else [f"It climbs from {climbs:.2g} on: stay at a tenth of that, or below."]
    return [f"{flat}: nothing can be suggested.", *bound]


def _disagreement(low: float, high: float) -> str:
    return (
        f"The rules disagree by more than a decade, {low:.2g} to {high:.2g}: look at the picture, take a rate where "
        "the loss falls, well before it climbs, and compare it with one ten times smaller."
    )
