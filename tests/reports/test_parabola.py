"""The parabola: recorded steps follow the closed form, and each panel shows the run that belongs there."""

from pathlib import Path

import numpy as np
import pytest
from fake_descents import check_picture, fake_descent

from experiments.reports.drawing.hops import computed_hops, recorded_hops, steepest_is_the_intercept, three_hops
from experiments.reports.drawing.parabola import parabola
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.theme import DARK, LIGHT, Theme


def critical(folder: Path) -> float:
    return recorded_hops(fake_descent(folder / "asked")).critical_rate


def runs_at(folder: Path, *ratios: float) -> list[Recorded]:
    """Runs at shares of the critical rate."""
    rate = critical(folder)
    return [fake_descent(folder / f"rate={ratio}", rate=ratio * rate) for ratio in ratios]


@pytest.mark.parametrize("degree", [None, 1, 5])
@pytest.mark.parametrize("rate", [0.01, 0.5, 1.3])
def test_recorded_steps_follow_the_closed_form(rate: float, degree: int | None, tmp_path: Path) -> None:
    hops = recorded_hops(fake_descent(tmp_path / "run", rate=rate, degree=degree))
    assert len(hops.positions) == 16
    assert hops.positions[0] < 0
    expected = hops.positions[0] * (1 - rate * hops.steepness) ** np.arange(16)
    np.testing.assert_allclose(hops.positions, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(computed_hops(hops, hops.ratio).positions, expected)


def test_the_critical_rate_is_where_steps_stop_getting_closer(tmp_path: Path) -> None:
    below, above = runs_at(tmp_path, 0.99, 1.01)
    assert recorded_hops(below).left < 1 < recorded_hops(above).left
    x, y = below.train.x, below.train.y
    design = np.stack([x, np.ones_like(x)], axis=1)
    curvature = np.linalg.eigvalsh(2 * design.T @ design / len(y))
    assert recorded_hops(below).critical_rate == pytest.approx(2 / curvature[-1])


def test_the_parabola_is_the_loss_along_the_steepest_direction(tmp_path: Path) -> None:
    run = fake_descent(tmp_path / "run")
    hops = recorded_hops(run)
    best = run.least_squares()
    _, directions = np.linalg.eigh(run.train.features.T @ run.train.features)
    away = best + 0.7 * directions[:, -1]
    expected = np.mean((run.train.features @ away - run.train.y) ** 2)
    assert hops.loss(np.array(0.7)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ratios", "picked"),
    [
        ((0.001, 0.01, 0.1, 0.5, 0.9, 0.97, 1.05, 1.2), (0.01, 0.1, 1.05)),
        ((1.2, 0.3, 0.04), (0.04, 0.3, 1.2)),
        ((0.25,), (None, 0.25, None)),
        ((0.005,), (0.005, None, None)),
        ((3.0,), (None, None, 3.0)),
        ((0.5, 0.7), (None, 0.5, None)),
    ],
)
def test_each_panel_shows_a_run_that_belongs_there_or_says_computed(
    ratios: tuple[float, ...], picked: tuple[float | None, ...], tmp_path: Path
) -> None:
    for hops, ratio, usual in zip(three_hops(runs_at(tmp_path, *ratios)), picked, (0.02, 0.2, 1.05), strict=True):
        assert hops.is_recorded is (ratio is not None)
        assert hops.ratio == pytest.approx(ratio or usual)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("ratios", [(0.01, 0.1, 1.05), (0.97,)])
def test_it_is_drawn_with_readable_texts(ratios: tuple[float, ...], theme: Theme, tmp_path: Path) -> None:
    check_picture(parabola(runs_at(tmp_path, *ratios), theme), theme)


def test_the_panels_say_what_the_rate_does(tmp_path: Path) -> None:
    figure = parabola(runs_at(tmp_path, 0.01, 0.2), LIGHT)
    assert [axes.get_title() for axes in figure.axes] == ["too low", "good", "too high"]
    said = [next(text.get_text() for text in axes.texts if "critical" in text.get_text()) for axes in figure.axes]
    assert "0.01 x the critical" in said[0]
    assert "after 15 steps 74% of the way is left" in said[0]  # 0.98 ** 15
    assert "less than 1%" in said[1]
    assert "1.05 x the critical" in said[2]
    assert ["computed" in text for text in said] == [False, False, True]
    assert parabola(runs_at(tmp_path / "again", 0.95), LIGHT).axes[1].get_title() == "nearly too high"


def test_the_dots_are_the_steps_and_stay_in_view(tmp_path: Path) -> None:
    runs = runs_at(tmp_path, 0.1, 1.3)
    figure = parabola(runs, LIGHT)
    good, high = (axes.lines[1].get_xydata() for axes in figure.axes[1:])
    hops = recorded_hops(runs[0])
    np.testing.assert_allclose(good, np.stack([hops.positions, hops.loss(hops.positions)], axis=1))
    assert len(high) == 2  # 1.6 times as far at every step, 1.75 times is the view
    limits = figure.axes[2].get_xlim()
    assert all(limits[0] <= x <= limits[1] for x, _ in high)


@pytest.mark.parametrize("last", [1e14, np.inf, np.nan])
def test_a_diverged_run_is_cut(last: float, tmp_path: Path) -> None:
    run = fake_descent(tmp_path / "run", rate=1.5, path=[(-1.0, 1.0), (-1.0, 3.2), (last, last)])
    figure = parabola([run], LIGHT)
    assert np.ptp(figure.axes[0].get_ylim()) < 20
    check_picture(figure, LIGHT)


def test_a_run_that_starts_at_the_best_is_drawn(tmp_path: Path) -> None:
    best = fake_descent(tmp_path / "one").least_squares().tolist()
    check_picture(parabola([fake_descent(tmp_path / "two", path=[best, best])], LIGHT), LIGHT)


def test_the_intercept_is_named_only_where_it_is_the_direction(tmp_path: Path) -> None:
    line, cubic = fake_descent(tmp_path / "line"), fake_descent(tmp_path / "cubic", degree=3)
    _, directions = np.linalg.eigh(line.train.features.T @ line.train.features)
    assert steepest_is_the_intercept(line) is bool(abs(directions[0, -1]) < 0.1)
    assert not steepest_is_the_intercept(cubic)


@pytest.mark.parametrize("changed", [{"momentum": 0.9}, {"batch_size": 10}, {"weight_decay": 0.01}])
def test_other_descents_are_refused(changed: dict[str, float], tmp_path: Path) -> None:
    plain = fake_descent(tmp_path / "plain")
    with pytest.raises(ValueError, match="not plain gradient descent"):
        parabola([plain, fake_descent(tmp_path / "other", **changed)], LIGHT)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no run"):
        parabola([], LIGHT)
