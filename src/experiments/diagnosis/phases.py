"""The phases of a training as trainings of their own: first at one rate, then with every layer at spread rates.

Each has its own cycle of the schedule and its own rates, and the printed training loss jumps where other layers begin
to learn: what a rate did is seen within a phase.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from experiments.diagnosis.curves import Curves

Phases = tuple[Curves, ...]


@functools.lru_cache(maxsize=16)  # several rules look at it
def phases(curves: Curves) -> Phases:
    """The phases that have begun, each with the epochs, the steps, the rate and the number of epochs that it has.

    The second one's `before` is the last epoch of the first. A training without unfrozen epochs is its only phase.
    """
    if not curves.unfrozen_epochs:
        return (curves,)
    first = _first(curves)
    second = _second(curves, first)
    begun = bool(second.epochs or second.steps)
    if not curves.first_epochs:
        return (second,)
    return (replace(first, status="finished"), second) if begun else (first,)


def _first(curves: Curves) -> Curves:
    count = curves.first_epochs
    return replace(
        curves,
        epochs=curves.epochs[:count],
        steps=tuple(step for step in curves.steps if (step.epoch or 0) <= count),
        planned_epochs=count,
        unfrozen_epochs=0,
    )


def _second(curves: Curves, first: Curves) -> Curves:
    count, rate, spread = curves.first_epochs, curves.learning_rate, curves.unfrozen_rates
    return replace(
        curves,
        epochs=curves.epochs[count:],
        before=first.last or curves.before,
        steps=tuple(step for step in curves.steps if (step.epoch or 0) > count),
        planned_epochs=curves.unfrozen_epochs,
        learning_rate=rate * max(spread) if rate and spread else None,
    )


def is_unfrozen(phase: Curves) -> bool:
    """Whether a training has epochs at spread rates alone."""
    return bool(phase.unfrozen_epochs) and not phase.first_epochs


def where(curves: Curves, epoch: int) -> str:
    """`, before the unfreezing`, `, after the unfreezing`: of which phase an epoch is, if there are two."""
    if len(phases(curves)) < 2:
        return ""
    return f", {'before' if epoch <= curves.first_epochs else 'after'} the unfreezing"


def leads_on(phase: Curves) -> bool:
    """Whether a phase trains on what an earlier one learned."""
    return is_unfrozen(phase) and phase.before is not None and phase.before.epoch > 0
