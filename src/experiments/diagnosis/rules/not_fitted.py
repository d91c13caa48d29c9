"""The training images themselves are not known yet: the rate is too low, or the epochs are too few."""

from __future__ import annotations

import itertools
import math

from experiments.diagnosis import advice, fitting, numbers
from experiments.diagnosis.curves import Curves, Epoch
from experiments.diagnosis.findings import Confidence, Finding
from experiments.diagnosis.thresholds import (
    CRAWLING,
    CRAWLING_ERROR,
    ENOUGH_STEPS,
    EPOCH_STEPS,
    HARDLY_MOVED,
    PRINTED_GAP,
    SPIKE,
    SPOILT_ERROR,
    STEPS_TO_MOVE,
    UNDERFIT,
    UNDERFIT_ON_OTHERS,
    UNDERFIT_REGRESSION,
    UNFITTED,
    WELL_ABOVE,
    WORSE_THAN_HALF_GUESSING,
)


def not_fitted(curves: Curves) -> list[Finding]:
    """Both explanations, the likelier first: which it is, the first of the two experiments tells."""
    found = _not_fitted(curves)
    rate, critical = curves.learning_rate, curves.critical_rate
    if rate and critical and rate > critical / 2:  # there is no higher rate to speak of
        return [finding for finding in found if finding.symptom != "learning_rate_too_low"]
    return found


def _not_fitted(curves: Curves) -> list[Finding]:
    last = curves.last
    if last is None:
        return []
    if last.valid_loss is None:
        return _by_the_error_alone(curves, last)
    if fitting.came_to_rest(curves):
        return []
    remaining = fitting.remaining(curves, last)
    if remaining is None:
        return _without_guessing(curves, last)
    if (fitting.has_gap(last) and not fitting.unfitted(curves)) or (
        remaining < UNFITTED and _need_not_fall(curves, last)
    ):
        return _stopped_early(curves, last)
    passes = fitting.passes(curves)
    underfit = UNDERFIT if last.train_loss_eval is not None else UNDERFIT_ON_OTHERS
    if curves.regression:
        underfit = UNDERFIT_REGRESSION
    if passes < 1 and remaining > UNDERFIT:
        evidence = f"{_level(curves, last)} after no more than {len(curves.steps)} steps"
        if _hardly_moved(curves, last):
            return [_too_low(curves, "possible", f"{evidence}: it hardly moved"), _too_few(curves, "possible")]
        return [_too_few(curves, "likely", evidence), _too_low(curves)]
    # One epoch may be too few at any rate; each further one that leaves as much to learn speaks against the rate.
    if _crawls(curves, remaining, passes, underfit) and not _was_on_its_way(curves, last):
        hardly = fitting.remaining_of_start(curves, last) > HARDLY_MOVED
        smoothly = ", and it fell smoothly" if len(curves.epochs) > 1 or curves.steps else ""
        evidence = f"{_level(curves, last)} after {_epochs(curves)}{smoothly}"
        sure: Confidence = "likely" if remaining > UNFITTED or len(curves.epochs) > 1 else "possible"
        return [_too_low(curves, sure, evidence, 100 if hardly else 10), _too_few(curves, "possible")]
    if remaining > UNDERFIT and (last.train_loss_eval is not None or _still_above(curves, last)):
        return [_too_few(curves, "likely", f"{_level(curves, last)} after {_epochs(curves)}"), _too_low(curves)]
    return _stopped_early(curves, last)


def _crawls(curves: Curves, remaining: float, passes: float, underfit: float) -> bool:
    """Whether so much is left after so many passes that a higher rate is the likelier cure.

    Through the second pass the loss alone tells: what is right and not sure of it has learned from many small steps.
    """
    if 1 < passes < 2:
        remaining = max(remaining, fitting.fitted_to(curves) or 0.0)
    return remaining > max(UNFITTED / passes**2, underfit)


def _hardly_moved(curves: Curves, last: Epoch) -> bool:
    """Whether even a few steps ought to have moved the loss more; one that leapt is not where it was for being slow."""
    losses = [step.loss for step in curves.steps if step.loss is not None]
    if len(losses) < STEPS_TO_MOVE or max(losses) > SPIKE * losses[0] or fitting.learned(curves, last.error):
        return False
    return fitting.remaining_of_start(curves, last) > HARDLY_MOVED


def _need_not_fall(curves: Curves, last: Epoch) -> bool:
    """Whether what is left of the loss is not for want of steps; after a single epoch that cannot be said."""
    if fitting.is_printed_below(last) or fitting.stopped_falling(curves):
        return True
    return fitting.passes(curves) > 1 and fitting.as_sure_as_it_may_be(curves, last)


def _was_on_its_way(curves: Curves, last: Epoch) -> bool:
    """Whether a single epoch, printed alone, made the network right more often than not, its loss well on the way."""
    if last.train_loss_eval is not None or not curves.guessing_error or last.error is None or curves.regression:
        return False
    learned = last.error < WORSE_THAN_HALF_GUESSING * curves.guessing_error
    return learned and _still_above(curves, last) and (last.train_loss or 0) > WELL_ABOVE * (last.valid_loss or 0)


