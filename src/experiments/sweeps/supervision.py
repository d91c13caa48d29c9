"""Tasks are done by workers, several at once; what dies is replaced, what hangs is ended."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import Any, Self, TypeVar

from experiments.sweeps.stopping import sigterm_raises
from experiments.sweeps.worker import Worker
from experiments.sweeps.worker_life import Done, Interrupted, Raised
from experiments.sweeps.workforce import Outcome, TimedOut, Work

PATIENCE_SECONDS = 20.0
"""Interrupted tasks have so long to write what they have."""

CONSEQUENCE_SECONDS = 5.0
"""So long after one part of a whole has died, the others should have noticed."""
GLANCE_SECONDS = 1.0
"""A library that interrupts this process without a signal, as Ray does, is heard so soon."""


Answered = TypeVar("Answered")

_NONE_LEFT = object()


@dataclass(frozen=True)
class _Shift:
    """What a worker is at: until when it may be, on the monotonic clock, and what it is if it takes longer."""

    task: Any
    until: float
    if_late: Outcome


class Crew:
    """Worker processes, started when they are needed and then used again.

    Used as a context: at its end they end.
    """

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._busy: dict[Worker, _Shift] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in [*self._idle, *self._busy]:
            worker.close()

    def ask(self, function: Callable[[Any], Answered], argument: object) -> Answered:
        """The function's answer to one question, from a worker.

        Raises:
            Exception: what it raised there.
            RuntimeError: the process died of it.
            KeyboardInterrupt, SystemExit: Ctrl-C or SIGTERM.
        """
        outcomes: list[Outcome] = []
        self.run([argument], Work(function, lambda _, outcome: outcomes.append(outcome)))
        match outcomes[0]:
            case Done(value):
                answered: Answered = value
                return answered
            case Raised(error):
                raise error
            case Interrupted():
                raise KeyboardInterrupt
            case other:
                raise RuntimeError(f"the process that loads the data ended: {other}")

    def run(self, tasks: Iterable[Any], work: Work) -> None:
        """Do all tasks, in their order as workers become free.

        Raises:
            KeyboardInterrupt, SystemExit: Ctrl-C or SIGTERM; the tasks at work were interrupted alike, and ended.
        """
        waiting = iter(tasks)

        def noted(task: object, outcome: Outcome) -> None:
            work.ended(task, outcome)
            if work.together and not isinstance(outcome, Done):
                self._wait_no_longer_than(CONSEQUENCE_SECONDS)

        try:
            with sigterm_raises():
                while True:
                    if not work.enough():
                        self._fill(waiting, work)
                    if not self._busy:
                        return
                    self._collect(noted)
        except BaseException as stop:  # whatever a signal's handler raises
            self._interrupt(signal.SIGINT if isinstance(stop, KeyboardInterrupt) else signal.SIGTERM, work.ended)
            raise

    def _fill(self, waiting: Iterator[Any], work: Work) -> None:
        while len(self._busy) < work.at_once:
            task = next(waiting, _NONE_LEFT)
            if task is _NONE_LEFT:
                return
            work.begun(task)
            worker = self._idle_one() or Worker()
            seconds = work.limit(task)
            until = math.inf if seconds is None else time.monotonic() + seconds
            self._busy[worker] = _Shift(task, until, TimedOut(seconds or math.inf))
            worker.give(work.function, task)

    def _idle_one(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.responds():
                return worker
            worker.close()
        return None

    def _collect(self, ended: Callable[[Any, Outcome], object]) -> None:
        """Wait until something ends, or has lasted too long."""
        until = min(shift.until for shift in self._busy.values())
        timeout = min(GLANCE_SECONDS, max(0.0, until - time.monotonic()))
        ready = set(wait([item for worker in self._busy for item in worker.news], timeout))
        for worker, shift in list(self._busy.items()):
            if ready.intersection(worker.news):
                outcome: Outcome = worker.answer()
            elif time.monotonic() >= shift.until:
                worker.kill()
                outcome = worker.last_answer() or shift.if_late
            else:
                continue
            del self._busy[worker]
            if worker.is_alive:
                self._idle.append(worker)
            else:
                worker.close()
            ended(shift.task, outcome)

    def _interrupt(self, number: int, ended: Callable[[Any, Outcome], object]) -> None:
        """Hand the signal on, and wait for the files that are written then; after a second one no longer."""
        for worker in self._busy:
            worker.interrupt(number)
        self._wait_no_longer_than(PATIENCE_SECONDS)
        try:
            while self._busy:
                self._collect(ended)
        except (KeyboardInterrupt, SystemExit):
            self._wait_no_longer_than(0.0)
            while self._busy:
                self._collect(ended)

    def _wait_no_longer_than(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        for worker, shift in self._busy.items():
            self._busy[worker] = replace(shift, until=min(shift.until, until), if_late=Interrupted())
