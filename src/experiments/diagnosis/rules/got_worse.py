"""The error improved for a while, then got worse, by more than noise: this alone is overfitting."""

from __future__ import annotations

import math

from experiments.diagnosis import advice, numbers
from experiments.diagnosis.curves import Curves, smoothed
from experiments.diagnosis.findings import Finding
from experiments.diagnosis.phases import phases, where
from experiments.diagnosis.rise import Rise, rise_of
from experiments.diagnosis.thresholds import (
    BEYOND_NOISE,
    COLLAPSED,
    COLLAPSED_ALONG,
    FALLS_ON,
    LABELS_WRONG,
    NOT_RECOVERED,
    OVER_CONFIDENT,
    PRINTED_COLLAPSED,
    SMOOTHING,
)

TRAINING = {"train_error": "training error", "train_loss_eval": "training loss", "train_loss": "printed training loss"}
"""What tells how well the training images are known, the best first."""


def error_got_worse(curves: Curves) -> Finding | None:
    """By the error rate, never by the gap and never by the validation loss."""
    rise = rise_of(curves)
    if rise is None or _cut_off_at_a_high_rate(curves):
        return None
    evidence = (
        f"{numbers.error(rise.lowest, curves.regression)} around epoch {rise.epoch}{where(curves, rise.epoch)}, "
        f"{numbers.error(rise.end, curves.regression)} at the end; noise explains "
        f"{numbers.loss(rise.noise) if curves.regression else numbers.percent(rise.noise)}"
    )
    forgetting = _training_got_worse(curves, rise)
    if forgetting:
        overrides = advice.times_rate(_where_it_rose(curves, rise), 1 / 3)
        if curves.own and curves.schedule == "Constant":
            overrides += ("schedule=one_cycle",)
        return Finding(
            "late_collapse",
            "likely",
            (evidence, forgetting),
            "It forgets what it knew: a lower rate, or one that is annealed to nothing at the end"
            f"{': ' + advice.change(curves, overrides) if overrides else ''}.",
            overrides,
        )
    stop = advice.stop_after(curves, rise.epoch)
    return Finding(
        "too_many_epochs",
        "certain" if rise.height > 2 * rise.noise else "likely" if rise.height > rise.noise else "possible",
        (evidence, *_training_goes_on(curves, rise)),
        f"Stop there: {advice.change(curves, stop)}. Then more data, or regularise (augmentation, "
        "dropout, weight decay).",
        stop,
    )


def noisy_labels(curves: Curves) -> Finding | None:
    """Training and validation errors alike and well above zero at the best epoch; then one falls, the other rises."""
    rise = rise_of(curves)
    errors = curves.column("train_error")
    if rise is None or curves.regression or not errors or _cut_off_at_a_high_rate(curves):
        return None
    smooth = smoothed(errors, SMOOTHING)
    at_best, at_end = smooth[rise.epoch - 1], smooth[-1]
    close = abs(at_best - rise.lowest) < BEYOND_NOISE * math.sqrt(2) * curves.error_noise(rise.lowest)
    if at_best < LABELS_WRONG or not close or at_end > FALLS_ON * at_best:
        return None
    return Finding(
        "noisy_labels",
        "possible",
        (
            f"around epoch {rise.epoch} the training error is {numbers.percent(at_best)} and the validation error "
            f"{numbers.percent(rise.lowest)}; then the one falls to {numbers.percent(at_end)} while the other rises: "
            "what is left to learn may be wrong labels",
        ),
        "Look at the images with the highest loss (predictions.csv, sorted by loss) and mend their labels.",
    )


def over_confident(curves: Curves) -> str | None:
    """A note: the validation loss rose and the error did not."""
    losses = curves.column("valid_loss")
    if curves.regression or len(losses) < SMOOTHING or not curves.column("error") or rise_of(curves) is not None:
        return None
    smooth = smoothed(losses, SMOOTHING)
    lowest = min(smooth)
    if smooth[-1] <= OVER_CONFIDENT * lowest:
        return None
    return (
        f"over-confidence: the validation loss rose from {numbers.loss(lowest)} (epoch {smooth.index(lowest) + 1}) to "
        f"{numbers.loss(smooth[-1])} (means of {SMOOTHING} epochs), but the error did not rise beyond noise: it is "
        "surer of its mistakes, not wrong more often"
    )


def _training(curves: Curves) -> tuple[str, list[float]]:
    """How well the training images are known, by the best record of it: its name in words, and its values."""
    for name, words in TRAINING.items():
        values = curves.column(name)
        if values:
            return words, values
    return "", []


def _training_got_worse(curves: Curves, rise: Rise) -> str | None:
    """Whether the training images are known worse, too, than at the best epoch; how that is seen."""
    words, values = _training(curves)
    if not values:
        return None
    smooth = smoothed(values, SMOOTHING)
    then, now = smooth[rise.epoch - 1], smooth[-1]
    if words == TRAINING["train_error"]:
        worse = now - then > COLLAPSED_ALONG * rise.height
    else:
        least = COLLAPSED if words == TRAINING["train_loss_eval"] else PRINTED_COLLAPSED
        worse = now > least * then and now > NOT_RECOVERED * (curves.guessing_loss or 0.0)
    return f"the {words} rose too, from {numbers.loss(then)} to {numbers.loss(now)}" if worse else None


def _training_goes_on(curves: Curves, rise: Rise) -> tuple[str, ...]:
    words, values = _training(curves)
    if not values:
        return ()
    then, now = values[rise.epoch - 1], values[-1]
    return (f"the {words} {'fell on' if now < then else 'went'} from {numbers.loss(then)} to {numbers.loss(now)}",)


def _where_it_rose(curves: Curves, rise: Rise) -> Curves:
    """The phase whose rate is to blame: the last one where the error was lowest at its beginning or later."""
    found = phases(curves)
    return found[-1] if rise.epoch >= curves.first_epochs else found[0]


def _cut_off_at_a_high_rate(curves: Curves) -> bool:
    """Whether the run was stopped in the high-rate middle of an annealed schedule, where errors are high for a time."""
    planned = curves.planned_epochs
    if not planned or len(curves.epochs) >= planned or curves.schedule == "Constant":
        return False
    return phases(curves)[-1].annealed is False
