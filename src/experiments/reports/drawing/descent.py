"""Plain gradient descent on the mean squared error: whether a run is it, and the same computed again for comparison."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, repeat
from typing import TYPE_CHECKING

from experiments.reports.drawing.recorded import Points, Recorded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]


def descend(
    points: Points, start: Array, rate: float, steps: int, batch_size: int | None = None, seed: int = 0
) -> Array:
    """The parameters (P,) from `start` on, step by step: (steps + 1, P).

    Each step takes the next `batch_size` points of a random order, a new order every epoch, without a last short
    batch: as in training. None takes all points. Parameters that diverge end in inf or nan.
    """
    import numpy as np

    batches = _all_points(points) if batch_size is None else _batches(points, batch_size, seed)
    path = [np.asarray(start, dtype=float)]
    with np.errstate(all="ignore"):
        for features, y in islice(batches, steps):
            path.append(path[-1] - rate * 2 / len(y) * features.T @ (features @ path[-1] - y))
    return np.stack(path)


def _all_points(points: Points) -> Iterator[tuple[Array, Array]]:
    return repeat((points.features, points.y))


def _batches(points: Points, batch_size: int, seed: int) -> Iterator[tuple[Array, Array]]:
    import numpy as np

    generator = np.random.default_rng(seed)
    size = min(batch_size, len(points.y))
    while True:
        order = generator.permutation(len(points.y))
        for at in range(0, len(order) - size + 1, size):
            rows = order[at : at + size]
            yield points.features[rows], points.y[rows]


def hessian(points: Points) -> Array:
    """Of the mean squared error: 2 X^T X / N, (P, P), the same everywhere."""
    curvature: Array = 2 * points.features.T @ points.features / len(points.y)
    return curvature


def batch_size(recorded: Recorded) -> int | None:
    """Points a step; None for all of them."""
    size = recorded.run.record["configuration"]["dataset"]["batch_size"]
    return None if size == "all" or size >= len(recorded.train.y) else int(size)


def is_plain(recorded: Recorded) -> bool:
    """Whether each step was the rate times the gradient: SGD at a constant rate and nothing added to it."""
    configuration = recorded.run.record["configuration"]
    optimizer = configuration["optimizer"]
    return (
        optimizer["_target_"].endswith(".SGD")
        and not any(optimizer.get(extra) for extra in ("momentum", "weight_decay"))
        and configuration["schedule"]["_target_"].endswith(".Constant")
        and not (configuration.get("trainer") or {}).get("gradient_clip_val")
    )


def is_plain_descent(recorded: Recorded) -> bool:
    """Whether each step was the rate times the gradient on all points, which a closed form describes exactly."""
    return is_plain(recorded) and batch_size(recorded) is None
