"""The shape of the learning rate over a training, as pure functions of progress.

Progress is 0 at the first step and 1 at the last. A schedule answers with a factor of each group's own highest
rate, so that groups with different rates keep their ratios.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Setting(NamedTuple):
    """What the optimizer is to use at one step.

    `factor` multiplies each group's highest rate; `momentum` is Adam's first beta or SGD's momentum, None leaves
    it as it is.
    """

    factor: float
    momentum: float | None = None


class Schedule(Protocol):
    """Any object with an `epochs` number that answers for a progress between 0 and 1."""

    epochs: int

    def __call__(self, progress: float) -> Setting: ...


@dataclass(frozen=True)
class Constant:
    """The same rate throughout."""

    epochs: int = 4

    def __call__(self, progress: float) -> Setting:
        return Setting(1.0)


@dataclass(frozen=True)
class Cosine:
    """From the full rate to nothing along half a cosine (Loshchilov and Hutter 2017, without restarts)."""

    epochs: int = 4

    def __call__(self, progress: float) -> Setting:
        return Setting(_along_cosine(1.0, 0.0, progress))


@dataclass(frozen=True)
class OneCycle:
    """Rise from 1/start_divisor to 1 for `rise_fraction` of the steps, then fall to 1/end_divisor.

    Both along cosines, the momentum going the other way: the one-cycle policy of Smith (2018) in the shape and
    with the numbers of fastai 1, which the lesson uses.
    """

    epochs: int = 4
    rise_fraction: float = 0.3
    start_divisor: float = 25.0
    end_divisor: float = 250_000.0
    momentum: Sequence[float] = (0.95, 0.85)

    def __call__(self, progress: float) -> Setting:
        high, low = self.momentum
        if progress < self.rise_fraction:
            way = progress / self.rise_fraction
            return Setting(_along_cosine(1 / self.start_divisor, 1.0, way), _along_cosine(high, low, way))
        way = (progress - self.rise_fraction) / (1 - self.rise_fraction)
        return Setting(_along_cosine(1.0, 1 / self.end_divisor, way), _along_cosine(low, high, way))


def _along_cosine(start: float, end: float, way: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * way)) / 2
