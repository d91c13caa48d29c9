"""Who does the jobs of a sweep: processes on this machine, or the machines of a cluster; and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from experiments.sweeps.worker_life import Answer


@dataclass(frozen=True)
class TimedOut:
    """The task took longer than it may, and its process was ended."""

    seconds: float


Outcome = Answer | TimedOut


@dataclass(frozen=True)
class Work:
    """What is done with each of some tasks, and who hears of it.

    Attributes:
        function: importable by its name; called with a task.
        ended: called with a task and what came of it.
        begun: called with a task that a worker begins.
        at_once: so many workers.
        limit: seconds that a task may take; None: for ever.
        together: they are parts of one whole; if one does not end well, the others end soon after.
        enough: whether no other task is to begin.
    """

    function: Callable[[Any], Any]
    ended: Callable[[Any, Outcome], object]
    begun: Callable[[Any], object] = lambda task: None
    at_once: int = 1
    limit: Callable[[Any], float | None] = lambda task: None
    together: bool = False
    enough: Callable[[], bool] = lambda: False


class Workforce(Protocol):
    """What a sweep needs of those who do its jobs."""

    def run(self, tasks: Iterable[Any], work: Work) -> None:
        """Do all tasks, in their order as workers become free.

        Raises:
            KeyboardInterrupt, SystemExit: Ctrl-C or SIGTERM; the tasks at work were interrupted alike, and ended.
        """
