"""A training loss that rose, step by step, and did not come back: the sign of a rate that is too high."""

from __future__ import annotations

from experiments.diagnosis import fitting, numbers
from experiments.diagnosis.course import Course, course
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Confidence
from experiments.diagnosis.phases import leads_on
from experiments.diagnosis.thresholds import BATCH_NOISE, LEAP, SPIKE, STUCK, STUCK_LEAP

Seen = tuple[Confidence, str] | None
"""How sure a sign is, and what was seen."""


def left_the_valley(curves: Curves, seen: Course | None) -> Seen:
    """A rise above where it started; of what was trained before, and so starts far lower, above guessing's loss."""
    if seen is None or not fitting.unmended(curves) or fitting.learned_before(curves):
        return None
    trained = leads_on(curves)
    peak = seen.peak * seen.start if trained else seen.peak
    if peak < SPIKE:
        return None
    times = "what guessing loses" if trained else "where it started"
    return "certain" if fitting.unfitted(curves) else "likely", (
        f"the training loss rose to {numbers.loss(peak)} times {times}{_ended(curves)}"
    )


def leapt(curves: Curves, seen: Course | None) -> Seen:
    """A rise above the lowest so far."""
    if (
        seen is None
        or seen.leap < max(LEAP, BATCH_NOISE * seen.batch_noise)
        or not fitting.unmended(curves)
        or fitting.learned_before(curves)
    ):
        return None
    at = f" (lowest at a rate of {numbers.loss(seen.leap_from_rate)})" if seen.leap_from_rate else ""
    return (
        "likely",
        f"after it had fallen the training loss leapt by {numbers.percent(seen.leap)} of what guessing loses{at}",
    )


def stuck(curves: Curves, seen: Course | None) -> Seen:
    """A smaller rise, after which little was learned."""
    fitted = fitting.fitted_to(curves)
    if seen is None or fitted is None or fitted < STUCK or fitting.learned_before(curves):
        return None
    rise = max(seen.leap, (seen.peak - 1) * seen.start)
    if rise < max(STUCK_LEAP, BATCH_NOISE * seen.batch_noise):
        return None
    return "likely", (
        f"the training loss rose by {numbers.percent(rise)} of what guessing loses, and that was not made good"
        f"{_ended(curves)}"
    )


def mended_leap(curves: Curves) -> str | None:
    """A training loss that left the valley, whether or not it came back: no harm by itself, but a sign."""
    seen = course(curves) if curves.everything_finite else None
    if seen is None or curves.regression or seen.peak < SPIKE or leads_on(curves):
        return None
    return f"the training loss rose to {numbers.loss(seen.peak)} times where it started and came back"


def _ended(curves: Curves) -> str:
    fitted = fitting.fitted_to(curves)
    return "" if fitted is None else f", and it ended at {numbers.percent(fitted)} of what guessing loses"
