"""Work on many things by threads that nobody has to wait for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

THREAD = "in background"
"""The name of the threads."""
Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def in_background(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Mapping[Item, Future[Result]]]:
    """`work` is done on each item, in their order; yields the results to come.

    The standard library's pools wait at the end of the program for what has begun. Here, whoever leaves the block
    early (Ctrl-C) leaves at once, even if a thread still waits for a name server; nothing further is begun.
    """
    futures: dict[Item, Future[Result]] = {item: Future() for item in items}
    waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
    for item in futures:
        waiting.put(item)
    left = threading.Event()

    def run() -> None:
        while not left.is_set():
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                futures[item].set_result(work(item))
            except BaseException as error:  # belongs to whoever asks for the result
                futures[item].set_exception(error)

    for _ in range(min(threads, len(futures))):
        threading.Thread(target=run, name=THREAD, daemon=True).start()
    try:
        yield futures
    finally:
        left.set()
