"""Tasks for workers, importable by name."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path
from typing import Any

from experiments.config.problems import ConfigurationError, Problem
from experiments.sweeps.worker_life import last_words


class Unsendable(Exception):  # noqa: N818 - its name is part of the text
    def __reduce__(self) -> Any:
        raise TypeError("no")


def place(variable: str) -> tuple[str, str | None]:
    return str(Path.cwd()), os.environ.get(variable)


def imported(module: str) -> bool:
    return module in sys.modules


def refuse(subject: str) -> None:
    raise ConfigurationError([Problem(subject, "no", "seed=1")])


def raise_unsendable(_: None) -> None:
    raise Unsendable("too heavy")


def gone_by_then(_: None) -> None:
    """A function that this process has and a worker does not."""


def interrupt(_: None) -> None:
    raise KeyboardInterrupt


def nap(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def sign_and_nap(path: Path) -> None:
    path.with_suffix(".new").write_text(str(os.getpid()))
    path.with_suffix(".new").rename(path)
    time.sleep(600)


def nap_when(seconds: float) -> tuple[int, float, float]:
    """Who slept, from when until when on the machine's clock."""
    began = time.monotonic()
    return nap(seconds), began, time.monotonic()


def die_if_negative(number: int) -> int:
    if number == -9:
        os.kill(os.getpid(), 9)
    if number < 0:
        os._exit(-number)
    return os.getpid()


def hang_if_named(log: Path) -> None:
    with last_words(log):
        while "hang" in log.name:
            time.sleep(0.01)


def crash(log: Path) -> None:
    with last_words(log):
        ctypes.string_at(0)


def sign_in(folder: str) -> None:
    (Path(folder) / f"pid_{os.getpid()}").touch()
    time.sleep(600)


def answer_unsendable(_: str) -> Any:
    return lambda: None


if "experiments worker" in str(getattr(__import__("multiprocessing").current_process(), "name", "")):
    del gone_by_then
