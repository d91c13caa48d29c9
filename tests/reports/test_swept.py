"""swept.png: errors over the one number that was swept, and no picture of any other sweep."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import fake_sweeps
import pytest
from fake_runs import write_run, write_sweep
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.reports.swept import draw_swept, swept_figure
from experiments.reports.swept_errors import SweptErrors, swept_errors
from experiments.reports.swept_scale import swept_scale
from experiments.runs.sweep import Sweep

REGRESSION = {"kind": "regression", "classes": [], "train_size": 20, "valid_size": 10}
Scores = Mapping[str, Sequence[tuple[float, float]]]
"""Final rmse on the training and on the validation points by value, a pair a seed."""


def write_scores(folder: Path, key: str, scores: Scores) -> Sweep:
    """A regression sweep; where a pair is inf the run diverged."""
    jobs = {
        f"{key}={value},seed={seed}": {key: value, "seed": str(seed)}
        for value, pairs in scores.items()
        for seed in range(len(pairs))
    }
    write_sweep(folder, jobs)
    for name, swept in jobs.items():
        train, valid = scores[swept[key]][int(swept["seed"])]
        status = "finished" if math.isfinite(valid) else "diverged"
        curve = [(4.0, 4.0, 2.0), (train**2, valid**2, valid)]
        write_run(folder / name, curve, status=status, data=REGRESSION, guess={"valid_loss": 1.0, "rmse": 1.0})
    return Sweep(folder)


def single(pairs: Mapping[str, tuple[float, float]]) -> Scores:
    return {value: [pair] for value, pair in pairs.items()}


DEGREES = single({"1": (0.6, 0.7), "3": (0.3, 0.35), "9": (0.2, 0.5), "15": (0.1, 0.6)})


def found_in(sweep: Sweep) -> SweptErrors:
    found = swept_errors(sweep)
    assert found is not None
    return found


def drawn(sweep: Sweep) -> tuple[Figure, Axes]:
    figure = swept_figure(found_in(sweep))
    figure.canvas.draw()
    return figure, figure.axes[0]


def said(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def seeds_alone(folder: Path) -> Path:
    write_sweep(folder, {f"seed={seed}": {"seed": str(seed)} for seed in range(5)})
    for seed in range(5):
        write_run(folder / f"seed={seed}", fake_sweeps.falling(3, 0.1, 0.1))
    return folder


def two_values(folder: Path) -> Path:
    return write_scores(folder, "model.degree", {value: DEGREES[value] for value in ("1", "3")}).path


def with_a_word(folder: Path) -> Path:
    return write_scores(folder, "dataset.batch_size", single({"all": (1, 1), "25": (1, 1), "5": (1, 1)})).path


def all_diverged(folder: Path) -> Path:
    return write_scores(folder, "optimizer.lr", single(dict.fromkeys("123", (math.inf, math.inf)))).path


def not_started(folder: Path) -> Path:
    return write_sweep(folder, {f"model.degree={n}": {"model.degree": str(n)} for n in (1, 2, 3)})


@pytest.mark.parametrize(
    "make",
    [fake_sweeps.lesson, seeds_alone, two_values, with_a_word, all_diverged, not_started, fake_sweeps.with_failures],
    ids=lambda make: make.__name__,
)
def test_no_picture_where_there_is_nothing_to_show(make: Callable[[Path], Path], tmp_path: Path) -> None:
    assert not draw_swept(Sweep(make(tmp_path / "sweep")), tmp_path / "swept.png")
    assert not (tmp_path / "swept.png").exists()


@pytest.mark.parametrize(
    "make",
    [fake_sweeps.twenty_rates, fake_sweeps.rates_and_seeds, fake_sweeps.regression],
    ids=lambda make: make.__name__,
)
def test_it_is_drawn_without_a_warning(make: Callable[[Path], Path], tmp_path: Path) -> None:
    assert draw_swept(Sweep(make(tmp_path / "sweep")), tmp_path / "swept.png")
    assert (tmp_path / "swept.png").read_bytes().startswith(b"\x89PNG")


def test_both_errors_of_a_regression_are_roots_in_the_order_of_the_values(tmp_path: Path) -> None:
    found = found_in(write_scores(tmp_path, "model.degree", dict(reversed(DEGREES.items()))))
    assert (found.key, found.score) == ("model.degree", "rmse")
    assert [place.value for place in found.places] == [1, 3, 9, 15]
    assert [place.mean_train for place in found.places] == pytest.approx([0.6, 0.3, 0.2, 0.1])
    assert [place.mean_valid for place in found.places] == pytest.approx([0.7, 0.35, 0.5, 0.6])


def test_the_training_error_of_a_classification_is_that_of_evaluation_mode(tmp_path: Path) -> None:
    write_sweep(tmp_path, {f"schedule.epochs={n}": {"schedule.epochs": str(n)} for n in (1, 2, 4)})
    for n in (1, 2, 4):
        folder = write_run(tmp_path / f"schedule.epochs={n}", [(2.3, 2.3, 0.9), (0.1, 0.2, 0.1 / n)])
        table = (folder / "history.csv").read_text().splitlines()
        cells = table[-1].split(",")
        cells[table[0].split(",").index("train_error_rate_eval")] = repr(0.01 / n)
        (folder / "history.csv").write_text("\n".join([*table[:-1], ",".join(cells)]) + "\n")
    found = found_in(Sweep(tmp_path))
    assert [place.mean_train for place in found.places] == pytest.approx([0.01, 0.005, 0.0025])
    assert [place.mean_valid for place in found.places] == pytest.approx([0.1, 0.05, 0.025])


def test_title_best_value_and_the_two_sides_are_in_words(tmp_path: Path) -> None:
    _, axes = drawn(write_scores(tmp_path, "model.degree", DEGREES))
    assert axes.get_title() == "Training and validation rmse by degree of the polynomial"
    assert axes.get_xlabel() == "model.degree"
    assert said(axes) == ["best: 3, rmse 0.350", "← underfits", "overfits →"]


def test_the_sides_of_weight_decay_are_the_other_way_round(tmp_path: Path) -> None:
    scores = single({"0": (0.1, 0.6), "1e-3": (0.2, 0.3), "0.01": (0.3, 0.35), "0.3": (0.6, 0.7)})
    _, axes = drawn(write_scores(tmp_path, "optimizer.weight_decay", scores))
    assert said(axes)[-2:] == ["← overfits", "underfits →"]


def test_a_rate_that_is_too_high_is_not_called_underfitting(tmp_path: Path) -> None:
    scores = single({"0.001": (0.9, 0.9), "0.1": (0.3, 0.35), "1": (0.8, 0.9)})
    _, axes = drawn(write_scores(tmp_path, "optimizer.lr", scores))
    assert said(axes) == ["best: 0.1, rmse 0.350"]


def test_a_value_that_is_as_good_as_the_best_is_called_nothing(tmp_path: Path) -> None:
    scores = single({"1": (0.3, 0.36), "3": (0.3, 0.35), "9": (0.2, 0.37)})
    _, axes = drawn(write_scores(tmp_path, "model.degree", scores))
    assert said(axes) == ["best: 3, rmse 0.350"]


@pytest.mark.parametrize("huge", [1e14, 1e300, math.inf])
def test_what_went_wrong_altogether_is_marked_at_the_top_and_does_not_stretch_the_scale(
    tmp_path: Path, huge: float
) -> None:
    root = min(huge, 1e150)  # its square is a loss that a file can hold
    scores = single({"0.001": (0.8, 0.9), "0.1": (0.3, 0.35), "1": (root, huge if huge == math.inf else root)})
    figure, axes = drawn(write_scores(tmp_path, "optimizer.lr", scores))
    assert axes.get_ylim()[1] == pytest.approx(1.12 * 0.9)
    (mark,) = [line for line in axes.lines if line.get_marker() == "^"]
    assert [list(map(float, xy)) for xy in mark.get_xydata()] == [[1.0, pytest.approx(axes.get_ylim()[1])]]
    assert "above the scale" in [text.get_text() for text in figure.legends[0].texts]


def test_nothing_above_the_scale_is_not_explained(tmp_path: Path) -> None:
    figure, _ = drawn(write_scores(tmp_path, "model.degree", DEGREES))
    assert [text.get_text() for text in figure.legends[0].texts] == ["training (evaluation mode)", "validation"]


def test_seeds_are_points_around_their_mean(tmp_path: Path) -> None:
    scores = {value: [(t, v), (t + 0.02, v + 0.1)] for value, [(t, v)] in DEGREES.items()}
    figure, axes = drawn(write_scores(tmp_path, "model.degree", scores))
    found = found_in(Sweep(tmp_path))
    assert found.seeds == 2
    assert found.best.mean_valid == pytest.approx(0.4)
    points = [sorted(map(float, line.get_ydata())) for line in axes.lines if line.get_alpha()]
    assert pytest.approx([0.35, 0.45]) in points
    assert len(points) == 8
    assert "validation, mean of 2 seeds" in [text.get_text() for text in figure.legends[0].texts]


def test_a_wide_span_is_logarithmic_and_zero_stands_apart() -> None:
    scale = swept_scale([0, 1e-4, 1e-3, 1e-2, 1e-1], 1e-3)
    assert scale.apart
    assert list(scale.positions.values()) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert scale.labelled == (0, 1e-4, 1e-3, 1e-2, 1e-1)


def test_a_small_span_is_linear_and_zero_belongs_to_it() -> None:
    scale = swept_scale([0, 0.1, 0.2, 0.4], 0.1)
    assert not scale.apart
    assert list(scale.positions.values()) == pytest.approx([0, 0.25, 0.5, 1])
    assert not swept_scale([-100, 1, 1000], 1).apart


def test_labels_that_would_meet_are_left_out_but_not_that_of_the_best() -> None:
    values = [0.001, 0.01, 0.1, 0.9, 0.97, 1.05, 1.2]
    assert swept_scale(values, 0.97).labelled == (0.001, 0.01, 0.1, 0.97)
    assert 1.2 in swept_scale(values, 0.1).labelled


@pytest.mark.parametrize("count", [3, 15, 40])
def test_no_text_meets_another_or_leaves_the_figure(tmp_path: Path, count: int) -> None:
    scores = single({str(n): (1 / n, 0.3 + abs(n - count / 2) / count) for n in range(1, count + 1)})
    figure, axes = drawn(write_scores(tmp_path, "model.degree", scores))
    texts = [axes.title, axes.xaxis.label, *axes.texts, *axes.get_xticklabels()]
    boxes = [text.get_window_extent() for text in texts]
    for box in boxes:
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
