"""Light and dark: the same pictures on a white and on a black page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.reports.look import TEXT_SIZE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Theme:
    """The colours of a picture; those of data are Okabe and Ito's, which colour-blind readers can tell apart.

    Attributes:
        name: `light` or `dark`.
        suffix: of a file's stem, empty for the light one.
        page: behind everything.
        ink: text and axes.
        faint: what is less important than the data, such as earlier positions.
        grid: of the coordinate grid.
        fit: the fitted curve and the path of a run.
        valid: validation.
        other: what is compared with the run.
        points: the training points.
        colour_map: matplotlib's name, for losses.
    """

    name: str
    suffix: str
    page: str
    ink: str
    faint: str
    grid: str
    fit: str
    valid: str
    other: str
    points: str
    colour_map: str


LIGHT = Theme(
    "light", "", "#FFFFFF", "#1A1A1A", "#888888", "#DDDDDD", "#D55E00", "#0072B2", "#009E73", "#0072B2", "cividis"
)
DARK = Theme(
    "dark", "_dark", "#0D1117", "#E6EDF3", "#8B949E", "#30363D", "#FF9F4A", "#56B4E9", "#2FD3A3", "#56B4E9", "cividis"
)
THEMES = (LIGHT, DARK)


def themed_figure(theme: Theme, width_inches: float, height_inches: float) -> Figure:
    """A figure on the theme's page."""
    figure = new_figure(width_inches, height_inches)
    figure.set_facecolor(theme.page)
    return figure


def style(axes: Axes, theme: Theme) -> None:
    """Ink for what is written, a faint grid below the data, no box."""
    axes.set_facecolor(theme.page)
    axes.grid(True, which="major", color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(theme.faint)
    axes.tick_params(colors=theme.ink, labelsize=TEXT_SIZE - 1)
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
        text.set_color(theme.ink)
