"""The map: what is computed for comparison, which runs get a panel, and what is drawn of them."""

from pathlib import Path

import numpy as np
import pytest
from fake_descents import START, check_picture, fake_descent
from matplotlib.axes import Axes

from experiments.reports.drawing.compared import descents_of
from experiments.reports.drawing.contour_map import levels_in
from experiments.reports.drawing.contours import contours
from experiments.reports.drawing.descent import batch_size, descend, is_plain_descent
from experiments.reports.drawing.plane import plane, view
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.theme import DARK, LIGHT, Theme


def sweep(folder: Path) -> list[Recorded]:
    """Minibatches first; they go where the computed ones would."""
    full = fake_descent(folder / "all", rate=0.3, steps=100)
    few = descend(full.train, np.array(START), 0.3, 800, batch_size=5)
    some = descend(full.train, np.array(START), 0.3, 400, batch_size=10)
    return [
        fake_descent(folder / "5", rate=0.3, batch_size=5, path=few.tolist()),
        full,
        fake_descent(folder / "10", rate=0.3, batch_size=10, path=some.tolist()),
    ]


def path_in(axes: Axes) -> np.ndarray:
    """The one with a dot a step."""
    return np.array(next(line for line in axes.lines if line.get_marker() == "o").get_xydata())


def test_descend_on_all_points_is_gradient_descent(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", rate=0.3, steps=12)
    np.testing.assert_allclose(descend(recorded.train, np.array(START), 0.3, 12), recorded.parameters)


def test_descend_takes_every_point_once_an_epoch_without_a_short_batch(tmp_path: Path) -> None:
    train = fake_descent(tmp_path / "run").train
    path = descend(train, np.array(START), 0.1, 8, batch_size=15, seed=3)
    assert path.shape == (9, 2)
    rows = np.random.default_rng(3).permutation(40)[:15]
    features, y = train.features[rows], train.y[rows]
    expected = np.array(START) - 0.1 * 2 * np.mean((features @ START - y)[:, None] * features, axis=0)
    np.testing.assert_allclose(path[1], expected)
    np.testing.assert_array_equal(path, descend(train, np.array(START), 0.1, 8, batch_size=15, seed=3))
    whole = descend(train, np.array(START), 0.1, 8, batch_size=400)
    np.testing.assert_allclose(whole, descend(train, np.array(START), 0.1, 8))


def test_descend_may_diverge(tmp_path: Path) -> None:
    train = fake_descent(tmp_path / "run").train
    assert not np.isfinite(descend(train, np.array(START), 1e9, 60)[-1]).any()


def test_plain_descent_is_sgd_on_all_points_with_nothing_added(tmp_path: Path) -> None:
    assert is_plain_descent(fake_descent(tmp_path / "all"))
    assert is_plain_descent(fake_descent(tmp_path / "cut", batch_size=64))  # of 40 points
    assert batch_size(fake_descent(tmp_path / "few", batch_size=5)) == 5
    assert not is_plain_descent(fake_descent(tmp_path / "ten", batch_size=10))
    assert not is_plain_descent(fake_descent(tmp_path / "momentum", momentum=0.9))
    assert not is_plain_descent(fake_descent(tmp_path / "decay", weight_decay=0.1))
    assert not is_plain_descent(fake_descent(tmp_path / "adam", _target_="torch.optim.AdamW"))


def test_a_panel_a_run_the_full_batch_first_and_in_the_others_for_comparison(tmp_path: Path) -> None:
    figure = contours(sweep(tmp_path), LIGHT)
    upper = figure.axes[:3]
    assert [axes.get_title() for axes in upper] == ["full batch", "10 points a step", "5 points a step"]
    assert ["400 steps at rate 0.3" in [text.get_text() for text in axes.texts] for axes in upper] == [0, 1, 0]
    assert [sum(line.get_marker() == "None" for line in axes.lines) for axes in upper] == [0, 1, 1]
    assert len({axes.get_xlim() for axes in upper}) == len({axes.get_ylim() for axes in upper}) == 1
    np.testing.assert_allclose(path_in(upper[2])[:20], sweep(tmp_path / "again")[0].parameters[:20])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_end_is_shown_closer_where_minibatches_arrive(theme: Theme, tmp_path: Path) -> None:
    runs = sweep(tmp_path)
    figure = contours(runs, theme)
    closer = figure.axes[3:]
    assert len(closer) == 3
    assert all(axes.get_title().endswith("times closer") for axes in closer)
    slope, intercept = runs[1].least_squares()
    for axes in closer:
        assert np.mean(axes.get_xlim()) == pytest.approx(slope)
        assert np.mean(axes.get_ylim()) == pytest.approx(intercept)
    check_picture(figure, theme)


def test_at_most_four_panels(tmp_path: Path) -> None:
    runs = [fake_descent(tmp_path / str(size), batch_size=size, steps=3) for size in (1, 2, 4, 8, 16, 32, "all")]
    assert [descent.batch for descent in descents_of(runs)] == [None, 16, 4, 1]


@pytest.mark.parametrize(("batch", "steps", "compared", "computed_steps"), [("all", 7, 10, 28), (8, 10, None, 2)])
def test_a_single_run_gets_a_computed_one_beside_it(
    batch: int | str, steps: int, compared: int | None, computed_steps: int, tmp_path: Path
) -> None:
    run = fake_descent(tmp_path / "run", rate=0.2, steps=steps, batch_size=batch)
    recorded, computed = descents_of([run])
    np.testing.assert_array_equal(recorded.plane.path, run.parameters)
    assert computed.batch == compared
    assert "computed for comparison" in computed.note
    expected = descend(run.train, np.array(START), 0.2, computed_steps, compared)
    np.testing.assert_allclose(computed.plane.path, expected)


def test_a_run_with_momentum_stands_alone(tmp_path: Path) -> None:
    figure = contours([fake_descent(tmp_path / "run", momentum=0.9)], LIGHT)
    assert len(figure.axes) == 1  # what is computed has none
    check_picture(figure, LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_single_run_is_drawn(theme: Theme, tmp_path: Path) -> None:
    check_picture(contours([fake_descent(tmp_path / "run", rate=0.2, steps=40)], theme), theme)


@pytest.mark.parametrize("last", [1e14, np.inf, np.nan])
def test_a_diverged_run_is_marked_where_it_leaves(last: float, tmp_path: Path) -> None:
    run = fake_descent(tmp_path / "run", rate=1.3, path=[START, (2.0, 3.0), (2.0, 9.0), (last, -last)])
    figure = contours([run], LIGHT)
    assert len(figure.axes) == 2  # nothing to be seen closer
    assert "leaves the view" in [text.get_text() for text in figure.legends[0].texts]
    assert "end" not in [text.get_text() for text in figure.legends[0].texts]
    assert path_in(figure.axes[0])[-1, 1] == pytest.approx(figure.axes[0].get_ylim()[1])
    assert np.ptp(figure.axes[0].get_xlim()) < 15
    check_picture(figure, LIGHT)


def test_the_levels_are_round_and_in_view(tmp_path: Path) -> None:
    bowl = plane(fake_descent(tmp_path / "run"))
    levels = levels_in(bowl, view([bowl]))
    assert 4 <= len(levels) <= 10
    assert min(levels) > bowl.lowest
    assert {f"{level:e}"[0] for level in levels} <= {"1", "2", "5"}
    narrow = levels_in(bowl, tuple((value, value + 1e-3) for value in bowl.best))  # type: ignore[arg-type]
    assert len(narrow) >= 4


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has 4 parameters"):
        contours([fake_descent(tmp_path / "run", degree=3)], LIGHT)
    with pytest.raises(ValueError, match="no run"):
        contours([], LIGHT)


def test_the_labels_fit_at_the_first_drawing(tmp_path: Path) -> None:
    """The size of panels of equal scales sets their ticks, and these the margins."""
    check_picture(contours([fake_descent(tmp_path / "run", rate=0.4, steps=100)], LIGHT), LIGHT)
