"""When nothing can be said, and why: before all other rules."""

from __future__ import annotations

from experiments.diagnosis import numbers
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Finding
from experiments.diagnosis.thresholds import RATE_REACHED


def too_little_recorded(curves: Curves) -> Finding | None:
    """No epoch with a validation loss or error, nor a loss that is no number."""
    if not curves.everything_finite:
        return None
    if any(epoch.valid_loss is not None or epoch.error is not None for epoch in curves.epochs):
        return None
    if curves.failure:
        return _cannot_tell(
            f"the run failed before an epoch was done: {curves.failure}", "Mend that, and run it again."
        )
    if not curves.epochs and not curves.steps:
        state = f" (the run is {curves.status})" if curves.status else ""
        return _cannot_tell(f"no epoch is recorded{state}", "Train for at least one epoch.")
    advice = "Record the validation loss or the error rate after each epoch."
    return _cannot_tell("neither a validation loss nor an error rate is recorded", advice)


def nothing_trained(curves: Curves) -> Finding | None:
    """Every gradient is zero, or epochs repeat each other to the last digit."""
    advice = "Look whether any parameter is trained: requires_grad, the optimizer's parameters, a rate of zero."
    norms = [step.gradient_norm for step in curves.steps if step.gradient_norm is not None]
    if norms and max(norms) == 0:
        return _cannot_tell("nothing was trained: the gradient is zero at every step", advice)
    evaluated = [(e.valid_loss, e.train_loss_eval, e.error) for e in curves.epochs]
    rows = ([(b.valid_loss, b.train_loss_eval, b.error)] if (b := curves.before) else []) + evaluated
    if len(rows) > 1 and rows[0][0] is not None and len(set(rows)) == 1:
        return _cannot_tell(f"nothing was trained: all {len(rows)} evaluations are the same to the last digit", advice)
    return None


def rate_never_reached(curves: Curves) -> Finding | None:
    """The recorded rates stay far below the configured one: a one-cycle stepped per epoch looks just like too low."""
    rates = [rate for step in curves.steps if (rate := step.learning_rate) is not None]
    configured, planned = curves.learning_rate, curves.planned_epochs
    if not rates or not configured or max(rates) >= RATE_REACHED * configured:
        return None
    if planned and len(curves.epochs) < planned:  # it may yet come
        return None
    return Finding(
        "schedule_error",
        "certain",
        (
            f"the highest rate of {len(rates)} steps is {numbers.loss(max(rates))}; "
            f"{numbers.loss(configured)} is configured",
        ),
        "Let the schedule take a step after each batch, not after each epoch; what the loss did says nothing about "
        "the rate that was meant.",
        ("schedule=one_cycle",) if curves.own and curves.schedule != "OneCycle" else (),
    )


def _cannot_tell(why: str, advice: str) -> Finding:
    return Finding("inconclusive", "certain", (why,), advice)
