"""What is known of gradient descent on a line: where it starts and ends, at which rate it diverges, what noise does."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from random import Random

import numpy as np
import pytest
from omegaconf import OmegaConf
from stacked_runs import Configuration, configuration, histories, together, varied
from torch import nn
from typed import Typed, column, record, rows

from experiments import compose, fit
from experiments.data.noise import Noise, draw_noise
from experiments.training.linear_in_parameters import critical_rate
from experiments.training.stacked.stack import make_stack
from experiments.training.weights import read_model_weights

Matrix = np.ndarray


def on_line(*overrides: str) -> Configuration:
    return configuration("recipe=line", *overrides)


def design(run: Path) -> tuple[Matrix, Matrix]:
    """X and y of the training points, as points.csv has them."""
    train = [row for row in rows(run / "points.csv") if row["split"] == "train"]
    names = [name for name in train[0] if name.startswith("layer.weight.")]
    return np.array([[float(row[name]) for name in names] for row in train]), np.array([float(r["y"]) for r in train])


def path(run: Path) -> Matrix:
    """The parameters before each step and after the last."""
    table = rows(run / "parameters.csv")
    return np.array([[float(row[name]) for name in row if name != "step"] for row in table])


def ends(configurations: list[Configuration]) -> Matrix:
    """The parameters that each ends with."""
    stack = make_stack(configurations)
    stack.descent.run()
    return np.array([stack.descent.trace.path(number)[-1] for number in range(len(configurations))])


# The lesson's line: from a loss near 8 to that of the noise.


@pytest.mark.parametrize("data_seed", [42, 0, 3, 4])
def test_the_loss_falls_from_eight_to_the_noise(data_seed: int) -> None:
    """Uniform noise of width 1 has the variance 1/12; on some points the step below 0.2 comes two steps later."""
    (history,) = histories([on_line(f"dataset.data_seed={data_seed}")])
    losses = [step.train_loss for step in history.steps]
    assert len(losses) == 100
    assert 6 < losses[0] < 10
    assert losses[30] < (0.2 if data_seed == 42 else 0.25)
    assert losses[-1] == pytest.approx(1 / 12, rel=0.15)


def test_the_coefficients_are_those_of_least_squares(line: Typed) -> None:
    points, targets = design(line.run)
    exact = np.linalg.lstsq(points, targets, rcond=None)[0]
    coefficients = record(line.run)["coefficients"]
    np.testing.assert_allclose(coefficients["least_squares"], exact, atol=1e-6)
    np.testing.assert_allclose(coefficients["fitted"], exact, atol=1e-2)
    np.testing.assert_allclose(exact, [3, 2], atol=0.1)


def test_each_step_is_the_rate_times_the_gradient(line: Typed) -> None:
    points, targets = design(line.run)
    weights, rates = path(line.run), column(line.run / "steps.csv", "lr")
    assert len(weights) == len(rates) + 1 == 101
    for before, after, rate in zip(weights, weights[1:], rates, strict=False):
        gradient = 2 / len(points) * points.T @ (points @ before - targets)
        np.testing.assert_allclose(after, before - rate * gradient, atol=1e-6)


def test_the_points_of_the_curve_have_no_y(line: Typed) -> None:
    table = rows(line.run / "points.csv")
    sides = [row["split"] for row in table]
    assert [sides.count(side) for side in ("train", "valid", "curve")] == [100, 100, 201]
    assert {row["y"] for row in table if row["split"] == "curve"} == {""}
    xs = [float(row["x"]) for row in table if row["split"] == "curve"]
    every = [float(row["x"]) for row in table if row["split"] != "curve"]
    np.testing.assert_allclose(xs, np.linspace(min(every), max(every), 201), atol=1e-6)


# The rate above which it diverges.


CRITICAL = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.9, 0.1)]
"""Momentum and weight decay."""


def critical(points: Matrix, momentum: float, weight_decay: float) -> float:
    """2 (1 + m) / (h + d) for the largest eigenvalue h of the Hessian of the mean squared error."""
    highest = np.linalg.eigvalsh(2 * points.T @ points / len(points))[-1]
    return float(2 * (1 + momentum) / (highest + weight_decay))


def test_run_json_has_the_critical_rate(tmp_path: Path) -> None:
    members = [varied(on_line("schedule.epochs=1"), momentum=m, weight_decay=d) for m, d in CRITICAL]
    runs = together(members, tmp_path)
    points, _ = design(runs[0])
    found = [record(run)["critical_rate"] for run in runs]
    assert found == pytest.approx([critical(points, m, d) for m, d in CRITICAL], rel=1e-6)
    assert found[1] == pytest.approx(1.5 * found[0])


@pytest.mark.parametrize(("momentum", "weight_decay"), CRITICAL)
def test_below_the_critical_rate_it_converges_and_above_it_diverges(
    line: Typed, momentum: float, weight_decay: float
) -> None:
    """After 100 steps at 0.99 and 1.01 times it, by the distance from where it would end after any number of steps."""
    points, targets = design(line.run)
    hessian = 2 * points.T @ points / len(points) + weight_decay * np.eye(2)
    goal = np.linalg.solve(hessian, 2 * points.T @ targets / len(points))
    rate = critical(points, momentum, weight_decay)
    base = varied(on_line(), momentum=momentum, weight_decay=weight_decay)
    below, above = (np.linalg.norm(end - goal) for end in ends([varied(base, lr=k * rate) for k in (0.99, 1.01)]))
    start = np.linalg.norm(path(line.run)[0] - goal)
    assert below < 0.2 * start
    assert above > start


def test_the_loss_at_the_critical_rate_goes_the_same_two_ways(line: Typed) -> None:
    points, targets = design(line.run)
    rate, least = critical(points, 0, 0), float(np.linalg.lstsq(points, targets, rcond=None)[1][0]) / len(points)
    members = [varied(on_line(), lr=k * rate) for k in (0.99, 1.01)]
    for history, ends_well in zip(histories(members), (True, False), strict=True):
        first, last = (history.epochs[epoch]["train_loss_eval"] - least for epoch in (0, -1))
        assert (last < 0.01 * first) if ends_well else (last > first)


@pytest.mark.parametrize(
    ("overrides", "known"),
    [
        (["dataset.batch_size=10"], False),
        (["dataset.batch_size=100"], True),  # all points there are
        (["schedule=one_cycle"], False),
        (["optimizer=adamw"], False),
        (["trainer.gradient_clip_val=1"], False),
    ],
)
def test_the_critical_rate_is_of_full_batch_gradient_descent(
    tmp_path: Path, line: Typed, overrides: list[str], known: bool
) -> None:
    composed = compose(["recipe=line", "schedule.epochs=1", *overrides])
    found = record(fit(composed, folder=tmp_path / "run", quiet=True).path)["critical_rate"]
    assert found == (record(line.run)["critical_rate"] if known else None)


def test_a_network_that_is_not_linear_has_no_critical_rate(small: Typed) -> None:
    run = record(small.run)
    assert run["critical_rate"] is None
    assert "coefficients" not in run
    assert not any((small.run / name).exists() for name in ("parameters.csv", "points.csv"))


class Normed(nn.Sequential):
    """A stranger's small network that keeps statistics of what it sees in training."""

    def __init__(self, input_shape: tuple[int, ...], output_size: int) -> None:
        super().__init__(nn.Linear(input_shape[0], 4), nn.BatchNorm1d(4), nn.Linear(4, output_size))


