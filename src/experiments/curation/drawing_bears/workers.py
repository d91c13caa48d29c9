"""Pictures drawn on all cores.

Each worker is a fresh Python that knows this package alone: a fork of a process in which torch has run may hang, and a
pool of `multiprocessing` would import the user's script once more in each of its processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

import experiments
from experiments.curation.drawing_bears.picture import draw_picture

WORTH_A_WORKER = 50
"""Pictures that one process draws in the time in which another one starts."""


Draw = Callable[[str, int, int], bytes]
"""`draw_picture`, or a worker's."""


class Worker:
    """A process that draws, as a context manager; calling it is like calling `draw_picture`."""

    def __init__(self) -> None:
        here = str(Path(experiments.__file__).parents[1])
        paths = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "experiments.curation.drawing_bears"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C ends the program that asks, and with its end the worker's input
        )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def __call__(self, kind: str, number: int, seed: int) -> bytes:
        """Raises RuntimeError if the process has died."""
        asked, answer = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answer is not None
        with suppress(BrokenPipeError):  # then it answers nothing, either
            asked.write(f"{kind} {number} {seed}\n".encode())
            asked.flush()
        length = int.from_bytes(answer.read(4), "big")
        content = answer.read(length)
        if not length or len(content) < length:
            raise RuntimeError(f"a process that draws pictures ended with exit code {self._process.wait()}")
        return content

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        with suppress(BrokenPipeError), self._process:  # closes the pipes and waits
            pass


def on_all_cores(tasks: Sequence[Callable[[Draw], None]]) -> None:
    """Runs every task with something that draws; few of them in this process, many in several.

    Raises what a task raises, or Ctrl-C; what has not begun by then is left out.
    """
    left = deque(tasks)
    count = min(_cores(), len(tasks) // WORTH_A_WORKER)
    if count < 2:
        _run(left, draw_picture)
        return
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker()) for _ in range(count)]
        threads = stack.enter_context(ThreadPoolExecutor(count))
        stack.callback(left.clear)
        for running in [threads.submit(_run, left, worker) for worker in workers]:
            running.result()


def _run(left: deque[Callable[[Draw], None]], draw: Draw) -> None:
    try:
        while left:
            try:
                task = left.popleft()
            except IndexError:  # another thread took the last one
                return
            task(draw)
    except BaseException:
        left.clear()
        raise


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
