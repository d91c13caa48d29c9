"""SIGTERM ends as Ctrl-C does: with what is written then; and both wait where nobody could answer yet."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM)


def exit_on(number: int, _: object) -> None:
    """A signal handler that raises SystemExit, rather than ending at once."""
    raise SystemExit(128 + number)


def hold() -> None:
    """SIGINT and SIGTERM wait from now on, in this process and in those forked from it, until `stoppable`."""
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)


@contextmanager
def stoppable() -> Iterator[None]:
    """KeyboardInterrupt and SystemExit where they arrive; one that was held arrives at once."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, exit_on)
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


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
