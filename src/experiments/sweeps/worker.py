"""A process that is started once and does one task after the other; whatever becomes of it, this one lives on."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any

from experiments.sweeps.worker_life import PING, Answer, Died, Surroundings, serve

HAS_FORKSERVER = "forkserver" in multiprocessing.get_all_start_methods()
CONTEXT: Any = multiprocessing.get_context("forkserver" if HAS_FORKSERVER else "spawn")
PRELOADED = [
    *("experiments.sweeps.server", "experiments.sweeps.job", "experiments.training.fit"),
    "experiments.diagnosis.journal",
]
"""What every worker needs: imported once by a server that has no thread and no tensor, and forked from there."""

SERVER_DIED = 255
"""What multiprocessing takes for the exit code of a process whose server was killed, whether it lives or not."""

ATTEMPTS = 3
BETWEEN_ATTEMPTS_SECONDS = 0.5
LAST_WORDS_SECONDS = 0.5
ENDING_SECONDS = 5.0


def warm_up() -> None:
    """Begin to import what workers need, in the background, while this process goes on."""
    if HAS_FORKSERVER:
        from multiprocessing import forkserver

        CONTEXT.set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()
        atexit.unregister(_end_server)
        atexit.register(_end_server)


def _end_server() -> None:
    """At once: it would import to the end, and so long nobody who reads this process's output saw the end of it."""
    from multiprocessing import forkserver

    pid = getattr(forkserver._forkserver, "_forkserver_pid", None)
    if pid is not None:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _started(there: Any) -> Any:
    """A process that serves; if the server that forks it was killed meanwhile, by a new one.

    Raises:
        RuntimeError: none can be started.
    """
    for _ in range(ATTEMPTS):
        warm_up()
        process = CONTEXT.Process(target=serve, args=(there, Surroundings()), name="experiments worker")
        try:
            process.start()
        except (OSError, EOFError) as error:
            said = error
            time.sleep(BETWEEN_ATTEMPTS_SECONDS)
        else:
            return process
    raise RuntimeError(f"no process for jobs can be started ({said or type(said).__name__}): is there memory left?")


class Worker:
    """The handle on one such process, which begins where this one is: working folder, environment variables."""

    def __init__(self) -> None:
        self._here, there = CONTEXT.Pipe()
        self._process = _started(there)
        there.close()

    @property
    def news(self) -> list[Any]:
        """What `multiprocessing.connection.wait` can wait for: an answer, or the end of the process."""
        return [self._here, self._process.sentinel]

    @property
    def is_alive(self) -> bool:
        """Whether it can be given another task."""
        return bool(self._process.is_alive())

    def responds(self) -> bool:
        """Whether a process that has nothing to do is still there: it may have been killed meanwhile."""
        with contextlib.suppress(OSError, EOFError):
            self._here.send_bytes(PING)
            wait(self.news)
            return bool(self._here.poll() and self._here.recv_bytes() == PING)
        return False

    def give(self, function: Callable[[Any], Any], argument: object) -> None:
        """Begin a task: a function that can be imported by its name, and what it is called with."""
        with contextlib.suppress(OSError):  # it died at its start: `answer` says so
            self._here.send_bytes(pickle.dumps((function, argument)))

    def answer(self) -> Answer:
        """What came of the task; waits for it."""
        wait(self.news)
        if (answer := self.last_answer()) is not None:
            return answer
        self._process.join()
        if HAS_FORKSERVER and self._process.exitcode == SERVER_DIED:
            self._signal(signal.SIGKILL)  # nobody would hear what it does from now on
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

    def last_answer(self) -> Answer | None:
        """What a process that was ended had said before; None if it had not come so far."""
        with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):
            if self._here.poll():
                answer: Answer = pickle.loads(self._here.recv_bytes())
                return answer
        return None

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
