"""Unfreezing did harm: rates that are too high for a trained body undo what it knew, at once."""

from __future__ import annotations

import math

from experiments.diagnosis import numbers
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Confidence
from experiments.diagnosis.phases import leads_on
from experiments.diagnosis.thresholds import BEYOND_NOISE, KNEW_SOMETHING


def spoilt_body(phase: Curves) -> tuple[Confidence, str] | None:
    """An error that rose beyond noise in the first half of the unfrozen epochs, and is no better at their end.

    There the rate is at its highest. That the training images are known by heart later does not give back what the
    body knew of others; an error that rises only then has had too many epochs.
    """
    before, last = phase.before, phase.last
    if not leads_on(phase) or phase.cut_short or not phase.column("error"):
        return None
    if before is None or before.error is None or last is None or last.error is None:
        return None
    known = before.error
    if not phase.regression and known > KNEW_SOMETHING * (phase.guessing_error or 1.0):
        return None
    early = phase.epochs[: math.ceil(len(phase.epochs) / 2)]
    worse = [epoch for epoch in early if (epoch.error or 0.0) - known > _noise(phase, known, epoch.error or 0.0)]
    noise = _noise(phase, known, last.error)
    if not worse or last.error - known <= noise:
        return None
    explained = numbers.score(noise, phase.regression)
    first = worse[0]
    there = numbers.score(first.error or 0.0, phase.regression)
    end = "" if first is last else f", and is {numbers.score(last.error, phase.regression)} at the end"
    return "likely", (
        f"the {numbers.error(known, phase.regression)} of epoch {before.epoch} rose to {there} in epoch "
        f"{first.epoch}{end}; noise explains {explained}"
    )


def _noise(phase: Curves, known: float, error: float) -> float:
    return BEYOND_NOISE * math.hypot(phase.error_noise(known), phase.error_noise(error))
