"""swept.png of a learning curve: log-log, the range at twice the images, and nothing that meets or is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.reports.extrapolation import extrapolation
from experiments.reports.learning_curve import LearningCurve, Size
from experiments.reports.learning_curve_picture import draw_learning_curve, learning_curve_figure

SIZES = (72, 143, 288, 576, 1005, 1437)
DIGITS = tuple(
    Size(images, tuple(0.9 * e for e in errors), errors)
    for images, errors in zip(
        SIZES,
        [(0.58, 0.7, 0.76), (0.46, 0.46, 0.56), (0.1, 0.24, 0.28), (0.078, 0.078, 0.075), (0.031, 0.047, 0.058),
         (0.033, 0.031, 0.028)],
        strict=True,
    )
)  # fmt: skip


def curve(*sizes: Size, valid: int = 360, guess: float = 0.9) -> LearningCurve:
    return LearningCurve(sizes, valid, guess, 0)


def by_heart(images: int, error: float) -> Size:
    return Size(images, (0.0,), (error,))


CURVES = {
    "digits": curve(*DIGITS),
    "by heart": curve(*(by_heart(images, error) for images, error in ((50, 0.3), (100, 0.2), (300, 0.12)))),
    "no error left": curve(by_heart(100, 0.1), by_heart(200, 0.05), by_heart(400, 0.0)),
    "not begun": curve(by_heart(10, 0.9), by_heart(20, 0.88)),
    "many close sizes": curve(*(by_heart(1000 + 10 * n, 0.3 - 0.004 * n) for n in range(30))),
    "a million": curve(*(by_heart(10**n, 0.5 / 2**n) for n in range(1, 7)), valid=10_000),
    "two classes": curve(by_heart(100, 0.24), by_heart(200, 0.22), by_heart(400, 0.15), guess=0.5),
}


def drawn(found: LearningCurve) -> tuple[Figure, Axes]:
    figure = learning_curve_figure(found)
    figure.canvas.draw()
    return figure, figure.axes[0]


@pytest.mark.parametrize("name", CURVES)
def test_no_text_meets_another_or_leaves_the_figure(name: str) -> None:
    figure, axes = drawn(CURVES[name])
    ticks = [text for text in (*axes.get_xticklabels(), *axes.get_yticklabels()) if text.get_text()]
    low, high = axes.get_ylim()
    seen = [text for text in ticks if text in axes.get_xticklabels() or low <= text.get_position()[1] <= high]
    texts = [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts, *seen]
    boxes = [text.get_window_extent() for text in texts]
    for box in boxes:
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


@pytest.mark.parametrize("name", CURVES)
def test_it_is_drawn_without_a_warning_and_shows_every_size(name: str, tmp_path: Path) -> None:
    assert draw_learning_curve(CURVES[name], tmp_path / "swept.png")
    assert (tmp_path / "swept.png").read_bytes().startswith(b"\x89PNG")
    _, axes = drawn(CURVES[name])
    low, high = axes.get_xlim()
    assert all(low < size.images < high for size in CURVES[name].sizes)
    bottom, top = axes.get_ylim()
    for line in axes.lines:
        assert all(bottom <= float(y) <= top for y in line.get_ydata()), line.get_label()


def test_the_range_at_twice_the_images_is_that_of_the_line_in_the_terminal() -> None:
    found = CURVES["digits"]
    _, axes = drawn(found)
    low, high = extrapolation(found).range(2874)
    assert [text.get_text() for text in axes.texts] == [f"twice the images:\n{100 * low:.1f} to {100 * high:.1f} %"]
    (bar,) = [line for line in axes.lines if list(line.get_xdata()) == [2874, 2874]]
    assert list(bar.get_ydata()) == pytest.approx([low, high])


@pytest.mark.parametrize("name", ["no error left", "not begun"])
def test_no_law_is_drawn_where_nothing_can_be_said(name: str) -> None:
    figure, axes = drawn(CURVES[name])
    assert not axes.texts
    assert not axes.collections
    assert "power law" not in " ".join(text.get_text() for text in figure.legends[0].texts)


def test_a_single_size_is_no_curve(tmp_path: Path) -> None:
    assert not draw_learning_curve(curve(by_heart(100, 0.1)), tmp_path / "swept.png")
    assert not (tmp_path / "swept.png").exists()
