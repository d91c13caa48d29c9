"""The bowl: its height is the loss, the path lies on it and above it in the drawing, and is cut where it leaves."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_descents import START, check_picture, fake_descent

from experiments.reports.drawing.plane import cut, plane, view, within
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.surface import surface
from experiments.reports.drawing.theme import DARK, LIGHT, Theme


def drawn(recorded: Recorded) -> tuple[Any, dict[str, Any]]:
    """The axes, and its lines by the names that the legend gives them."""
    axes: Any = surface(recorded, LIGHT).axes[0]
    return axes, {line.get_label(): np.array(line.get_data_3d()).T for line in axes.lines}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_it_is_drawn_on_the_page_with_readable_texts(theme: Theme, tmp_path: Path) -> None:
    check_picture(surface(fake_descent(tmp_path / "run"), theme), theme)


def test_the_path_lies_on_the_bowl_from_the_start_to_the_least_squares(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", rate=0.4, steps=60)
    axes, lines = drawn(recorded)
    path = lines["path of the run"]
    np.testing.assert_allclose(path[:, :2], recorded.parameters)
    np.testing.assert_allclose(path[:, 2], recorded.losses())
    np.testing.assert_allclose(lines["start"][0, :2], START)
    np.testing.assert_allclose(lines["end"], path[-1:])
    np.testing.assert_allclose(lines["least squares"][0, :2], recorded.least_squares())
    assert not axes.computed_zorder  # else the bowl would hide the path
    assert all(line.get_zorder() > axes.collections[0].get_zorder() for line in axes.lines if line.get_label() in lines
               and line.get_label() in ("path of the run", "start", "end", "least squares"))  # fmt: skip


def test_the_wall_s_height_is_the_loss(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run")
    bowl = plane(recorded)
    at = np.random.default_rng(0).normal(size=(20, 2)) * 5
    x, y = recorded.train.x, recorded.train.y
    expected = np.mean((at[:, :1] * x + at[:, 1:] - y) ** 2, axis=1)
    np.testing.assert_allclose(bowl.loss(at), expected)
    assert bowl.highest == pytest.approx(1.3 * recorded.losses()[0])


@pytest.mark.parametrize("last", [1e14, np.inf, np.nan])
def test_a_diverged_path_is_cut_where_it_leaves(last: float, tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", path=[START, (2.0, 3.0), (2.0, 9.0), (last, last)])
    axes, lines = drawn(recorded)
    path = lines["path of the run"]
    assert len(path) == 3  # the start, a step, and the rim
    assert path[-1, 2] == pytest.approx(plane(recorded).highest)
    np.testing.assert_allclose(lines["leaves the bowl"], path[-1:])
    assert "end" not in lines
    assert np.ptp(axes.get_xlim()) < 20
    check_picture(axes.figure, LIGHT)


def test_a_run_that_starts_at_the_best_or_has_diverged_at_once_is_drawn(tmp_path: Path) -> None:
    best = fake_descent(tmp_path / "one").least_squares().tolist()
    surface(fake_descent(tmp_path / "two", path=[best, best]), LIGHT)
    surface(fake_descent(tmp_path / "three", path=[START, (np.nan, np.nan)]), LIGHT)
    surface(fake_descent(tmp_path / "four", path=[START]), LIGHT)


def test_a_polynomial_of_degree_1_has_its_constant_first(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", degree=1, steps=300)
    slope, intercept = plane(recorded).path[-1]
    assert slope == pytest.approx(3, abs=0.3)
    assert intercept == pytest.approx(2, abs=0.3)


def test_other_numbers_of_parameters_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has 3 parameters"):
        surface(fake_descent(tmp_path / "run", degree=2), LIGHT)


def test_a_path_is_cut_at_the_border_when_it_leaves_for_good() -> None:
    region = within(((0, 1), (0, 1)))
    path = np.array([[0.5, 0.5], [0.5, 3.0], [0.5, 0.5], [2.5, 0.5], [9.0, 0.5]])
    kept, left = cut(path, region)
    assert left
    np.testing.assert_allclose(kept, [*path[:3], [1.0, 0.5]])
    assert cut(path[:1], region)[1] is False
    assert len(cut(path[3:], region)[0]) == 0


def test_the_view_holds_the_path_but_not_where_it_diverges(tmp_path: Path) -> None:
    bowl = plane(fake_descent(tmp_path / "run", path=[START, (0.0, 1.0), (1e9, -1e9)]))
    (left, right), (low, high) = view([bowl])
    assert left < -1
    assert 3 < right < 6
    assert -3 < low < 1
    assert 2 < high < 5
