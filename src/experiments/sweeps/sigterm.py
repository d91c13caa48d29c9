"""SIGTERM ends as Ctrl-C does: with what is written then."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


def exit_on(number: int, _: object) -> None:
    """A signal handler that raises SystemExit, rather than ending at once."""
    raise SystemExit(128 + number)


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """SystemExit where it arrives, as Ctrl-C is a KeyboardInterrupt: or this process would end at once.

    A handler that is there already stays: submitit lets a job ignore SIGTERM, because another signal follows.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    try:
        before = signal.signal(signal.SIGTERM, exit_on)
    except ValueError:  # only the main thread may set signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
