"""Numbers that may not move: a line against gradient descent by hand, and the default digits run."""

from itertools import pairwise

import numpy as np
import pytest
from typed import Typed, column, record, rows

from experiments.data.line import Line

# `experiments fit`: train_loss_eval, valid_loss, error_rate of epochs 0 to 4; two CPUs' instruction sets agree to 1e-3.
DIGITS = [
    (2.29926, 2.30256, 0.9139),
    (1.13348, 1.14777, 0.1722),
    (0.21041, 0.25304, 0.0639),
    (0.08303, 0.14590, 0.0389),
    (0.07832, 0.12063, 0.0361),
]
LESSON = [7.9356, 1.4609, 0.4824, 0.1995, 0.1147, 0.0893, 0.0816, 0.0793, 0.0786, 0.0784]


def descent(steps: int) -> tuple[list[float], np.ndarray]:
    """Gradient descent on the mean squared error from (-1, 1) at rate 0.1: the loss before each step, the end."""
    pool = Line().load()
    train = [n for n, side in enumerate(pool.splits or []) if side == "train"]
    x, y = pool.inputs[train].double().numpy(), pool.targets[train].double().numpy()
    weights, losses = np.array([[-1.0], [1.0]]), []
    for _ in range(steps):
        residual = x @ weights - y
        losses.append(float((residual**2).mean()))
        weights = weights - 0.1 * 2 / len(x) * x.T @ residual
    return losses, weights.ravel()


def test_a_line_is_gradient_descent_by_hand(line: Typed) -> None:
    losses, weights = descent(100)
    np.testing.assert_allclose(column(line.run / "steps.csv", "train_loss"), losses, rtol=1e-5)
    np.testing.assert_allclose(record(line.run)["coefficients"]["fitted"], weights, rtol=1e-5)


def test_a_lines_losses_have_the_lessons_shape(line: Typed) -> None:
    """The lesson's points are other points: the excess over the best possible loss falls at its pace."""
    losses = column(line.run / "steps.csv", "train_loss")[:100:10]
    assert losses[0] == pytest.approx(LESSON[0], rel=0.25)
    assert losses[-1] == pytest.approx(LESSON[-1], rel=0.25)
    ours, theirs = (np.array(curve[:6]) - curve[-1] for curve in (losses, LESSON))
    np.testing.assert_allclose(ours[1:] / ours[:-1], theirs[1:] / theirs[:-1], atol=0.15)
    assert all(later < earlier for earlier, later in pairwise(losses))


def test_a_line_ends_near_least_squares(line: Typed) -> None:
    coefficients = record(line.run)["coefficients"]
    assert coefficients["fitted"] == pytest.approx(coefficients["least_squares"], abs=1e-2)
    assert coefficients["least_squares"] == pytest.approx([3, 2], abs=0.2)
    assert coefficients["fitted"] != coefficients["least_squares"]


def test_the_default_digits_run(digits: Typed) -> None:
    history = rows(digits.run / "history.csv")
    assert len(history) == len(DIGITS)
    for row, (train, valid, error) in zip(history, DIGITS, strict=True):
        assert float(row["train_loss_eval"]) == pytest.approx(train, rel=0.05)
        assert float(row["valid_loss"]) == pytest.approx(valid, rel=0.05)
        assert float(row["error_rate"]) == pytest.approx(error, abs=0.01)
