"""The rate and the momentum: the shapes, and that the optimizer uses what is recorded."""

import math
from pathlib import Path

import numpy as np
import pytest
from spy_optimizer import SpyAdamW
from typed import LAB, SMALL, column, fit_typed

from experiments.training.schedules import Constant, Cosine, OneCycle


def lesson(number: int, steps: int, lowest_first: float, highest: float, lowest_last: float) -> float:
    """Cosines from the first value to the middle one over 30 % of the steps, and on to the last."""
    progress = number / (steps - 1)
    if progress < 0.3:
        return lowest_first + (highest - lowest_first) * (1 - math.cos(math.pi * progress / 0.3)) / 2
    return highest + (lowest_last - highest) * (1 - math.cos(math.pi * (progress - 0.3) / 0.7)) / 2


def test_one_cycle_starts_peaks_and_ends_as_the_lesson_says() -> None:
    schedule = OneCycle()
    assert schedule(0.0) == pytest.approx((1 / 25, 0.95))
    assert schedule(0.3) == pytest.approx((1.0, 0.85))
    assert schedule(1.0) == pytest.approx((1 / 250_000, 0.95))
    assert schedule(0.15) == pytest.approx(((1 + 1 / 25) / 2, 0.90))
    assert schedule(0.65) == pytest.approx(((1 + 1 / 250_000) / 2, 0.90))


def test_one_cycle_momentum_goes_the_other_way() -> None:
    settings = [OneCycle()(n / 100) for n in range(101)]
    factors, momenta = np.diff([s.factor for s in settings]), np.diff([s.momentum or 0 for s in settings])
    assert (factors[:30] > 0).all()
    assert (factors[30:] < 0).all()
    assert (np.sign(factors) == -np.sign(momenta)).all()


def test_one_cycle_takes_other_numbers() -> None:
    schedule = OneCycle(rise_fraction=0.5, start_divisor=10, end_divisor=100, momentum=(0.9, 0.5))
    assert schedule(0.0) == pytest.approx((0.1, 0.9))
    assert schedule(0.5) == pytest.approx((1.0, 0.5))
    assert schedule(1.0) == pytest.approx((0.01, 0.9))


def test_cosine_falls_from_the_full_rate_to_nothing() -> None:
    assert [Cosine()(p).factor for p in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.5, 0.0])
    assert Cosine()(0.25).factor == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert Cosine()(0.5).momentum is None


def test_constant_changes_nothing() -> None:
    assert {Constant()(n / 10) for n in range(11)} == {(1.0, None)}


def test_a_run_records_the_one_cycle_that_the_optimizer_used(tmp_path: Path) -> None:
    words = ["dataset.subset_fraction=0.5", "model=linear", "optimizer=spy", "schedule.epochs=3", "optimizer.lr=0.02"]
    run = fit_typed(tmp_path, "--config-dir", LAB, *words).run
    recorded = column(run / "steps.csv", "lr")
    assert recorded == [rate for rate, _ in SpyAdamW.used]
    steps = len(recorded)
    assert steps == 3 * 11
    np.testing.assert_allclose(recorded, [lesson(n, steps, 0.02 / 25, 0.02, 0.02 / 250_000) for n in range(steps)])
    np.testing.assert_allclose(
        [beta for _, beta in SpyAdamW.used], [lesson(n, steps, 0.95, 0.85, 0.95) for n in range(steps)]
    )
    assert recorded[0] == pytest.approx(0.02 / 25)
    assert recorded[-1] == pytest.approx(0.02 / 250_000)
    assert int(np.argmax(recorded)) == round(0.3 * (steps - 1))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("constant", [0.003] * 4), ("cosine", [0.003 * (1 + math.cos(math.pi * n / 3)) / 2 for n in range(4)])],
)
def test_a_run_follows_the_other_schedules(tmp_path: Path, schedule: str, expected: list[float]) -> None:
    words = ["--config-dir", LAB, *SMALL, f"schedule={schedule}", "optimizer=spy"]
    run = fit_typed(tmp_path, *words).run
    recorded = column(run / "steps.csv", "lr")
    assert recorded == [rate for rate, _ in SpyAdamW.used]
    assert recorded == pytest.approx(expected, abs=1e-12)
    assert {beta for _, beta in SpyAdamW.used} == {0.95}


def test_gradient_descent_without_momentum_stays_plain_in_one_cycle(tmp_path: Path) -> None:
    """Its momentum is 0 throughout; by hand, each step is the recorded rate times the gradient."""
    import torch

    from experiments.data.line import Line
    from experiments.training.weights import read_model_weights

    run = fit_typed(tmp_path, "recipe=line", "schedule=one_cycle", "schedule.epochs=10").run
    rates = column(run / "steps.csv", "lr")
    np.testing.assert_allclose(rates, [lesson(n, 10, 0.1 / 25, 0.1, 0.1 / 250_000) for n in range(10)])
    pool = Line().load()
    train = [n for n, side in enumerate(pool.splits or []) if side == "train"]
    x, y = pool.inputs[train].double().numpy(), pool.targets[train].double().numpy()
    weights = np.array([[-1.0], [1.0]])
    for rate in rates:
        weights -= rate * 2 / len(x) * x.T @ (x @ weights - y)
    found = read_model_weights(run / "model")["layer.weight"]
    assert found.dtype is torch.float32
    np.testing.assert_allclose(found.numpy().ravel(), weights.ravel(), rtol=1e-5)
