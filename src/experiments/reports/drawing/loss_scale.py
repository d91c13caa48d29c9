"""The scale on which the losses of a run are seen beside the least one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

LOG_ABOVE = 10.0  # the largest loss over the smallest
ROOM = 0.06  # of the scale's length, at its ends
TICKS = 6
MANY_DECADES = 2.2  # more of them need no ticks between the powers of ten
FLOOR = 1e-12  # of the first loss: a perfect fit is no reason to go down to rounding errors
CEILING = 1e200  # beyond, the scale itself would be infinite


@dataclass(frozen=True)
class LossScale:
    """From `low` to `high`; a linear one begins at 0."""

    low: float
    high: float
    log: bool

    def ticks(self) -> list[float]:
        """A few round numbers within."""
        import numpy as np
        from matplotlib.ticker import LogLocator, MaxNLocator

        if not self.log:
            found = MaxNLocator(TICKS - 1, steps=[1, 2, 5, 10]).tick_values(self.low, self.high)
        else:
            between = (1.0,) if np.log10(self.high / self.low) > MANY_DECADES else (1.0, 2.0, 5.0)
            found = LogLocator(subs=between, numticks=TICKS).tick_values(self.low, self.high)
        return [float(tick) for tick in found if self.low <= tick <= self.high]


def loss_scale(losses: Array, least: float | None) -> LossScale:
    """That of the losses, of which some may not be finite, with room for `least`; logarithmic if they span a lot."""
    seen = losses[losses < CEILING]  # neither inf nor nan is
    if not seen.any():
        return LossScale(0.0, 1.0, log=False)
    floor = FLOOR * seen[seen > 0][0]
    low, high = max(float(seen[seen > 0].min()), floor), float(seen.max())
    if high <= LOG_ABOVE * low:
        return LossScale(0.0, (1 + ROOM) * high, log=False)
    low = min(low, max(least or low, floor))
    room = (high / low) ** ROOM
    return LossScale(low / room, high * room, log=True)
