"""A process that is started once and does one task after the other; whatever becomes of it, this one lives on."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

HAS_FORKSERVER = "forkserver" in multiprocessing.get_all_start_methods()
CONTEXT: Any = multiprocessing.get_context("forkserver" if HAS_FORKSERVER else "spawn")
PRELOADED = ["experiments.sweeps.job", "experiments.training.fit", "experiments.diagnosis.journal"]
"""What every worker needs: imported once by a server that has no thread and no tensor, and forked from there."""

LAST_WORDS_SECONDS = 0.5
ENDING_SECONDS = 5.0


@dataclass(frozen=True)
class Done:
    """The task's own answer."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """The task raised this."""

    error: Exception


@dataclass(frozen=True)
class Interrupted:
    """Ctrl-C or SIGTERM reached the task."""


@dataclass(frozen=True)
class Died:
    """The process ended in the middle of the task: negative for the signal that killed it."""

    exitcode: int


Answer = Done | Raised | Interrupted | Died


def warm_up() -> None:
    """Begin to import what workers need, in the background, while this process goes on."""
    if HAS_FORKSERVER:
        from multiprocessing import forkserver

        CONTEXT.set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()


class Worker:
    """The handle on one such process, which begins where this one is: working folder, environment variables."""

    def __init__(self) -> None:
        warm_up()
        self._here, there = CONTEXT.Pipe()
        self._process = CONTEXT.Process(target=_serve, args=(there, _Surroundings()), name="experiments worker")
        self._process.start()
        there.close()

    @property
    def news(self) -> list[Any]:
        """What `multiprocessing.connection.wait` can wait for: an answer, or the end of the process."""
        return [self._here, self._process.sentinel]

    @property
    def is_alive(self) -> bool:
        """Whether it can be given another task."""
        return bool(self._process.is_alive())

    def give(self, function: Callable[[Any], Any], argument: object) -> None:
        """Begin a task: a function that can be imported by its name, and what it is called with."""
        with contextlib.suppress(OSError):  # it died while it was idle: `answer` says so
            self._here.send_bytes(pickle.dumps((function, argument)))

    def answer(self) -> Answer:
        """What came of the task; waits for it."""
        wait(self.news)
        try:
            if self._here.poll():
                answer: Answer = pickle.loads(self._here.recv_bytes())
                return answer
        except (OSError, EOFError):
            pass
        self._process.join()
        return Died(int(self._process.exitcode or 0))

    def interrupt(self, signal_number: int) -> None:
        """Ctrl-C (SIGINT) or SIGTERM for the task alone."""
        self._signal(signal_number)

    def kill(self) -> None:
        """End it at once; where Python is at that moment goes to the log of the task first."""
        if hasattr(signal, "SIGUSR1"):
            self._signal(signal.SIGUSR1)
            self._process.join(LAST_WORDS_SECONDS)
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """Let it end, and see that it does."""
        self._here.close()
        self._process.join(ENDING_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            os.kill(self._process.pid, number)


@contextlib.contextmanager
def last_words(path: Path) -> Any:
    """While the block runs, a crash of the interpreter and `Worker.kill` append Python's stack to this file."""
    with path.open("a") as log:
        faulthandler.enable(log)
        if hasattr(signal, "SIGUSR1"):
            faulthandler.register(signal.SIGUSR1, log, all_threads=True)
        try:
            yield
        finally:
            faulthandler.disable()
            if hasattr(signal, "SIGUSR1"):
                faulthandler.unregister(signal.SIGUSR1)


@dataclass(frozen=True)
class _Surroundings:
    """Of the process that starts a worker; the server that it is forked from may be older."""

    folder: str = field(default_factory=os.getcwd)
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    search_path: list[str] = field(default_factory=lambda: list(sys.path))

    def enter(self) -> None:
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.variables)
        sys.path[:] = self.search_path


def _serve(tasks: Connection, surroundings: _Surroundings) -> None:
    """The life of a worker: until nobody is there to give it a task."""
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # Ctrl-C at the terminal goes to the process that started it, which says what is to be done
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    surroundings.enter()
    gc.collect()
    gc.freeze()  # collecting after each task need not go through torch's own objects
    while True:
        try:
            task = tasks.recv_bytes()
        except (EOFError, OSError):
            return
        answer = _answered(task)
        with contextlib.suppress(OSError):
            tasks.send_bytes(answer)


def _answered(task: bytes) -> bytes:
    try:
        function, argument = pickle.loads(task)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, exit_on)
        return pickle.dumps(Done(function(argument)))
    except (KeyboardInterrupt, SystemExit):
        return pickle.dumps(Interrupted())
    except Exception as error:
        return pickle.dumps(Raised(_sendable(error)))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        gc.collect()  # a trainer and its network hold each other, and the next one may be as large


def _sendable(error: Exception) -> Exception:
    """The error itself, or its text where it does not survive being sent."""
    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):
            return error
    except Exception:  # whatever a stranger's exception class does
        pass
    return RuntimeError(f"{type(error).__name__}: {error}")


def exit_on(number: int, _: object) -> None:
    """A signal handler that ends as Ctrl-C does, with what is written then, rather than at once."""
    raise SystemExit(128 + number)


def _end_with_parent() -> None:
    """Whoever started this process was killed: what it would still write, somebody else may be writing by now."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
