"""One limit in time for all that a thread does on the network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_end: ContextVar[float] = ContextVar("end of the time")  # each thread has its own


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """From here to the end of the block `seconds_left` counts down."""
    token = _end.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def seconds_left() -> float:
    """Until the time is up; negative after that; infinite outside a `time_limit`."""
    return _end.get(float("inf")) - time.monotonic()
