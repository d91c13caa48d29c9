"""The learning rate is too high: the loss left the valley. A new model, never more training."""

from __future__ import annotations

import itertools
import math

from experiments.diagnosis import advice, fitting, numbers
from experiments.diagnosis.course import Course, course
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Confidence, Finding
from experiments.diagnosis.phases import is_unfrozen, leads_on, phases
from experiments.diagnosis.rules.critical_rate import above_critical, below_critical
from experiments.diagnosis.rules.leaps import Seen, leapt, left_the_valley, mended_leap, stuck
from experiments.diagnosis.rules.spoilt_body import spoilt_body
from experiments.diagnosis.thresholds import (
    ABOVE_GUESSING,
    HARDLY_MOVED,
    LEAST_EPOCHS,
    PLATEAU_RISES,
    PRINTED_ABOVE,
    PRINTED_SPIKE,
    SPOILT,
    SPOILT_ERROR,
    SPOILT_FOR_SURE,
    STUCK,
    WINDOW,
)


def rate_too_high(curves: Curves) -> Finding | None:
    """The first phase whose rate is too high; what a later one mended did no harm."""
    found = phases(curves)
    for phase in found:
        finding = _in_phase(phase, found[0])
        if finding and (phase is found[-1] or not phase.everything_finite or fitting.unmended(curves)):
            return finding
    return None


def _in_phase(curves: Curves, first: Curves) -> Finding | None:
    """Above the critical rate; not a number; far above guessing or the start; stuck after a leap; a plateau.

    Where the critical rate is known, a rate below it is acquitted of all but the second.
    """
    seen = course(curves) if curves.everything_finite else None
    signs = (
        above_critical(curves),
        _not_a_number(curves),
        *(() if below_critical(curves) else _shapes(curves, seen)),
    )
    for found in signs:
        if found:
            return _found(curves, first, *found)
    return None


def _found(curves: Curves, first: Curves, confidence: Confidence, evidence: str) -> Finding:
    leap = mended_leap(first) if leads_on(curves) else None
    # All rates are multiples of one, and that was too high already for the head alone.
    blamed = first if leap else curves
    overrides = advice.lower_rate(blamed, course(blamed) if blamed.everything_finite else None)
    lower = "a lower rate, " + advice.change(curves, overrides, "a tenth of this one")
    if is_unfrozen(blamed):
        lower = "lower rates for the unfrozen layers, " + advice.change(curves, overrides, "a tenth of these")
    text = f"Begin again with a new model at {lower}; training on does not mend this one."
    seen_by = [f"after the unfreezing, {evidence}" if leads_on(curves) else evidence]
    seen_by += [f"before it, {leap}"] if leap else []
    return Finding("learning_rate_too_high", confidence, tuple(seen_by), text, overrides)


def _shapes(curves: Curves, seen: Course | None) -> tuple[Seen, ...]:
    return (
        _far_above_guessing(curves),
        left_the_valley(curves, seen),
        leapt(curves, seen),
        stuck(curves, seen),
        _plateau(curves, seen),
        spoilt_body(curves),
    )


def _not_a_number(curves: Curves) -> Seen:
    if curves.everything_finite:
        return None
    for epoch in curves.epochs:
        if not all(map(math.isfinite, epoch.losses)):
            return "certain", f"the loss is no longer a finite number in epoch {epoch.epoch}"
    for step in curves.steps:
        if not all(math.isfinite(n) for n in (step.loss, step.gradient_norm) if n is not None):
            return "certain", f"the loss is no longer a finite number at step {step.step}"
    return "certain", "the run diverged"


def _far_above_guessing(curves: Curves) -> Seen:
    last, guess = curves.last, curves.guessing_loss
    if last is None or last.valid_loss is None or fitting.learned_before(curves):
        return None
    if _began_higher(curves, last.valid_loss):
        return None
    # A good error excuses what is sure of its mistakes on others, not what is so on its own training images.
    spoilt = last.train_loss_eval is not None and guess and last.train_loss_eval > ABOVE_GUESSING * guess
    learned = (fitting.learned(curves, last.error) and not spoilt) or not fitting.unfitted(curves)
    if guess and last.valid_loss > ABOVE_GUESSING * guess and not learned:
        text = f"validation loss {numbers.loss(last.valid_loss)}, guessing gives {numbers.loss(guess)}"
        return "certain", text
    # Without a number of classes: far above the loss that the same network has in training.
    if guess is not None or curves.regression or not last.train_loss or last.train_loss < 0:
        return None
    unknown = last.error is None
    ratio = last.valid_loss / last.train_loss
    if ratio < (SPOILT_FOR_SURE if unknown else SPOILT) or (last.error or 1.0) < SPOILT_ERROR:
        return None
    text = f"validation loss {numbers.loss(last.valid_loss)}, training loss {numbers.loss(last.train_loss)}"
    return "likely", text + ("" if unknown else f", error {numbers.percent(last.error or 0.0)}")


def _began_higher(curves: Curves, loss: float) -> bool:
    """Whether a loss is what is left of a higher one, so that no rate has made it.

    In evaluation mode a new head may begin far above guessing only because its batch norm does not know a body's
    features yet; then its first batch in training began near guessing.
    """
    before = curves.before.valid_loss if curves.before else None
    if before is None or loss >= before:
        return False
    first, guess = curves.steps[0].loss if curves.steps else None, curves.guessing_loss
    return first is None or guess is None or first > ABOVE_GUESSING * guess or before < ABOVE_GUESSING * guess


def _plateau(curves: Curves, seen: Course | None) -> Seen:
    """Where no steps are recorded: a validation loss that goes up and down around guessing's."""
    last, guess = curves.last, curves.guessing_loss
    if seen is not None or 0 < len(curves.steps) < WINDOW:  # in so few nothing settles
        return None
    if guess is None or last is None or last.valid_loss is None or fitting.learned_before(curves):
        return None
    if last.valid_loss < STUCK * guess or fitting.learned(curves, last.error) or fitting.known_well(curves):
        return None
    losses = curves.column("valid_loss")
    rises = sum(b > a for a, b in itertools.pairwise(losses))
    level = f"validation loss {numbers.loss(last.valid_loss)}, guessing gives {numbers.loss(guess)}"
    least = LEAST_EPOCHS if last.valid_loss < HARDLY_MOVED * guess else 3
    if len(losses) >= least and rises >= PLATEAU_RISES * (len(losses) - 1):
        return "likely", f"{level}; from epoch to epoch it rose {rises} of {len(losses) - 1} times"
    printed = max(curves.column("train_loss"), default=0.0)
    if last.valid_loss >= guess and printed > PRINTED_SPIKE * guess and printed > PRINTED_ABOVE * last.valid_loss:
        return "likely", f"{level}; the training loss of an epoch was {numbers.loss(printed)}"
    return None
