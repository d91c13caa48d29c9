"""What a worker process does, from its start to its end: tasks, one after the other, each answered."""

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
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from experiments.sweeps.stopping import hold, stoppable


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

PING = b""
"""Asks whether anybody is there, and is the answer."""


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
class Surroundings:
    """Of the process that starts a worker; the server that it is forked from may be older."""

    folder: str = field(default_factory=os.getcwd)
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    search_path: list[str] = field(default_factory=lambda: list(sys.path))

    def enter(self) -> None:
        """Be there."""
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.variables)
        sys.path[:] = self.search_path


def serve(tasks: Connection, surroundings: Surroundings) -> None:
    """The life of a worker: until nobody is there to give it a task."""
    hold()
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # Ctrl-C at the terminal goes to the process that started it, which says what is to be done
    threading.Thread(target=_end_with_parent, daemon=True).start()
    surroundings.enter()
    gc.collect()
    gc.freeze()  # collecting after each task need not go through torch's own objects
    while True:
        try:
            task = tasks.recv_bytes()
        except (EOFError, OSError):
            return
        answer = PING if task == PING else _answered(task)
        with contextlib.suppress(OSError):
            tasks.send_bytes(answer)


def _answered(task: bytes) -> bytes:
    try:
        with stoppable():
            function, argument = pickle.loads(task)
            return pickle.dumps(Done(function(argument)))
    except (KeyboardInterrupt, SystemExit):
        return pickle.dumps(Interrupted())
    except Exception as error:
        return pickle.dumps(Raised(_sendable(error)))
    finally:
        gc.collect()  # a trainer and its network hold each other, and the next one may be as large


def _sendable(error: Exception) -> Exception:
    """The error itself, or its text where it does not survive being sent."""
    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):
            return error
    except Exception:  # whatever a stranger's exception class does
        pass
    return RuntimeError(f"{type(error).__name__}: {error}")


def _end_with_parent() -> None:
    """Whoever started this process was killed: what it would still write, somebody else may be writing by now."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