def test_a_small_network_with_batch_norm_is_trained_as_any_other(tmp_path: Path) -> None:
    own = {**on_line("schedule.epochs=2"), "model": {"_target_": f"{__name__}.Normed"}}
    run = fit(OmegaConf.create(own), folder=tmp_path / "run", quiet=True)
    assert run.status == "finished"
    assert run.record["critical_rate"] is None
    weights = read_model_weights(run.path / "model")
    assert weights["1.num_batches_tracked"] == 2, "only training counts"


def test_neither_the_first_weights_nor_the_targets_change_the_critical_rate(line: Typed) -> None:
    """The Hessian of a linear network is that of its inputs alone, wherever one stands."""
    for word in ("model.initial=null", "model.initial=[5,-7]", "dataset.slope=9", "dataset.noise_width=3"):
        design = make_stack([on_line(word)]).designs[0]
        assert design is not None
        assert critical_rate(design, on_line(word)) == pytest.approx(record(line.run)["critical_rate"], rel=1e-6)


# Noise: of the minibatches, and of the points.


def test_minibatches_go_the_same_way_on_average_over_twenty_trainings() -> None:
    """Twenty orders of the points, as many steps as the full batch takes: the mean within 3 standard errors."""
    (full,) = ends([on_line()])
    small = ends([varied(on_line("dataset.batch_size=10", "schedule.epochs=10"), seed=seed) for seed in range(20)])
    errors = small.std(axis=0, ddof=1) / math.sqrt(len(small))
    assert (np.abs(small.mean(axis=0) - full) < 3 * errors).all()
    assert (errors > 0).all()
    assert (errors < 0.01).all(), "or else anything would agree"


@pytest.mark.parametrize("width", [0.5, 2.0])
@pytest.mark.parametrize("noise", ["uniform", "normal"])
def test_noise_of_either_shape_has_the_same_variance(noise: Noise, width: float) -> None:
    random = Random(0)
    values = [draw_noise(random, noise, width) for _ in range(20_000)]
    assert statistics.fmean(values) == pytest.approx(0, abs=0.01 * width)
    assert statistics.pvariance(values) == pytest.approx(width**2 / 12, rel=0.03)
    within = sum(abs(value) <= width / 2 for value in values) / len(values)
    assert within == (1.0 if noise == "uniform" else pytest.approx(math.erf(math.sqrt(1.5)), abs=0.01))
