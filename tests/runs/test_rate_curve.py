"""The curve of a range test: smoothing, when it is over, its file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from experiments.runs.rate_curve import SETTLING, RateCurve


def curve_of(*losses: float) -> RateCurve:
    curve = RateCurve()
    for number, loss in enumerate(losses):
        curve.add(10.0 ** (number / 12 - 7), loss)
    return curve


def test_the_average_weighs_earlier_losses_by_powers_of_098_and_does_not_begin_at_zero() -> None:
    curve = curve_of(3.0, 5.0, 1.0)
    weights = [0.98**2, 0.98, 1.0]
    expected = sum(w * loss for w, loss in zip(weights, [3.0, 5.0, 1.0], strict=True)) / sum(weights)
    assert [step.smoothed for step in curve][:1] == pytest.approx([3.0])
    assert curve.steps[2].smoothed == pytest.approx(expected)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_it_at_once(loss: float) -> None:
    assert not curve_of(2.0).is_over
    assert curve_of(2.0, loss).is_over
    assert math.isnan(curve_of(2.0, loss).steps[-1].smoothed)


def test_four_times_the_best_smoothed_loss_ends_it_and_not_before() -> None:
    curve = curve_of(*[1.0] * 20)
    while not curve.is_over:
        assert curve.steps[-1].smoothed <= 4.0
        curve.add(1.0, 20.0)
    assert curve.steps[-1].smoothed > 4.0
    assert len(curve) < 30


def test_one_lucky_batch_at_the_beginning_is_no_best_to_compare_with() -> None:
    curve = curve_of(0.01)
    for _ in range(40):
        curve.add(1e-6, 2.0)
        assert not curve.is_over


def test_only_finite_steps_behind_the_first_ones_are_compared() -> None:
    curve = curve_of(*[1.0] * (SETTLING + 3), math.nan)
    assert len(curve.settled) == 3
    assert curve_of(*[1.0] * SETTLING).settled == []


def test_the_file_has_a_row_a_step_and_says_what_is_not_finite(tmp_path: Path) -> None:
    curve = curve_of(2.0, math.inf)
    curve.write(tmp_path / "lr_find.csv")
    with (tmp_path / "lr_find.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"step": "1", "lr": "1e-07", "loss": "2.0", "smoothed": repr(curve.steps[0].smoothed)}
    assert (rows[1]["step"], rows[1]["loss"], rows[1]["smoothed"]) == ("2", "inf", "nan")
