"""How well the training images are known: what is left of the loss, and whether it still falls."""

from __future__ import annotations

import math

from experiments.diagnosis.course import course
from experiments.diagnosis.curves import Curves, Epoch
from experiments.diagnosis.thresholds import (
    AT_REST,
    EPOCH_STEPS,
    FELL,
    KNOWS_LITTLE,
    LEAST_EPOCHS,
    NO_GAP,
    NOT_RECOVERED,
    STOPPED_FALLING,
    STOPPED_LONG_AGO,
    STUCK,
    UNFITTED,
    UNSURE,
    WORSE_THAN_HALF_GUESSING,
    WORTH_MENTIONING,
)


def remaining(curves: Curves, last: Epoch) -> float | None:
    """What is left of guessing's loss on the training images in evaluation mode, else on the validation images.

    Where most of the images are right, it is the geometric mean of what is left of the loss and of the error: smoothed
    labels and a few wrong and sure images keep a loss high in a network that is well trained.
    """
    guess = curves.guessing_loss
    if curves.regression and curves.before and curves.before.valid_loss and guess:
        guess = max(guess, curves.before.valid_loss)
    if not guess or last.valid_loss is None:
        return None
    evaluated = last.train_loss_eval is not None
    loss = (last.train_loss_eval if last.train_loss_eval is not None else last.valid_loss) / guess
    error = last.train_error if evaluated and last.train_error is not None else last.error
    if error is None or not curves.guessing_error or curves.regression:
        return loss
    share = error / curves.guessing_error
    return loss if share > KNOWS_LITTLE else math.sqrt(loss * share)


def as_sure_as_it_may_be(curves: Curves, last: Epoch) -> bool:
    """Whether the loss is no higher than the errors warrant, where the network is right more often than not.

    A calibrated network that errs with the share e, and does not know which of the other C - 1 classes it is then, has
    the loss -(1 - e) ln(1 - e) - e ln(e / (C - 1)): its entropy. One that has not been fitted is less sure than that;
    one that is as sure has learned what it can, and the rest is for want of right labels, data or a larger network.
    """
    if curves.regression or not curves.classes or not curves.guessing_loss or not curves.guessing_error:
        return False
    evaluated = last.train_loss_eval is not None and last.train_error is not None
    loss, error = (last.train_loss_eval, last.train_error) if evaluated else (last.valid_loss, last.error)
    if loss is None or error is None or error > WORSE_THAN_HALF_GUESSING * curves.guessing_error:
        return False
    right, wrong = 1 - error, max(error, 1e-9)
    entropy = -right * math.log(right) - wrong * math.log(wrong / (curves.classes - 1))
    return loss - entropy < UNSURE * curves.guessing_loss


def remaining_of_start(curves: Curves, last: Epoch) -> float:
    """The final loss over the one before training (guessing's where that is not recorded, or lower).

    A new head on a body's features begins in evaluation mode with several times guessing's loss: its batch norm does
    not know them yet. That it has learned their mean and variance says nothing about the rate.
    """
    before, guess = curves.before, None if curves.regression else curves.guessing_loss
    if before and before.train_loss_eval and last.train_loss_eval is not None:
        return last.train_loss_eval / min(before.train_loss_eval, guess or math.inf)
    start = (before.valid_loss if before else None) or curves.guessing_loss
    return (last.valid_loss or 0.0) / min(start, guess or math.inf) if start else 0.0


def passes(curves: Curves) -> float:
    """Epochs, each of fewer than EPOCH_STEPS steps counting as a part of one."""
    count = len(curves.epochs)
    return min(count, len(curves.steps) / EPOCH_STEPS) if curves.steps else count


def has_gap(last: Epoch) -> bool:
    """Whether the training images are known better than the others: then it is not for want of fitting.

    The printed training loss errs upwards while it falls, so where it is lower the true one is, too.
    """
    loss = last.train_loss_eval if last.train_loss_eval is not None else last.train_loss
    return loss is not None and last.valid_loss is not None and loss < NO_GAP * last.valid_loss


def is_printed_below(last: Epoch) -> bool:
    """Whether even the printed training loss is below the validation loss: then the true one is well below."""
    return last.train_loss_eval is None and (last.train_loss or math.inf) < (last.valid_loss or 0.0)


def came_to_rest(curves: Curves) -> bool:
    """Whether a regression's training loss fell and then did not move any more: neither rate nor epochs are missing."""
    losses, before = curves.column("train_loss_eval"), curves.before
    start = before.train_loss_eval if before else None
    if not curves.regression or not start or len(losses) < LEAST_EPOCHS or not all(map(math.isfinite, losses)):
        return False
    late, end = losses[len(losses) // 2 :], losses[-1]
    # Where weight decay holds it back it may rest above where it began: then the rate must be worth mentioning.
    known = curves.critical_rate is not None and (curves.learning_rate or 0.0) > WORTH_MENTIONING * curves.critical_rate
    return (end < FELL * start or known) and max(late) - min(late) < AT_REST * end


def stopped_falling(curves: Curves) -> bool:
    """Whether the loss fell long ago and stays where it is."""
    if curves.regression:
        return False
    seen = course(curves)
    if seen is not None and len(curves.steps) >= EPOCH_STEPS:
        return seen.first_half is not None and seen.first_half > STOPPED_FALLING
    losses, start = curves.column("train_loss_eval") or curves.column("valid_loss"), curves.guessing_loss
    if len(losses) < LEAST_EPOCHS or start is None or losses[-1] >= start:
        return False
    return (start - losses[len(losses) // 2 - 1]) / (start - losses[-1]) > STOPPED_LONG_AGO


def fitted_to(curves: Curves) -> float | None:
    """The final training loss in guessing's: in evaluation mode where recorded, else as printed, else on the others."""
    last, guess = curves.last, curves.guessing_loss
    if last is None or not guess:
        return None
    known = [loss for loss in (last.train_loss_eval, last.train_loss, last.valid_loss) if loss is not None]
    return known[0] / guess if known else None


def unfitted(curves: Curves) -> bool:
    """Whether the training images are hardly known at all."""
    fitted = fitted_to(curves)
    return fitted is not None and fitted > UNFITTED


def known_well(curves: Curves) -> bool:
    """Whether the training images are: then a high validation loss has other reasons."""
    fitted = fitted_to(curves)
    return fitted is not None and fitted < STUCK


def unmended(curves: Curves) -> bool:
    """Whether too much of the loss is left for a leap to have been made good."""
    fitted = fitted_to(curves)
    return fitted is None or fitted > NOT_RECOVERED


def learned(curves: Curves, error: float | None) -> bool:
    """Whether a network with this error is right more often than not."""
    guess = curves.guessing_error
    if error is None or not guess or curves.regression:
        return False
    return error < WORSE_THAN_HALF_GUESSING * guess


def learned_before(curves: Curves) -> bool:
    """Whether the run knew a good deal until late and then forgot it: a collapse, which has a rule of its own.

    What is spoilt in the first half, while the rate rises, is spoilt by a rate that is too high.
    """
    knew = [learned(curves, error) for error in curves.column("error")]
    if not any(knew) or knew[-1]:
        return False
    return 2 * max(epoch for epoch, known in enumerate(knew, 1) if known) > len(knew)
