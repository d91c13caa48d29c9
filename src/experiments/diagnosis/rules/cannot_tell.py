"""When nothing can be said, and why: before all other rules."""

from __future__ import annotations

from experiments.diagnosis import numbers
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Finding
from experiments.diagnosis.phases import leads_on, phases
from experiments.diagnosis.thresholds import RATE_REACHED, STUCK, UNFITTED, WORSE_THAN_HALF_GUESSING


def too_little_recorded(curves: Curves) -> Finding | None:
    """No epoch with a validation loss or error, nor a loss that is no number."""
    if not curves.everything_finite:
        return None
    if any(epoch.valid_loss is not None or epoch.error is not None for epoch in curves.epochs):
        return _a_single_loss(curves)
    if curves.damage:
        return _cannot_tell(curves.damage, "Mend or remove the file.")
    if curves.failure:
        return _cannot_tell(
            f"the run failed before an epoch was done: {curves.failure}", "Mend that, and run it again."
        )
    if not curves.epochs and not curves.steps:
        state = f" (the run is {curves.status})" if curves.status else ""
        return _cannot_tell(f"no epoch is recorded{state}", "Train for at least one epoch.")
    advice = "Record the validation loss or the error rate after each epoch."
    return _cannot_tell("neither a validation loss nor an error rate is recorded", advice)


def knows_little(curves: Curves) -> Finding | None:
    """An error above half of guessing's with a high loss is no health, even where no rule knows what is wrong."""
    last, guess, error = curves.last, curves.guessing_loss, curves.guessing_error
    if last is None or last.error is None or last.valid_loss is None or not guess or not error or curves.regression:
        return None
    if last.error < WORSE_THAN_HALF_GUESSING * error or last.valid_loss < UNFITTED * guess:
        return None
    training = last.train_loss_eval if last.train_loss_eval is not None else last.train_loss
    if training is not None and training < STUCK * guess:
        return None
    why = (
        f"{numbers.error(last.error, False)} and a validation loss of {numbers.loss(last.valid_loss)}, where guessing "
        f"gives {numbers.percent(error)} and {numbers.loss(guess)}: little was learned, and the curves do not say why"
    )
    return _cannot_tell(why, "Try a tenth of the rate and ten times the rate, at the same number of epochs.")


NO_ROOM_STEPS = 2
"""In so few, one_cycle only begins and ends."""


def _a_single_loss(curves: Curves) -> Finding | None:
    """One loss of one epoch, and nothing to hold it against."""
    first = curves.epochs[0]
    if len(curves.epochs) > 1 or first.error is not None or curves.guessing_loss is not None:
        return None
    if first.train_loss is not None and first.valid_loss is not None and first.train_loss != first.valid_loss:
        return None
    why = f"a single epoch with a validation loss of {numbers.loss(first.valid_loss or 0.0)}, and no error beside it"
    return _cannot_tell(why, "Say how many classes there are (--classes N), or train for more epochs.")


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
    """The recorded rates of a phase stay far below its own: a one-cycle stepped per epoch looks just like too low."""
    return next((finding for phase in phases(curves) if (finding := _never_reached(phase))), None)


def _never_reached(curves: Curves) -> Finding | None:
    rates = [rate for step in curves.steps if (rate := step.learning_rate) is not None]
    configured, planned = curves.learning_rate, curves.planned_epochs
    if not rates or not configured or max(rates) >= RATE_REACHED * configured:
        return None
    if planned and len(curves.epochs) < planned:  # it may yet come
        return None
    if curves.own and len(rates) <= NO_ROOM_STEPS:  # that is too few steps, and nobody's error
        return None
    phase = "after the unfreezing, " if leads_on(curves) else ""
    return Finding(
        "schedule_error",
        "certain",
        (
            f"{phase}the highest rate of {len(rates)} steps is {numbers.loss(max(rates))}; "
            f"{numbers.loss(configured)} is configured",
        ),
        "Let the schedule take a step after each batch, not after each epoch; what the loss did says nothing about "
        "the rate that was meant.",
        ("schedule=one_cycle",) if curves.own and curves.schedule != "OneCycle" else (),
    )


def _cannot_tell(why: str, advice: str) -> Finding:
    return Finding("inconclusive", "certain", (why,), advice)
