"""Which rates a curve suggests, and when it suggests none."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from experiments.diagnosis.rate_suggestions import (
    Suggestions,
    climb,
    longest_fall,
    minimum_tenth,
    steepest,
    suggest,
    typable,
    valley,
)
from experiments.runs.rate_curve import RateCurve, RateStep

RATES = [float(rate) for rate in np.geomspace(1e-7, 10, 100)]


def stepped(*smoothed: float) -> list[RateStep]:
    """A step for each, half a decade apart from 1e-5."""
    return [RateStep(10 ** (number / 2 - 5), value, value) for number, value in enumerate(smoothed)]


def curve_of(loss_at: object, noise: float = 0.0, seed: int = 1) -> RateCurve:
    assert callable(loss_at)
    draw = random.Random(seed)
    curve = RateCurve()
    for rate in RATES:
        curve.add(rate, loss_at(rate) + draw.gauss(0, noise))
        if curve.is_over:
            break
    return curve


def falling(middle: float, bottom: float = 0.2, top: float = 2.3) -> object:
    """Falls around a rate along a logistic in its logarithm, explodes at a hundred times it."""

    def loss(rate: float) -> float:
        fall = top - (top - bottom) / (1 + (middle / rate) ** 2)
        return fall + (1e3 * rate / middle if rate > 100 * middle else 0.0)

    return loss


def test_the_steepest_slope_is_the_one_per_decade() -> None:
    # Per plain unit of the rate the first fall would be a hundred times steeper than the second.
    assert steepest(stepped(2.0, 1.9, 1.8, 1.8, 1.3, 0.8, 0.8)) == pytest.approx(10**-3.0)


def test_the_valley_lies_two_thirds_along_the_longest_fall_in_decades() -> None:
    steps = stepped(1.0, 5.0, 4.0, 3.0, 3.5, 2.0, 4.0, 5.0)
    assert longest_fall([step.smoothed for step in steps]) == (1, 5)
    assert valley(steps) == pytest.approx(10 ** (-4.5 + 2 / 3 * 2.0))


def test_a_tenth_of_the_minimum() -> None:
    assert minimum_tenth(stepped(3.0, 2.0, 1.0, 4.0)) == pytest.approx(10**-5.0)


@pytest.mark.parametrize(("values", "ends"), [([1.0], (0, 0)), ([1.0, 2.0, 3.0], (0, 0)), ([3.0, 1.0, 2.0], (0, 1))])
def test_the_longest_fall_of_what_hardly_falls(values: list[float], ends: tuple[int, int]) -> None:
    assert longest_fall(values) == ends


def test_the_climb_begins_behind_the_last_loss_that_is_not_above_the_first() -> None:
    assert climb(stepped(2.0, 2.0, 2.0, 3.0, 1.0, 2.03, 2.5, 4.0)) == pytest.approx(10**-2.0)
    assert climb(stepped(2.0, 2.0, 2.0, 3.0, 1.0)) is None


def test_what_noise_alone_does_is_no_climb() -> None:
    assert climb(stepped(2.0, 2.3, 1.9, 2.2, 2.1, 2.4, 2.2, 2.3)) is None


@pytest.mark.parametrize("middle", [1e-4, 1e-2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clear_fall_suggests_the_middle_of_three_rates_near_it(middle: float, seed: int) -> None:
    found = suggest(curve_of(falling(middle), noise=0.05, seed=seed))
    three = [found.steepest, found.valley, found.minimum_tenth]
    rates = sorted(rate for rate in three if rate is not None)
    assert len(rates) == 3
    assert found.suggested == typable(rates[1])
    assert middle / 3 < rates[1] < 30 * middle
    assert found.climbs is not None
    assert found.climbs > 100 * middle


def test_rates_within_a_decade_agree_and_others_are_a_sentence() -> None:
    one = suggest(curve_of(falling(1e-3)))
    assert (one.agree, one.notes) == (True, [])
    plateau = curve_of(lambda rate: 2.0 - 1.9 / (1 + (1e-4 / rate) ** 2) + (1e4 if rate > 2 else 0.0))
    other = suggest(plateau)
    assert other.agree is False
    assert other.steepest is not None
    assert other.minimum_tenth is not None
    assert other.minimum_tenth > 10 * other.steepest
    assert other.notes[0].startswith(
        f"The rules disagree by more than a decade, {other.steepest:.2g} to {other.minimum_tenth:.2g}: "
    )


def test_a_loss_that_never_climbs_is_said() -> None:
    found = suggest(curve_of(lambda rate: 2.0 - 1.9 / (1 + 0.1 / rate)))
    assert found.climbs is None
    assert found.notes[-1] == "The loss still falls at 10, the highest rate: where it climbs is not known."


@pytest.mark.parametrize("seed", range(10))
def test_noise_alone_suggests_nothing(seed: int) -> None:
    found = suggest(curve_of(lambda _: 2.3, noise=0.3, seed=seed))
    assert (found.steepest, found.valley, found.minimum_tenth, found.suggested, found.agree) == (None,) * 5
    assert found.notes[0].startswith("The curve is flat: the smoothed loss falls from 2.")


def test_a_constant_suggests_nothing() -> None:
    flat = (
        "The curve is flat: the smoothed loss falls from 0.7 to 0.7, no more than by chance: nothing can be suggested."
    )
    assert suggest(curve_of(lambda _: 0.7)) == Suggestions(notes=[flat])


def test_where_it_only_climbs_there_is_a_bound_and_no_suggestion() -> None:
    found = suggest(curve_of(lambda rate: 0.03 if rate < 1e-3 else 0.3))
    assert found.suggested is None
    assert found.climbs is not None
    assert found.climbs == pytest.approx(1e-3, rel=0.25)
    assert found.notes[1] == f"It climbs from {found.climbs:.2g} on: stay at a tenth of that, or below."


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([], "The test had no step, too short to tell: nothing can be suggested."),
        (
            [2.0] * 5 + [math.inf],
            "The test ended at 2.5e-07 after 6 steps, too short to tell: nothing can be suggested.",
        ),
    ],
)
def test_what_is_too_short_suggests_nothing(losses: list[float], said: str) -> None:
    curve = RateCurve()
    for rate, loss in zip(RATES, losses, strict=False):
        curve.add(rate, loss)
    assert suggest(curve) == Suggestions(notes=[said])


@pytest.mark.parametrize(("rate", "typed"), [(0.0347, "0.03"), (0.96, "1"), (1.4e-5, "1e-05"), (7.5, "8")])
def test_a_rate_that_can_be_typed_has_one_digit(rate: float, typed: str) -> None:
    assert f"{typable(rate):g}" == typed
