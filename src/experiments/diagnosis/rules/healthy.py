"""Nothing is wrong: why the usual worry is none, and what would change the verdict."""

from __future__ import annotations

import math

from experiments.diagnosis import advice, fitting, numbers
from experiments.diagnosis.course import course
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Finding
from experiments.diagnosis.phases import phases
from experiments.diagnosis.rules.got_worse import over_confident
from experiments.diagnosis.thresholds import (
    BEYOND_NOISE,
    ENOUGH_STEPS,
    IMBALANCE,
    KNOWN_BY_HEART,
    LONG_ENOUGH_STEPS,
    ROOM_FOR_RATE,
    TOO_STIFF,
    WELL_FITTED,
)


def healthy(curves: Curves) -> Finding:
    """With the next experiment, should the error still be too high."""
    last = curves.last
    evidence = []
    if last is not None and last.error is not None:
        evidence.append(
            f"{numbers.error(last.error, curves.regression)} after epoch {last.epoch}, and it did not get worse"
            f"{_before_unfreezing(curves)}"
        )
    elif last is not None and last.valid_loss is not None:
        evidence.append(
            f"validation loss {numbers.loss(last.valid_loss)} after epoch {last.epoch}; no error is recorded"
        )
    if last and last.train_loss is not None and last.valid_loss is not None and last.train_loss > last.valid_loss:
        evidence.append(
            "the printed training loss is above the validation loss: no alarm, it is a mean over the epoch, with "
            "dropout and augmentation on"
        )
    overrides = _next(curves)
    more = "more images, or augmentation"
    if curves.regression:
        stiff = (
            last is not None and fitting.came_to_rest(curves) and (fitting.remaining(curves, last) or 0.0) > TOO_STIFF
        )
        freer = (
            "less weight decay" if curves.configuration.get("optimizer.weight_decay") else "a model that can bend more"
        )
        more = f"{freer}, since the training loss came to rest this high" if stiff else "more points"
    further = (
        f"Should it do better still: {advice.change(curves, overrides)}." if overrides else f"For less error: {more}."
    )
    return Finding(
        "healthy",
        "likely",
        tuple(evidence),
        "Nothing went wrong. It would be too many epochs if the error rose again by more than noise. " + further,
        overrides,
    )


def _before_unfreezing(curves: Curves) -> str:
    """The error that the head alone reached, where more was trained after it."""
    before = phases(curves)[-1].before
    if len(phases(curves)) < 2 or before is None or before.error is None:
        return ""
    return f" ({numbers.score(before.error, curves.regression)} before the unfreezing, after epoch {before.epoch})"


def imbalance(curves: Curves) -> str | None:
    """A note on classes of very different sizes."""
    if len(curves.class_counts) < 2:
        return None
    largest = max(curves.class_counts, key=curves.class_counts.__getitem__)
    smallest = min(curves.class_counts, key=curves.class_counts.__getitem__)
    most, fewest = curves.class_counts[largest], curves.class_counts[smallest]
    if most < IMBALANCE * max(fewest, 1):
        return None
    return (
        f"class imbalance: {most} training images of {largest}, {fewest} of {smallest}. Mostly this does no harm; look "
        "at the error of the rare class before you do anything about it"
    )


def _next(curves: Curves) -> tuple[str, ...]:
    """Where to look for a lower error: a higher rate while there is room for it, else more epochs.

    Four times as many, since an error falls with the logarithm of the epochs: what twice as many bring is mostly
    hidden by noise. From a handful of steps up to eight times as many.
    """
    last, guess, seen = curves.last, curves.guessing_loss, [course(phase) for phase in phases(curves)]
    if curves.regression or last is None or not guess or last.train_loss_eval is None or not any(seen):
        return ()
    # More epochs would lead back to where the advice came from, or below what can be measured.
    if (curves.reason or "").startswith("too_many_epochs") or _is_all_but_perfect(curves):
        return ()
    remaining, calm = last.train_loss_eval / guess, all(one.leap < ROOM_FOR_RATE for one in seen if one)
    if remaining > WELL_FITTED and calm and len(curves.steps) > ENOUGH_STEPS:
        return advice.times_rate(curves, 10)
    if remaining < KNOWN_BY_HEART and calm:
        return advice.times_rate(curves, 3)
    if over_confident(curves):  # more of the same would make it surer still
        return ()
    count, steps_an_epoch = advice.epochs_of(curves), len(curves.steps) / len(curves.epochs)
    return advice.epochs(curves, max(4 * count, min(8 * count, math.ceil(LONG_ENOUGH_STEPS / steps_an_epoch))))


def _is_all_but_perfect(curves: Curves) -> bool:
    """Whether so few images are wrong that no other run could be better by more than noise."""
    error = curves.last.error if curves.last else None
    return error is not None and bool(curves.known_size) and error < BEYOND_NOISE * curves.error_noise(error)
