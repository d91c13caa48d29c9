"""What is not worth its time after every epoch of a tiny network, or every job of a large sweep."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator


class Throttle:
    """Lets something be done so seldom that it takes at most this share of the time; the first time it is due."""

    def __init__(self, share: float) -> None:
        self.share = share
        self._ended, self._took = -math.inf, 0.0

    @property
    def due(self) -> bool:
        """Whether enough time has passed since the last."""
        return time.monotonic() - self._ended >= self._took / self.share

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Around what is done."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._ended = time.monotonic()
            self._took = self._ended - began
