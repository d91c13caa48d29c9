"""A progress bar at a terminal, for work on many things."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


def at_terminal() -> bool:
    """Whether a person watches standard error."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def progress(label: str, total: int, things: str = "pictures") -> Iterator[Callable[[], None]]:
    """A bar on standard error while the block runs; nothing where nobody watches.

    Yields:
        To be called, from any thread, whenever one of the `total` things is done.
    """
    if not at_terminal():
        yield lambda: None
        return
    with progress_bar(things) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


def progress_bar(things: str) -> Progress:
    """The bar itself, not started: how many of the things, the time so far and the time that is left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} " + things),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
