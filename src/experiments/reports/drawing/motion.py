"""What the animation and the page share: the steps that they show and the window that the fit is seen through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.reports.drawing.recorded import Recorded, mean_squared_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

COMPARABLE = 4  # parameters; with more the least squares answer swings far off between the points
MARGIN = 0.08  # of the points' extent, around them
IN_SIGHT = 0.1  # of the curve: with less in the window, there is nothing left to see
BEYOND = 50.0  # windows: further out a curve is drawn no further, and no renderer sees numbers that it cannot draw


@dataclass(frozen=True)
class Window:
    """The part of the plane that is drawn, (low, high) each."""

    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def height(self) -> float:
        """Of the part, in units of y."""
        return self.y[1] - self.y[0]


@dataclass(frozen=True)
class Motion:
    """A fit over its steps.

    Attributes:
        window: where the points are.
        curves: (steps + 1, G), y of the fit on the grid of x, cut far outside of the window; NaN where not finite.
        losses: (steps + 1,), on the training points; inf where not finite.
        least_squares: the best parameters (P,) there are; None where comparing with them shows nothing.
        out_of_sight: the step from which on the fit of a run that diverges is not seen any more; None of others.
    """

    window: Window
    curves: Array
    losses: Array
    least_squares: Array | None
    out_of_sight: int | None

    @property
    def last(self) -> int:
        """The number of the last step."""
        return len(self.losses) - 1


def motion_of(recorded: Recorded) -> Motion:
    """Everything of a run that moves."""
    import numpy as np

    window = _window(recorded)
    losses = recorded.losses()
    with np.errstate(all="ignore"):
        curves = recorded.parameters @ recorded.curve.features.T
    in_window = (curves >= window.y[0]) & (curves <= window.y[1])
    curves[~np.isfinite(curves)] = np.nan
    beyond = BEYOND * window.height
    return Motion(
        window,
        curves=np.clip(curves, window.y[0] - beyond, window.y[1] + beyond),
        losses=losses,
        least_squares=recorded.least_squares() if recorded.parameters.shape[1] <= COMPARABLE else None,
        out_of_sight=_out_of_sight(in_window.mean(axis=1) >= IN_SIGHT, losses),
    )


def least_loss(recorded: Recorded, motion: Motion) -> float | None:
    """That of least squares, which no step can get below; None where the motion is not compared with it."""
    if motion.least_squares is None:
        return None
    return float(mean_squared_error(recorded.train, motion.least_squares))


def slowly_at_first(last: int, at_most: int) -> list[int]:
    """About `at_most` steps of 0 to `last`, each one at first and then in ever longer strides.

    Strides are odd: where a rate is too high, every step throws the fit to the other side, which even strides hide.
    """
    if last < at_most:
        return list(range(last + 1))
    growth = _growth(last, at_most - 1)
    steps, stride = [0], 1
    while steps[-1] + 1.5 * stride < last:
        steps.append(steps[-1] + stride)
        stride = 2 * math.floor(growth ** len(steps) / 2) + 1
    return [*steps, last]


def loss_in_words(loss: float) -> str:
    """Three digits: `0.0755`, `1.44`, `128`; `1.7e+08` where that is not enough."""
    if not math.isfinite(loss):
        return "infinite"
    if loss and not 1e-3 <= loss < 999.5:
        return f"{loss:.1e}"
    digits = 2 - math.floor(math.log10(loss)) if loss else 2
    return f"{loss:.{max(digits, 0)}f}"


def _growth(last: int, strides: int) -> float:
    """The ratio of one stride to the one before with which that many, the first being 1, reach `last`."""
    low, high = 1.0, math.pow(last, 1 / (strides - 1))
    for _ in range(50):
        middle = (low + high) / 2
        reached = (middle**strides - 1) / (middle - 1)
        low, high = (middle, high) if reached < last else (low, middle)
    return high


def _window(recorded: Recorded) -> Window:
    import numpy as np

    x = np.concatenate([recorded.train.x, recorded.valid.x, recorded.curve.x])
    y = np.concatenate([recorded.train.y, recorded.valid.y])
    margin = MARGIN * (np.ptp(y) or 1.0)
    edge = MARGIN / 2 * (np.ptp(x) or 1.0)
    return Window((float(x.min() - edge), float(x.max() + edge)), (float(y.min() - margin), float(y.max() + margin)))


def _out_of_sight(seen: NDArray[np.bool_], losses: Array) -> int | None:
    """The step after the last one that shows the fit, if the loss has risen at the end."""
    if seen[-1] or losses[-1] <= losses[0]:
        return None
    return len(seen) - int(seen[::-1].argmax()) if seen.any() else 0
