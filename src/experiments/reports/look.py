"""The look that all figures share: colours that colour-blind readers can tell apart, sizes for half scale."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito, "Color universal design" (2008); yellow is left out, too pale for a line on white.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
PALETTE = (BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", ":", "-.")
GUESSING = "#666666"
GRID = "#DDDDDD"

TEXT_SIZE = 12
TITLE_SIZE = 12.5
LINE_WIDTH = 2.2
DOTS_PER_INCH = 120
POWERS_ABOVE_RATIO = 100
FAR_ABOVE_GUESSING = 1000


def new_figure(width_inches: float, height_inches: float) -> Figure:
    """A figure on the Agg canvas, made without pyplot: no window, no global state, safe in any thread."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)  # inches, for ticks that would touch
    figure = Figure(figsize=(width_inches, height_inches), layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def tidy(axes: Axes) -> None:
    """Grid below the data, no box, readable ticks, epochs from 0 at whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.grid(True, which="major", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TEXT_SIZE - 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def as_loss(axes: Axes) -> None:
    """A log scale: losses of a run that goes wrong are thousands of times those of a good one."""
    axes.set_yscale("log")


def as_score(axes: Axes, score: str) -> None:
    """Error rates from 0 to 100%; rmse on a log scale, like the loss that it is the root of."""
    from matplotlib.ticker import PercentFormatter

    if score == "error_rate":
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    else:
        axes.set_yscale("log")


def cut_what_diverged(axes: Axes, levels: Iterable[float | None]) -> None:
    """Ends a log scale at a thousand times guessing: a line that goes on to 1e30 would press all others flat."""
    known = [level for level in levels if level]
    if axes.get_yscale() == "log" and known and axes.get_ylim()[1] > FAR_ABOVE_GUESSING * max(known):
        axes.set_ylim(top=FAR_ABOVE_GUESSING * max(known))


def label_values(axes: Axes) -> None:
    """Plain numbers on a log scale whose data, now drawn, span too little for powers of ten to be enough."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

    low, high = axes.get_ylim()
    if axes.get_yscale() != "log" or high / low > POWERS_ABOVE_RATIO:
        return
    few = high / low < 4
    axes.yaxis.set_major_locator(MaxNLocator(5) if few else LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
