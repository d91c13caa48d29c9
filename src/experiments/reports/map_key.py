"""What the colours of `map.png` mean, and its marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.reports.agreement import WORDS, Map
from experiments.reports.look import TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Pale enough for dark text. Any two of the first five are 20 apart (CIE 1976), also for the colour-blind as
# Machado, Oliveira and Fernandes (2009) simulate them. What is fine is the palest, so that the rest is seen.
COLOURS = {
    "learning_rate_too_high": "#EE8866",
    "learning_rate_too_low": "#99C4EC",
    "too_few_epochs": "#F0D264",
    "too_many_epochs": "#9A78B2",
    "healthy": "#D8EEDF",
    "inconclusive": "#AAAAAA",
}
# Each points to where the cure is not: too high up, too low down, too few back, too many ahead.
SHAPES = {
    "learning_rate_too_high": "^",
    "learning_rate_too_low": "v",
    "too_few_epochs": "<",
    "too_many_epochs": ">",
    "healthy": "o",
    "inconclusive": "X",
}
OTHER_SHAPE = "D"
INK = "#222222"
SAME: dict[str, Any] = {"marker": "o", "markersize": 4, "color": "#555555", "linestyle": ""}


def mark(verdict: str, outcome: str) -> dict[str, Any]:
    """The mark of a single run, as keywords of `Axes.plot`: a dot if it says what its cell is."""
    return SAME if verdict == outcome else _differing(SHAPES.get(verdict, OTHER_SHAPE), COLOURS.get(verdict, "white"))


def _differing(shape: str, colour: str, size: float = 10) -> dict[str, Any]:
    return {
        "marker": shape,
        "markersize": size,
        "markerfacecolor": colour,
        "markeredgecolor": INK,
        "markeredgewidth": 1.3,
        "linestyle": "",
    }


def explain(figure: Figure, chart: Map) -> None:
    """Adds the legend: the colours with the shapes that stand for them; what a mark means, if there are any."""
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.lines import Line2D

    verdicts = {verdict for cell in chart.cells.values() for verdict in cell.verdicts}
    columns = _regions(verdicts | {cell.outcome for cell in chart.cells.values()}, with_shapes=bool(verdicts))
    differs = tuple(Line2D([], [], **_differing(shape, "white", 7)) for shape in "^<o")
    if verdicts:
        columns.append([(Line2D([], [], **SAME), "single run: the same"), (differs, "single run: differs")])
    if verdicts - set(WORDS):
        columns[-1].append((Line2D([], [], **_differing(OTHER_SHAPE, "white")), "single run: other"))
    rows = max(map(len, columns))
    nothing = (Line2D([], [], linestyle=""), "")
    entries = [entry for column in columns for entry in [*column, *[nothing] * (rows - len(column))]]
    handles, labels = zip(*entries, strict=True)
    handlers: dict[Any, Any] = {tuple: HandlerTuple(ndivide=1), differs: HandlerTuple(ndivide=None, pad=0.1)}
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(columns), frameon=False, fontsize=TEXT_SIZE,
        handlelength=2.0, handleheight=1.4, columnspacing=1.4, handler_map=handlers,
    )  # fmt: skip


def _regions(seen: set[str], *, with_shapes: bool) -> list[list[tuple[Any, str]]]:
    """Columns of handles and labels: rates, epochs, fine; what cannot be told only where there is such a thing."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def region(outcome: str) -> tuple[Any, str]:
        shape = [Line2D([], [], **_differing(SHAPES[outcome], COLOURS[outcome]))] if with_shapes else []
        return (Patch(facecolor=COLOURS[outcome]), *shape), WORDS[outcome]

    unknown = [region("inconclusive")] if "inconclusive" in seen else []
    return [
        [region("learning_rate_too_high"), region("learning_rate_too_low")],
        [region("too_few_epochs"), region("too_many_epochs")],
        [region("healthy"), *unknown],
    ]
