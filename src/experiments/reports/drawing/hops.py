"""The steps of plain gradient descent along the steepest direction of the loss, of recorded runs or computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.reports.drawing.descent import hessian, is_plain_descent
from experiments.reports.drawing.recorded import Recorded, mean_squared_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

STEPS_AT_MOST = 15
LOW_BELOW = 0.0632  # of the critical rate: as many times 0.02 as it is less than 0.2


@dataclass(frozen=True)
class Hops:
    """Where the steps land.

    Attributes:
        rate: the learning rate.
        steepness: the highest second derivative of the loss; the critical rate is 2 / steepness.
        lowest: the loss at the least squares.
        positions: along the steepest direction, from the least squares, (steps + 1,): starts on the negative side,
            may end in inf or nan.
        is_recorded: else it is computed.
    """

    rate: float
    steepness: float
    lowest: float
    positions: Array
    is_recorded: bool

    @property
    def left(self) -> float:
        """The distance after the last step as a share of that at the start."""
        import numpy as np

        return float(np.abs(self.positions[-1] / (self.positions[0] or 1.0)))

    @property
    def critical_rate(self) -> float:
        """Above it every step lands farther away than the one before."""
        return 2 / self.steepness

    @property
    def ratio(self) -> float:
        """The rate as a share of the critical one."""
        return self.rate / self.critical_rate

    def loss(self, positions: Array) -> Array:
        """The loss with all other directions at their best."""
        import numpy as np

        with np.errstate(all="ignore"):
            loss: Array = self.lowest + self.steepness / 2 * positions**2
        return loss


def recorded_hops(run: Recorded) -> Hops:
    """The first steps of a run.

    Raises:
        ValueError: it is not plain gradient descent on all points.
    """
    import numpy as np

    if not is_plain_descent(run):
        raise ValueError(
            f"{run.run.path} is not plain gradient descent: only with optimizer.momentum=0, optimizer.weight_decay=0, "
            "a constant rate and dataset.batch_size=all do the steps follow a parabola"
        )
    steepness, directions = np.linalg.eigh(hessian(run.train))
    best = run.least_squares()
    with np.errstate(all="ignore"):
        positions = (run.parameters[: STEPS_AT_MOST + 1] - best) @ directions[:, -1]
    lowest = float(mean_squared_error(run.train, best))
    to_the_left = positions if positions[0] <= 0 else -positions
    return Hops(run.rate, float(steepness[-1]), lowest, to_the_left, is_recorded=True)


def steepest_is_the_intercept(run: Recorded) -> bool:
    """Whether the steepest direction of a straight line's loss is, but for a tenth, that of its constant."""
    import numpy as np

    steepest = np.linalg.eigh(hessian(run.train))[1][:, -1]
    constant = np.ptp(run.train.features, axis=0) == 0
    return len(steepest) == 2 and bool(np.linalg.norm(steepest[~constant]) < 0.1)


def computed_hops(like: Hops, ratio: float) -> Hops:
    """From the same start at another share of the critical rate, in closed form."""
    import numpy as np

    rate = ratio * like.critical_rate
    positions = like.positions[0] * (1 - rate * like.steepness) ** np.arange(STEPS_AT_MOST + 1)
    return Hops(rate, like.steepness, like.lowest, positions, is_recorded=False)


def three_hops(runs: Sequence[Recorded]) -> tuple[Hops, Hops, Hops]:
    """Too low, good and too high: of the runs that belong there the most typical, else computed from the same start.

    Raises:
        ValueError: a run is not plain gradient descent on all points, or there is none.
    """
    if not runs:
        raise ValueError("there is no run to draw")
    hops = [recorded_hops(run) for run in runs]
    too_low = [hop for hop in hops if hop.ratio < LOW_BELOW]
    good = [hop for hop in hops if LOW_BELOW <= hop.ratio <= 1]
    too_high = [hop for hop in hops if hop.ratio > 1]
    return _typical(too_low, 0.02, hops[0]), _typical(good, 0.2, hops[0]), _typical(too_high, 1.05, hops[0])


def _typical(hops: Sequence[Hops], ratio: float, like: Hops) -> Hops:
    """The one whose rate is closest to a share of the critical one, on a log scale."""
    if not hops:
        return computed_hops(like, ratio)
    return min(hops, key=lambda hop: abs(math.log(max(hop.ratio, 1e-12) / ratio)))
