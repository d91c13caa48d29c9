"""The picture that is animated: points with the fit on the left, the loss on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.reports.drawing.loss_scale import LossScale, loss_scale
from experiments.reports.drawing.motion import Motion, least_loss, loss_in_words
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.theme import Theme, style, themed_figure
from experiments.reports.look import DOTS_PER_INCH, LINE_WIDTH, TEXT_SIZE, TITLE_SIZE, label_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Text
    from PIL.Image import Image

    from experiments.reports.drawing.motion import Array

WIDTH, HEIGHT = 6.2, 3.7  # inches
CAPTION_ROOM = 0.09  # of the height, above the panels
LEGEND = ("training points", "validation points", "fit", "least squares")
DASHES = (0, (4, 2.5))
PLAIN_BELOW = 1e5  # of the highest over the lowest loss: 0.1, 1, 10 instead of powers of ten


@dataclass(frozen=True)
class Stage:
    """A figure drawn once, and those of its parts that move, which alone are drawn again for each frame."""

    motion: Motion
    x: Array
    figure: Figure
    caption: Text
    fit: Line2D
    diverged: Text
    loss: Line2D
    dot: Line2D

    def frames(self, steps: list[int]) -> list[Image]:
        """A picture for each of the steps: the run before that step, or after the last one."""
        moving = (self.fit, self.diverged, self.loss, self.dot, self.caption)
        for artist in moving:
            artist.set_animated(True)
            artist.set_in_layout(False)
        canvas: Any = self.figure.canvas  # Agg's own methods carry no types
        canvas.draw()
        still = canvas.copy_from_bbox(self.figure.bbox)
        pictures = []
        for step in steps:
            self._move_to(step)
            canvas.restore_region(still)
            for artist in moving:
                self.figure.draw_artist(artist)
            pictures.append(_picture(canvas))
        return pictures

    def _move_to(self, step: int) -> None:
        motion = self.motion
        self.caption.set_text(f"step {step} of {motion.last}, loss {loss_in_words(motion.losses[step])}")
        self.fit.set_data(self.x, motion.curves[step])
        self.diverged.set_visible(motion.out_of_sight is not None and step >= motion.out_of_sight)
        self.loss.set_data(range(step + 1), motion.losses[: step + 1])
        self.dot.set_data([step], [motion.losses[step]])


def stage_of(recorded: Recorded, motion: Motion, theme: Theme) -> Stage:
    """Everything but the frames."""
    figure = themed_figure(theme, WIDTH, HEIGHT)
    figure.set_dpi(DOTS_PER_INCH)
    layout: Any = figure.get_layout_engine()
    layout.set(rect=(0, 0, 1, 1 - CAPTION_ROOM), wspace=0.05)
    left, right = figure.subplots(1, 2)
    fit = _points_panel(left, recorded, motion, theme)
    loss, dot = _loss_panel(right, motion, least_loss(recorded, motion), theme)
    caption: dict[str, Any] = {"y": 1 - CAPTION_ROOM / 2, "va": "center", "color": theme.ink}
    rate = f"learning rate {recorded.rate:g}"
    figure.text(0.98, s=rate, ha="right", fontsize=TEXT_SIZE, **caption)
    said = figure.text(0.02, s="", fontsize=TITLE_SIZE, fontweight="bold", **caption)
    _legend(figure, left, theme)
    return Stage(motion, recorded.curve.x, figure, said, fit, _stamp(left, theme), loss, dot)


def _points_panel(axes: Axes, recorded: Recorded, motion: Motion, theme: Theme) -> Line2D:
    train, valid = recorded.train, recorded.valid
    axes.plot(
        valid.x, valid.y, "o", markersize=3, markeredgewidth=0, color=theme.faint, alpha=0.7, label="validation points"
    )
    axes.plot(train.x, train.y, "o", markersize=4.5, markeredgewidth=0, color=theme.points, label="training points")
    if motion.least_squares is not None:
        best = recorded.curve.features @ motion.least_squares
        axes.plot(recorded.curve.x, best, color=theme.other, linestyle=DASHES, linewidth=1.8, label="least squares")
    axes.set_xlim(*motion.window.x)
    axes.set_ylim(*motion.window.y)
    axes.set_xlabel("x", fontsize=TEXT_SIZE)
    axes.set_ylabel("y", fontsize=TEXT_SIZE)
    style(axes, theme)
    (fit,) = axes.plot([], [], color=theme.fit, linewidth=LINE_WIDTH + 0.6, label="fit")
    return fit


def _loss_panel(axes: Axes, motion: Motion, least: float | None, theme: Theme) -> tuple[Line2D, Line2D]:
    from matplotlib.ticker import MaxNLocator

    if least is not None:
        axes.axhline(least, color=theme.other, linestyle=DASHES, linewidth=1.8)
    _scale(axes, loss_scale(motion.losses, least))
    end = max(motion.last, 1)
    axes.set_xlim(-0.03 * end, 1.03 * end)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_xlabel("step", fontsize=TEXT_SIZE)
    axes.set_ylabel("training loss", fontsize=TEXT_SIZE)
    style(axes, theme)
    (line,) = axes.plot([], [], color=theme.fit, linewidth=LINE_WIDTH)
    (dot,) = axes.plot([], [], "o", markersize=8, color=theme.fit, markeredgecolor=theme.page)
    return line, dot


def _scale(axes: Axes, scale: LossScale) -> None:
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    if scale.log:
        axes.set_yscale("log")
    axes.set_ylim(scale.low, scale.high)
    label_values(axes)
    if scale.log and scale.high / scale.low < PLAIN_BELOW:
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())


def _stamp(axes: Axes, theme: Theme) -> Text:
    """Said where the fit is not seen any more."""
    return axes.text(
        0.5, 0.94, "diverged", transform=axes.transAxes, ha="center", va="top",
        fontsize=TITLE_SIZE + 2, fontweight="bold", color=theme.fit,
        bbox={"facecolor": theme.page, "edgecolor": theme.fit, "boxstyle": "round,pad=0.35"},
    )  # fmt: skip


def _legend(figure: Figure, panel: Axes, theme: Theme) -> None:
    handles, labels = panel.get_legend_handles_labels()
    shown = [handles[labels.index(label)] for label in LEGEND if label in labels]
    figure.legend(
        handles=shown, loc="outside lower center", ncols=len(shown), frameon=False, fontsize=TEXT_SIZE - 1,
        labelcolor=theme.ink, handlelength=1.6, columnspacing=1.4, handletextpad=0.5,
    )  # fmt: skip


def _picture(canvas: Any) -> Image:
    from PIL import Image

    return Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
