"""Three fits side by side: which are picked from a sweep, and what is said and drawn of each."""

from pathlib import Path

import numpy as np
import pytest
from fake_descents import check_picture, fake_descent

from experiments.reports.drawing.fits import fits, pick_three, training_error, validation_error
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.theme import DARK, LIGHT, Theme

BEST = (3.0, 2.0)


def errors_of(folder: Path, *slopes: float) -> list[Recorded]:
    """Lines: the farther the slope is from 3, the larger are both errors."""
    return [fake_descent(folder / f"slope={slope}", path=[(slope, 2.0)]) for slope in slopes]


def degrees(folder: Path, *numbers: int) -> list[tuple[float, Recorded]]:
    """Polynomials by their exact fits."""
    runs = []
    for degree in numbers:
        best = fake_descent(folder / f"some{degree}", degree=degree, steps=1).least_squares().tolist()
        runs.append((float(degree), fake_descent(folder / f"degree={degree}", degree=degree, path=[best])))
    return runs


def test_the_errors_are_root_mean_squares(tmp_path: Path) -> None:
    (run,) = errors_of(tmp_path, 1.0)
    for points, error in ((run.train, training_error(run)), (run.valid, validation_error(run))):
        assert error == pytest.approx(np.sqrt(np.mean((points.x + 2 - points.y) ** 2)))
    assert validation_error(fake_descent(tmp_path / "nan", path=[(np.nan, 1.0)])) == np.inf


def test_both_ends_and_the_best_from_stiff_to_wiggly(tmp_path: Path) -> None:
    runs = degrees(tmp_path, 20, 0, 1, 12)
    picked = pick_three(runs, "degree")
    assert [title for title, _ in picked] == ["degree 0: too stiff", "degree 1: just right", "degree 20: too wiggly"]
    assert [run for _, run in picked] == [runs[1][1], runs[2][1], runs[0][1]]
    assert [title for title, _ in pick_three(runs)] == ["too stiff", "just right", "too wiggly"]


def test_where_more_of_the_number_is_stiffer_the_order_is_reversed(tmp_path: Path) -> None:
    runs = [(20 - value, run) for value, run in degrees(tmp_path, 0, 1, 20)]
    titles = [title for title, _ in pick_three(runs, "decay")]
    assert titles == ["decay 20: too stiff", "decay 19: just right", "decay 0: too wiggly"]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [((1, 12, 20), ["just right", "too wiggly"]), ((0, 1), ["too stiff", "just right"]), ((1,), ["just right"])],
)
def test_where_an_end_is_the_best_there_is_less(numbers: tuple[int, ...], expected: list[str], tmp_path: Path) -> None:
    assert [title for title, _ in pick_three(degrees(tmp_path, *numbers))] == expected
    assert pick_three([]) == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_it_is_drawn_with_readable_texts(theme: Theme, tmp_path: Path) -> None:
    check_picture(fits(pick_three(degrees(tmp_path, 0, 1, 20), "weight decay"), theme), theme)


def test_the_best_is_marked_wherever_it_stands(tmp_path: Path) -> None:
    runs = errors_of(tmp_path, 2.9, 1.0, 8.0)
    figure = fits(list(zip(("a", "b", "c"), runs, strict=True)), LIGHT)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c"]
    assert [axes.title.get_color() == LIGHT.other for axes in figure.axes] == [True, False, False]
    said = figure.axes[1].texts[0].get_text()
    assert said == f"training error {training_error(runs[1]):.2f}\nvalidation error {validation_error(runs[1]):.2f}"
    validation, training, fit = figure.axes[1].lines
    np.testing.assert_array_equal(validation.get_ydata(), runs[1].valid.y)
    np.testing.assert_array_equal(training.get_ydata(), runs[1].train.y)
    np.testing.assert_allclose(np.asarray(fit.get_ydata()), runs[1].curve.x + 2)


@pytest.mark.parametrize("last", [1e14, np.inf, np.nan])
def test_a_diverged_fit_does_not_spoil_the_scale(last: float, tmp_path: Path) -> None:
    good, bad = fake_descent(tmp_path / "good", path=[BEST]), fake_descent(tmp_path / "bad", path=[(last, last)])
    figure = fits([("good", good), ("bad", bad)], LIGHT)
    assert np.ptp(figure.axes[1].get_ylim()) < 15
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    said = [text.get_text() for text in figure.axes[1].texts]
    assert "the fit is out of view" in said
    assert any("validation error over 10000" in text for text in said)
    check_picture(figure, LIGHT)


def test_no_run_is_refused() -> None:
    with pytest.raises(ValueError, match="no run"):
        fits([], LIGHT)
