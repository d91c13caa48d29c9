"""The training loss of a run against its steps, in a panel whose log scale is set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.reports.look import LINE_WIDTH, TEXT_SIZE
from experiments.runs.run import Run

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

NOISY = 0.25
"""A share of the steps at which the loss turns: where every step sees the same data, it hardly ever does."""
SMOOTHED_OVER = 1 / 12
"""Of all steps."""
SMALLEST = 1e-12
"""A loss of 0 has no logarithm."""
FAR = 10.0
"""Times the top of the scale: where a line ends that is no longer a number."""


def losses(run: Run) -> list[float]:
    """The training loss at each step, up to the first that is no finite number."""
    values = [float(value) for value in run.columns("steps")["train_loss"]]
    end = next((step for step, value in enumerate(values) if not math.isfinite(value)), len(values))
    return values[:end]


def is_noisy(values: Sequence[float]) -> bool:
    """Whether it turns so often that single steps say little."""
    import numpy as np

    change = np.diff(values)
    return bool(np.mean(np.sign(change[1:]) * np.sign(change[:-1]) < 0) > NOISY) if len(change) > 1 else False


def course(values: Sequence[float]) -> Array:
    """The values, smoothed if they are noisy: the geometric mean of the steps around each.

    At the beginning there are as few before as after, so that a leap stays where it is.
    """
    import numpy as np

    if not is_noisy(values):
        return np.array(values)
    steps = np.arange(len(values))
    half = np.minimum(max(1, round(SMOOTHED_OVER * len(values) / 2)), steps)
    summed = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(values, SMALLEST)))])
    first, end = steps - half, np.minimum(steps + half + 1, len(values))
    smoothed: Array = np.exp((summed[end] - summed[first]) / (end - first))
    return smoothed


def draw_loss(axes: Axes, run: Run, colour: str) -> None:
    """A thin line with every step and a thick one through it where it is noisy, else one line.

    Where the loss leaves the scale, the panel says how far it goes.
    """
    import numpy as np

    values = losses(run)
    if is_noisy(values):
        axes.plot(values, color=colour, linewidth=1.0, alpha=0.6)
    line, top = course(values), axes.get_ylim()[1]
    if run.status == "diverged":
        line = np.append(line, FAR * top)
    axes.plot(line, color=colour, linewidth=LINE_WIDTH + 0.4, solid_capstyle="round")
    if line[-1] > top:
        _say_how_far(axes, run, line, colour)


def _say_how_far(axes: Axes, run: Run, line: Array, colour: str) -> None:
    import numpy as np

    crossed = int(np.argmax(line > axes.get_ylim()[1]))
    far = "infinity" if run.status == "diverged" else f"$10^{{{math.log10(line[-1]):.0f}}}$"
    left = crossed < len(line) / 2
    axes.annotate(
        f"on to {far}",
        (crossed, 0.97),
        (8 if left else -24, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="left" if left else "right",
        va="top",
        fontsize=TEXT_SIZE,
        color=colour,
    )
