"""What a run's panel shows: its curves as lists that matplotlib can draw, whatever the run did."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.reports.readable import readable
from experiments.runs.run import Run


@dataclass(frozen=True)
class Series:
    """A run's curves against the epoch, a value an epoch; a non-finite one is NaN and ends the line."""

    epochs: list[float]
    train_loss: list[float]
    valid_loss: list[float]
    score: list[float]
    guess: Mapping[str, Any]
    diverged: bool

    @property
    def drawn(self) -> bool:
        """Whether there is a point to draw."""
        return any(map(math.isfinite, self.valid_loss + self.train_loss))


def series_of(run: Run, score: str) -> Series:
    """Reads a run's history; `score` is `error_rate` or `rmse`."""
    columns = readable(run, "history")
    epochs = [float(epoch) for epoch in columns["epoch"]]

    def curve(name: str) -> list[float]:
        return [_finite(float(value)) for value in columns.get(name, [math.nan] * len(epochs))]

    return Series(
        epochs=epochs,
        train_loss=curve("train_loss_eval"),
        valid_loss=curve("valid_loss"),
        score=curve(score),
        guess=run.record.get("guess") or {},
        diverged=run.status == "diverged" or any(map(math.isnan, curve("valid_loss"))),
    )


def last_point(epochs: list[float], values: list[float]) -> tuple[float, float] | None:
    """The last epoch with a value, and that value."""
    points = [point for point in zip(epochs, values, strict=True) if math.isfinite(point[1])]
    return points[-1] if points else None


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
