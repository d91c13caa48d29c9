"""Imports what is slow once, then forks a process for each command: `experiments` alone in its process.

Reads lines of JSON: {"folder": ..., "words": [...]} answers with the process's id, {"wait": id} with its exit code.
Forking is safe here because this process has run no torch operation.
"""

import json
import os
import signal
import sys
import time

import pytorch_lightning  # noqa: F401 - the slow import that the processes share

import experiments.training.fit
import experiments.training.preflight  # noqa: F401
from experiments.cli import main

WAIT_SECONDS = 60


def become(folder: str, words: list[str]) -> None:
    """Be what a shell would have started: an own group, files for output, the default Ctrl-C."""
    os.setsid()
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor, name in ((0, os.devnull), (1, "stdout"), (2, "stderr")):
        flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(name, flags, 0o644), descriptor)
    sys.argv = ["experiments", *words]
    sys.exit(main())


def wait(pid: int) -> int:
    """The exit code as subprocess has it, negative for a signal; a process that does not end is an error."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    raise TimeoutError(f"process {pid} did not end")


def serve() -> None:
    alive: set[int] = set()
    try:
        while line := sys.stdin.readline():
            asked = json.loads(line)
            if "wait" in asked:
                print(wait(asked["wait"]), flush=True)
                alive.remove(asked["wait"])
            elif pid := os.fork():
                alive.add(pid)
                print(pid, flush=True)
            else:
                alive.clear()
                become(asked["folder"], asked["words"])
    finally:  # also when the tests were killed: their end of the pipe is closed
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


if __name__ == "__main__":
    serve()
