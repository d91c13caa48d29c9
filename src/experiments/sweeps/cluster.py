"""The jobs of a sweep on a cluster: submitted, watched, and cancelled with the sweep."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Protocol

from experiments.sweeps.errand import Errand
from experiments.sweeps.stopping import sigterm_raises
from experiments.sweeps.supervision import PATIENCE_SECONDS
from experiments.sweeps.worker_life import Done, Interrupted
from experiments.sweeps.workforce import Outcome, Work

GLANCE_SECONDS = 0.3


class Lost(Exception):  # noqa: N818 - run.json names it, beside Died and Killed
    """A job that ended on the cluster without saying how; the text is what the cluster says."""


class Cluster(Protocol):
    """What is asked of the library that knows a cluster; a ticket is its own name for a job."""

    def submit(self, errands: Sequence[Errand]) -> Sequence[Any]:
        """A ticket for each."""

    def over(self, tickets: Collection[Any]) -> Mapping[Any, Outcome]:
        """Those that are over by now."""

    def drop_waiting(self, tickets: Collection[Any]) -> None:
        """Cancel what has not begun."""

    def interrupt(self, tickets: Collection[Any]) -> None:
        """Cancel what has not begun, and end the others as Ctrl-C does."""

    def kill(self, tickets: Collection[Any]) -> None:
        """End all at once."""


class ClusterCrew:
    """A workforce whose workers are the cluster's.

    Args:
        cluster: that does the tasks.
        most: so many may be submitted at once; None: all, and the cluster lets them wait.
    """

    def __init__(self, cluster: Cluster, most: int | None = None) -> None:
        self._cluster = cluster
        self._most = most
        self._at_work: dict[Any, Any] = {}

    def run(self, tasks: Iterable[Any], work: Work) -> None:
        """Do all tasks; no cluster can promise that they run `together`.

        Raises:
            KeyboardInterrupt, SystemExit: Ctrl-C or SIGTERM; the tasks on the cluster were cancelled.
        """
        waiting = iter(tasks)
        most = work.at_once if self._most is None else min(work.at_once, self._most)
        try:
            with sigterm_raises():
                while True:
                    part = [] if work.enough() else list(islice(waiting, most - len(self._at_work)))
                    self._submit(part, work)
                    if not self._at_work:
                        return
                    self._collect(work.ended)
                    if work.enough():
                        self._cluster.drop_waiting(self._at_work)
        except BaseException:
            self._interrupt(work.ended)
            raise

    def _submit(self, tasks: Sequence[Any], work: Work) -> None:
        if tasks:
            tickets = self._cluster.submit([Errand.of(work.function, task, work.limit(task)) for task in tasks])
            self._at_work.update(zip(tickets, tasks, strict=True))
        for task in tasks:
            work.begun(task)

    def _collect(self, ended: Callable[[Any, Outcome], object]) -> None:
        """Wait until something is over."""
        while not (over := self._cluster.over(self._at_work)):
            time.sleep(GLANCE_SECONDS)
        for ticket, outcome in over.items():
            ended(self._at_work.pop(ticket), outcome)

    def _interrupt(self, ended: Callable[[Any, Outcome], object]) -> None:
        """Cancel all, and wait for the files that are written then; after a second Ctrl-C no longer."""

        def stopped(task: object, outcome: Outcome) -> None:
            ended(task, outcome if isinstance(outcome, Done) else Interrupted())

        with suppress(KeyboardInterrupt, SystemExit):
            self._cluster.interrupt(self._at_work)
            until = time.monotonic() + PATIENCE_SECONDS
            while self._at_work and time.monotonic() < until:
                for ticket, outcome in self._cluster.over(self._at_work).items():
                    stopped(self._at_work.pop(ticket), outcome)
                time.sleep(GLANCE_SECONDS)
        self._cluster.kill(self._at_work)
        while self._at_work:
            stopped(self._at_work.popitem()[1], Interrupted())
