"""What a run of few parameters left to be drawn: where they went, and the points that they were fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.runs.columns import read_columns
from experiments.runs.run import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]


class NothingToDraw(Exception):  # noqa: N818 - reads as what it says
    """The run left no parameters; the message says which runs do."""


@dataclass(frozen=True)
class Points:
    """`x`, `y` (N,), and `features` (N, P): a prediction is features @ parameters. `y` of a curve is NaN."""

    x: Array
    y: Array
    features: Array


@dataclass(frozen=True)
class Recorded:
    """A run as numbers.

    Attributes:
        run: whose they are.
        parameters: (steps + 1, P), row n before step n, the last after the last step; may end in inf or nan.
        train, valid: the points.
        curve: a fine grid of x, in rising order, to draw the fit on.
    """

    run: Run
    parameters: Array
    train: Points
    valid: Points
    curve: Points

    @property
    def rate(self) -> float:
        """The learning rate of the run."""
        return float(self.run.record["configuration"]["optimizer"]["lr"])

    @property
    def critical_rate(self) -> float | None:
        """Above it full-batch gradient descent diverges; None for other optimizers."""
        return self.run.record.get("critical_rate")

    def losses(self) -> Array:
        """The mean squared error on all training points at each row of `parameters`: (steps + 1,)."""
        return mean_squared_error(self.train, self.parameters)

    def least_squares(self) -> Array:
        """The parameters (P,) that minimise the loss on the training points."""
        import numpy as np

        solution: Array = np.linalg.lstsq(self.train.features, self.train.y, rcond=None)[0]
        return solution


def mean_squared_error(points: Points, parameters: Array) -> Array:
    """Of every row of `parameters` (..., P): (...,); inf where the parameters are no longer finite."""
    import numpy as np

    with np.errstate(all="ignore"):
        errors = parameters @ points.features.T - points.y
        loss: Array = np.nan_to_num(np.mean(errors**2, axis=-1), nan=np.inf, posinf=np.inf)
    return loss


def read_recorded(run: Run) -> Recorded:
    """Read parameters.csv and points.csv.

    Raises:
        NothingToDraw: the run has none, or they are damaged.
    """
    try:
        return _read(run)
    except FileNotFoundError:
        why = f"{run.path} cannot be drawn: only a line or a polynomial leaves parameters that can be looked at"
    except (ValueError, KeyError, IndexError) as error:
        why = f"{run.path} cannot be drawn: parameters.csv or points.csv is damaged ({error})"
    raise NothingToDraw(f"{why}\n  experiments fit recipe=line draw=true")


def _read(run: Run) -> Recorded:
    import numpy as np

    path, table = (read_columns(run.path / f"{name}.csv") for name in ("parameters", "points"))
    names = [name for name in path if name != "step"]
    parameters = np.array([path[name] for name in names], dtype=float).T
    split = np.array(table["split"])
    columns = {name: np.array(table[name], dtype=float) for name in ("x", "y", *names)}

    def part(name: str) -> Points:
        rows = split == name
        return Points(columns["x"][rows], columns["y"][rows], np.stack([columns[name][rows] for name in names], axis=1))

    return _checked(Recorded(run, parameters, part("train"), part("valid"), part("curve")))


def _checked(recorded: Recorded) -> Recorded:
    """Raises ValueError where something that every picture needs is missing or no number."""
    import numpy as np

    if not len(recorded.parameters):
        raise ValueError("parameters.csv has no rows")
    for name, points in (("train", recorded.train), ("curve", recorded.curve)):
        if not len(points.x) or not np.isfinite(points.features).all() or not np.isfinite(points.x).all():
            raise ValueError(f"points.csv has no usable rows of split {name}")
    if not np.isfinite(recorded.train.y).all():
        raise ValueError("points.csv has training points without a finite y")
    if not isinstance(recorded.run.record.get("configuration"), dict):
        raise ValueError("run.json has no configuration")
    return recorded