def _still_above(curves: Curves, last: Epoch) -> bool:
    """Whether the printed training loss of a single epoch is above the validation loss."""
    return len(curves.epochs) == 1 and (last.train_loss or 0.0) > (last.valid_loss or math.inf)


def _stopped_early(curves: Curves, last: Epoch) -> list[Finding]:
    """A single epoch: its printed training loss, a mean over an epoch that began with nothing, tells."""
    if len(curves.epochs) != 1 or curves.regression or last.train_loss is None or last.valid_loss is None:
        return []
    if last.train_loss <= PRINTED_GAP * last.valid_loss:
        return []
    evidence = (
        f"a single epoch, in which the training loss fell from far above: {numbers.loss(last.train_loss)} on average, "
        f"and the validation loss is {numbers.loss(last.valid_loss)} after it"
    )
    return [_too_few(curves, "likely", evidence), _too_low(curves)]


def _without_guessing(curves: Curves, last: Epoch) -> list[Finding]:
    """The number of classes is unknown: only a long crawl at a high error tells, by ratios alone."""
    losses = curves.column("valid_loss")
    if last.error is None or last.error < CRAWLING_ERROR or fitting.has_gap(last):
        return _stopped_early(curves, last)
    if len(losses) < 3:
        return _stopped_early(curves, last) or [_too_little(curves, last)]
    falling = all(b <= a for a, b in itertools.pairwise(losses))
    above = last.train_loss is None or last.train_loss > losses[-1]
    if not (falling and above and losses[-1] > (1 - CRAWLING) * losses[0]):
        return [_too_little(curves, last)] if last.error > SPOILT_ERROR else []
    evidence = (
        f"the validation loss fell by {numbers.percent(1 - losses[-1] / losses[0])} in {len(losses)} epochs and the "
        f"error is still {numbers.percent(last.error)}"
    )
    return [_too_low(curves, "possible", evidence), _too_few(curves, "possible")]


def _too_low(curves: Curves, confidence: Confidence = "possible", evidence: str = "", factor: int = 10) -> Finding:
    overrides = advice.times_rate(curves, factor)
    times = "A hundred times the rate" if factor == 100 else "Ten times the rate"
    return Finding(
        "learning_rate_too_low",
        confidence,
        (evidence,) if evidence else ("if more epochs only crawl on, the rate is too low",),
        f"{times}{': ' + advice.change(curves, overrides) if overrides else ''}.",
        overrides,
    )


def _too_few(curves: Curves, confidence: Confidence, evidence: str = "") -> Finding:
    count = twice = 2 * advice.epochs_of(curves)
    if 0 < len(curves.steps) < EPOCH_STEPS:
        count = max(twice, math.ceil(ENOUGH_STEPS * len(curves.epochs) / len(curves.steps)))
    overrides = advice.epochs(curves, count)
    more = "Twice as many epochs" if count == twice else "More epochs"
    return Finding(
        "too_few_epochs",
        confidence,
        (evidence,) if evidence else ("if a higher rate does not help, it was stopped too early",),
        f"{more}: {advice.change(curves, overrides)}. If that crawls, a higher rate.",
        overrides,
    )


def _too_little(curves: Curves, last: Epoch) -> Finding:
    evidence = (
        f"{numbers.error(last.error or 0.0, False)} after {_epochs(curves)}: whether that is near guessing cannot be "
        "told as long as the number of classes is unknown"
    )
    return Finding("inconclusive", "certain", (evidence,), "Say how many classes there are: --classes N.")


def _by_the_error_alone(curves: Curves, last: Epoch) -> list[Finding]:
    """Without a validation loss: an error near guessing's is no health, and has two causes."""
    guess = curves.guessing_error
    if last.error is None or not guess or curves.regression or last.error < WORSE_THAN_HALF_GUESSING * guess:
        return []
    evidence = (
        f"{numbers.error(last.error, False)} after {_epochs(curves)} (guessing gives {numbers.percent(guess)}), and no "
        "validation loss is recorded that would tell a rate that is too high from one that is too low"
    )
    return [Finding("inconclusive", "certain", (evidence,), "Record the validation loss, too.")]


def _level(curves: Curves, last: Epoch) -> str:
    loss, name = (last.valid_loss, "validation") if last.train_loss_eval is None else (last.train_loss_eval, "training")
    # Four digits: 2.289 and 2.293 are the same to three, and it is their difference that matters.
    beside = f" and validation loss {last.valid_loss:.4g}" if name == "training" else ""
    return f"{name} loss {loss:.4g}{beside} (guessing gives {curves.guessing_loss:.4g})"


def _epochs(curves: Curves) -> str:
    return "one epoch" if len(curves.epochs) == 1 else f"{len(curves.epochs)} epochs"
