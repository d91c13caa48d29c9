"""Under- and overfitting by polynomials. Weight decay is trained over 300 epochs as the sweep has it: some seconds."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.polynomial import legendre
from stacked_runs import configuration, histories, varied
from typed import record, rows

from experiments import compose, fit
from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError
from experiments.data.polynomial import Polynomial as Points
from experiments.data.polynomial import curve
from experiments.models.polynomial import Polynomial
from experiments.sweeps.plan import make_plan

Matrix = np.ndarray


def side(points: Points, split: str) -> tuple[torch.Tensor, Matrix]:
    """Inputs (N, 1) and targets (N,) of the training or the validation points."""
    pool = points.load()
    chosen = torch.tensor([row for row, name in enumerate(pool.splits or []) if name == split])
    return pool.inputs[chosen], pool.targets[chosen][:, 0].double().numpy()


# The network and the points.


@pytest.mark.parametrize("degree", [1, 2, 3, 12, 60])
def test_the_features_are_legendre_polynomials_over_the_root_of_their_degree(degree: int) -> None:
    x = np.linspace(-1, 1, 101)
    expected = legendre.legvander(x, degree) / np.sqrt(np.maximum(1, np.arange(degree + 1)))
    network = Polynomial((1,), 1, degree)
    inputs = torch.tensor(x, dtype=torch.float32).unsqueeze(1)
    np.testing.assert_allclose(network.features(inputs).numpy(), expected, atol=2e-5)
    assert not network(inputs).any(), "it begins as the constant 0"
    with torch.no_grad():
        network.coefficients.add_(torch.arange(degree + 1.0))
        np.testing.assert_allclose(network(inputs)[:, 0].numpy(), expected @ np.arange(degree + 1.0), atol=2e-2)


@pytest.mark.parametrize("number", [3, 20, 200])
def test_there_is_one_point_in_each_equal_part(number: int) -> None:
    for split in ("train", "valid"):
        x, y = side(Points(points=number, valid_points=number, noise_width=0), split)
        parts = np.floor((np.sort(x[:, 0].double().numpy()) + 1) / 2 * number)
        assert parts.tolist() == list(range(number))
        np.testing.assert_allclose(y, [curve(float(value)) for value in x[:, 0]], atol=1e-6)


def test_training_and_validation_points_are_different_and_a_seed_draws_others() -> None:
    drawn = {
        (seed, split): set(side(Points(points=50, valid_points=50, data_seed=seed), split)[0][:, 0].tolist())
        for seed in (42, 43)
        for split in ("train", "valid")
    }
    assert all(len(xs) == 50 for xs in drawn.values())
    assert len({x for xs in drawn.values() for x in xs}) == 200
    assert side(Points(), "train")[1].tolist() == side(Points(data_seed=42), "train")[1].tolist()


@pytest.mark.parametrize("noise", ["normal", "uniform"])
def test_the_noise_around_the_curve_has_the_variance_of_its_width(noise: str) -> None:
    x, y = side(Points(points=5000, noise=noise, noise_width=2.0), "train")  # type: ignore[arg-type]
    around = y - [curve(float(value)) for value in x[:, 0]]
    assert around.mean() == pytest.approx(0, abs=0.03)
    assert around.var() == pytest.approx(4 / 12, rel=0.06)
    assert (np.abs(around).max() > 1.001) == (noise == "normal")


def test_images_are_refused_in_words(tmp_path: Path) -> None:
    composed = compose(["model=polynomial"])
    with pytest.raises(ConfigurationError) as refused:
        fit(composed, folder=tmp_path / "run", quiet=True)
    assert str(refused.value) == (
        "error: 1 mistake, nothing was trained\n\n"
        "  model (experiments.models.polynomial.Polynomial)\n"
        "    a polynomial takes one number x, and these data have inputs of shape [1, 8, 8]"
    )
    assert not (tmp_path / "run").exists()


def test_a_run_leaves_its_features_and_as_many_coefficients(tmp_path: Path) -> None:
    run = fit(compose(["recipe=polynomial", "schedule.epochs=5"]), folder=tmp_path / "run", quiet=True).path
    table = [row for row in rows(run / "points.csv") if row["split"] == "train"]
    names = [f"coefficients.{k}" for k in range(4)]
    features = np.array([[float(row[name]) for name in names] for row in table])
    x = np.array([float(row["x"]) for row in table])
    np.testing.assert_allclose(features, legendre.legvander(x, 3) / [1, 1, math.sqrt(2), math.sqrt(3)], atol=1e-6)
    assert list(rows(run / "parameters.csv")[0]) == ["step", *names]
    highest = np.linalg.eigvalsh(2 * features.T @ features / len(features))[-1]
    assert record(run)["critical_rate"] == pytest.approx(2 * 1.9 / highest, rel=1e-5)


# The two sweeps: degrees by the same descent in NumPy, which the trained runs are held against; decays as trained.


@cache
def by_hand(degree: int, weight_decay: float = 0.0) -> tuple[float, float]:
    """Rmse on the training and on the validation points after what recipe=polynomial does, in double precision."""
    base = configuration("recipe=polynomial")
    rate, momentum = base["optimizer"]["lr"], base["optimizer"]["momentum"]
    features = Polynomial((1,), 1, degree).features
    (x, y), (valid_x, valid_y) = side(Points(), "train"), side(Points(), "valid")
    design, valid = features(x).double().numpy(), features(valid_x).double().numpy()
    weights, velocity = np.zeros(degree + 1), np.zeros(degree + 1)
    for _ in range(base["schedule"]["epochs"]):
        gradient = 2 / len(y) * design.T @ (design @ weights - y) + weight_decay * weights
        velocity = momentum * velocity + gradient
        weights = weights - rate * velocity
    return rmse(design @ weights - y), rmse(valid @ weights - valid_y)


def rmse(residuals: Matrix) -> float:
    return float(np.sqrt((residuals**2).mean()))


def swept(sweep: str, group: str, key: str) -> list[float]:
    """The values that a sweep ships with."""
    jobs = make_plan(Composer(), [f"sweep={sweep}"]).jobs
    return [job.examined.configuration[group][key] for job in jobs]


@pytest.fixture(scope="module")
def decays() -> dict[float, tuple[float, float]]:
    """Weight decay to rmse on training and validation points: sweep=regularisation, trained as one."""
    values = swept("regularisation", "optimizer", "weight_decay")
    base = configuration("recipe=polynomial", "model.degree=12")
    ends = [history.epochs[-1] for history in histories([varied(base, weight_decay=value) for value in values])]
    return {value: (math.sqrt(end["train_loss_eval"]), end["rmse"]) for value, end in zip(values, ends, strict=True)}


def test_training_does_what_is_done_by_hand(decays: dict[float, tuple[float, float]]) -> None:
    for value, found in decays.items():
        assert found == pytest.approx(by_hand(12, value), rel=1e-3)
    (history,) = histories([configuration("recipe=polynomial")])
    assert history.epochs[-1]["rmse"] == pytest.approx(by_hand(3)[1], rel=1e-3)


def test_more_degrees_always_fit_the_training_points_better_and_the_others_not() -> None:
    degrees = [int(value) for value in swept("polynomial_degree", "model", "degree")]
    assert degrees == list(range(1, 16))
    train, valid = ([by_hand(degree)[at] for degree in degrees] for at in (0, 1))
    assert all(later <= earlier + 1e-4 for earlier, later in pairwise(train))
    best = degrees[int(np.argmin(valid))]
    assert 1 < best < 8
    assert valid[0] > 1.5 * min(valid), "too stiff"
    assert min(valid[10:]) > 1.3 * min(valid), "too wiggly"


def test_weight_decay_is_as_good_as_the_best_degree(decays: dict[float, tuple[float, float]]) -> None:
    """The bar is 10 %; on these points it is 7 %."""
    best_degree = min(by_hand(degree)[1] for degree in range(1, 16))
    values, valid = list(decays), [found[1] for found in decays.values()]
    assert values[0] == 0
    assert values == sorted(values)
    assert min(valid) < 1.1 * best_degree
    assert 0 < int(np.argmin(valid)) < len(values) - 1
    assert valid[0] > 1.5 * min(valid), "without it degree 12 overfits"
    assert valid[-1] > 1.5 * min(valid), "with too much of it, it cannot fit"
    train = [found[0] for found in decays.values()]
    assert all(later > earlier for earlier, later in pairwise(train))
