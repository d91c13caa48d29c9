"""Who does the jobs of a sweep: processes on this machine, or the machines of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from experiments.sweeps.supervision import Outcome


class Workforce(Protocol):
    """What a sweep needs of those who do its jobs."""

    def run(
        self,
        function: Callable[[Any], Any],
        tasks: Iterable[Any],
        ended: Callable[[Any, Outcome], object],
        *,
        begun: Callable[[Any], object] = lambda task: None,
        at_once: int = 1,
        limit: Callable[[Any], float | None] = lambda task: None,
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """Do all tasks, as `Crew.run` does."""
