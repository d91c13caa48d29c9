"""The settings of the next run, as they are typed; none where the present setting is not known."""

from __future__ import annotations

from experiments.diagnosis import numbers
from experiments.diagnosis.course import Course
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.phases import is_unfrozen


def rate_of(curves: Curves) -> float | None:
    """The configured learning rate (of an unfrozen phase its highest), else the highest that was recorded."""
    if curves.learning_rate is not None:
        return curves.learning_rate
    recorded = [s.learning_rate for s in curves.steps] or [e.learning_rate for e in curves.epochs]
    known = [rate for rate in recorded if rate]
    return max(known) if known else None


def epochs_of(curves: Curves) -> int:
    """The planned epochs of the first phase, else those that were trained; of the unfrozen one where it is all."""
    return curves.unfrozen_epochs if is_unfrozen(curves) else curves.first_epochs


def times_rate(curves: Curves, factor: float) -> tuple[str, ...]:
    """The rate times `factor`, to one significant digit; no step up leads beyond half the critical rate.

    Of an unfrozen phase the spread rates, which say nothing of the phase before it.
    """
    if is_unfrozen(curves):
        spread = curves.unfrozen_rates
        typed = ",".join(numbers.rate(multiple * factor) for multiple in spread or ())
        return (f"schedule.unfrozen_lr=[{typed}]",) if typed else ()
    rate = rate_of(curves)
    if not rate:
        return ()
    proposed = rate * factor
    if factor > 1 and curves.critical_rate:
        proposed = min(proposed, curves.critical_rate / 2)
        if proposed <= rate:
            return ()
    return (f"optimizer.lr={numbers.rate(proposed)}",)


def epochs(curves: Curves, count: int) -> tuple[str, ...]:
    """So many epochs in the place of `epochs_of`."""
    key = "schedule.unfrozen_epochs" if is_unfrozen(curves) else "schedule.epochs"
    return (f"{key}={max(count, 1)}",)


def stop_after(curves: Curves, count: int) -> tuple[str, ...]:
    """No more than the first `count` epochs, of whichever phase the last of them is."""
    first = curves.first_epochs
    if count > first:
        return (f"schedule.unfrozen_epochs={count - first}",)
    frozen = (f"schedule.epochs={max(count, 1)}",)
    return (*frozen, "schedule.unfrozen_epochs=0") if curves.unfrozen_epochs else frozen


def lower_rate(curves: Curves, seen: Course | None) -> tuple[str, ...]:
    """A rate that will not leap: a tenth, or a third of the rate at which the loss was lowest before its leap.

    Where the rate rises during training, its course is a range test: "the minimum over ten" and "a little before
    the minimum" are its usual readings (Smith, Cyclical Learning Rates, 2017). Never below a hundredth.
    """
    rate = rate_of(curves)
    if not rate:
        return ()
    lower = rate / 10
    if seen and seen.leap_from_rate:
        lower = min(lower, seen.leap_from_rate / 3)
    lower = max(lower, rate / 100)
    if curves.critical_rate:
        lower = min(lower, curves.critical_rate / 2)
    return times_rate(curves, lower / rate)


WORDS = {"optimizer.lr": "learning rate", "schedule.epochs": "epochs"}


def change(curves: Curves, overrides: tuple[str, ...], otherwise: str = "") -> str:
    """The settings as they are typed, in words for a training that was not one of ours; `otherwise` without any."""
    if not overrides:
        return otherwise
    if curves.own:
        return " ".join(overrides)
    pairs = (text.partition("=") for text in overrides)
    return ", ".join(f"{WORDS.get(key, key)} {value}" for key, _, value in pairs)
