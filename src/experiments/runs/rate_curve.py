"""The curve of a learning-rate range test: the loss at each of many rising rates, as `lr_find.csv` has it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from experiments.runs.files import write_csv

SMOOTHING = 0.98
STOP_AT = 4.0
SETTLING = 10
"""So many of the first smoothed losses are averages of too few to be compared with others (fastai skips a tenth)."""

COLUMNS = ("step", "lr", "loss", "smoothed")


@dataclass(frozen=True)
class RateStep:
    """A step at the rate `lr`: the loss before it, and the average of the losses so far."""

    lr: float
    loss: float
    smoothed: float


@dataclass
class RateCurve:
    """Steps at rising rates.

    `smoothed` is the exponential moving average with the factor 0.98, divided by the sum of its weights so that it
    does not begin at 0 (Kingma and Ba 2015, 3), as fastai and Lightning smooth; it is nan where the loss is not finite.
    """

    steps: list[RateStep] = field(default_factory=list)
    _sum: float = 0.0

    def add(self, lr: float, loss: float) -> None:
        """The next step."""
        self._sum = SMOOTHING * self._sum + (1 - SMOOTHING) * loss
        smoothed = self._sum / (1 - SMOOTHING ** (len(self.steps) + 1))
        self.steps.append(RateStep(lr, loss, smoothed if math.isfinite(loss) else math.nan))

    @property
    def is_over(self) -> bool:
        """Whether the last loss was not finite, or the smoothed one four times its best."""
        if not self.steps:
            return False
        last = self.steps[-1]
        return not math.isfinite(last.loss) or last.smoothed > STOP_AT * min(
            (step.smoothed for step in self.settled), default=math.inf
        )

    @property
    def settled(self) -> list[RateStep]:
        """The steps that may be compared: finite, and behind the first ones."""
        return [step for step in self.steps[SETTLING:] if math.isfinite(step.smoothed)]

    def __iter__(self) -> Iterator[RateStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def write(self, path: Path) -> None:
        """Write `lr_find.csv`; its steps count from 1."""
        rows = [(number, step.lr, step.loss, step.smoothed) for number, step in enumerate(self.steps, 1)]
        write_csv(path, COLUMNS, rows)
