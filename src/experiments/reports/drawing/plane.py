"""A straight line's run as a path in the plane of (slope, intercept), over which its loss is a bowl."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.reports.drawing.descent import hessian
from experiments.reports.drawing.recorded import Points, Recorded, mean_squared_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]
    Region = Callable[[Array], NDArray[np.bool_]]
    """Whether points (..., 2) are in it: (...,)."""

Limits = tuple[tuple[float, float], tuple[float, float]]
"""Of slope and of intercept."""

HEADROOM = 1.3
"""How many times the loss at the start is still worth seeing."""
MARGIN = 0.14
BISECTIONS = 40


@dataclass(frozen=True)
class Plane:
    """A run, in the order (slope, intercept).

    Attributes:
        points: the training points, features (N, 2) in that order.
        path: (steps + 1, 2), may end in inf or nan.
        best: the least squares (2,).
    """

    points: Points
    path: Array
    best: Array

    def loss(self, at: Array) -> Array:
        """The mean squared error at (..., 2): (...,), by its second derivatives, which are all it has; inf for nan."""
        import numpy as np

        with np.errstate(all="ignore"):
            away = at - self.best
            rise = np.einsum("...i,ij,...j->...", away, hessian(self.points) / 2, away)
            loss: Array = np.nan_to_num(self.lowest + rise, nan=np.inf, posinf=np.inf)
        return loss

    @property
    def lowest(self) -> float:
        """The loss at `best`."""
        return float(mean_squared_error(self.points, self.best))

    @property
    def highest(self) -> float:
        """The highest loss worth seeing: something above the start."""
        start = float(self.loss(self.path[0]))
        return max(HEADROOM * start, 2 * self.lowest, 1e-6)


def plane(recorded: Recorded) -> Plane:
    """The run in its plane.

    Raises:
        ValueError: it does not have exactly two parameters.
    """
    import numpy as np

    if recorded.parameters.shape[1] != 2:
        raise ValueError(
            f"{recorded.run.path} has {recorded.parameters.shape[1]} parameters: "
            "only a run of two, a slope and an intercept, can be drawn in a plane"
        )
    train = recorded.train
    # A line has its constant last, a polynomial of degree 1 first.
    order = [1, 0] if np.ptp(train.features[:, 0]) < np.ptp(train.features[:, 1]) else [0, 1]
    points = Points(train.x, train.y, train.features[:, order])
    return Plane(points, recorded.parameters[:, order], recorded.least_squares()[order])


def view(planes: Sequence[Plane]) -> Limits:
    """The limits of slope and intercept that hold all that is worth seeing of all paths, neither much shorter."""
    import numpy as np

    worth = [np.stack([p.best, *p.path[p.loss(p.path) <= p.highest]]) for p in planes]
    seen = np.concatenate(worth)
    centre, half = (seen.max(0) + seen.min(0)) / 2, np.ptp(seen, axis=0) / 2 * (1 + 2 * MARGIN)
    half = np.maximum(half, half.max() * np.array([1.0, 0.6])) if half.max() > 0 else np.ones(2)
    low, high = centre - half, centre + half
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def within(limits: Limits, edge: float = 0.0) -> Region:
    """The region inside of the limits, except an edge given as a share of the sides."""
    import numpy as np

    low, high = np.array(limits).T
    low, high = low + edge * (high - low), high - edge * (high - low)

    def inside(at: Array) -> NDArray[np.bool_]:
        answer: NDArray[np.bool_] = np.all((at >= low) & (at <= high), axis=-1)
        return answer

    return inside


def cut(path: Array, inside: Region) -> tuple[Array, bool]:
    """The path until it leaves a convex region for good, the last row at the border; and whether it left.

    Nothing (0, 2) of a path that never was there.
    """
    import numpy as np

    (rows,) = np.nonzero(inside(path))
    if not len(rows):
        return path[:0], False
    last = int(rows[-1])
    if last == len(path) - 1:
        return path, False
    here, there = path[last], path[last + 1]
    if not np.isfinite(there).all():
        return path[: last + 1], True
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if inside(here + middle * (there - here)) else (low, middle)
    return np.concatenate([path[: last + 1], [here + low * (there - here)]]), True
