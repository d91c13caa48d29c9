"""A command that is typed in a folder, run in this process: importing torch takes seconds, and once is enough."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.cli import main


@dataclass(frozen=True)
class Typed:
    """What a command left: its exit code, its two streams and the folder that it was typed in."""

    code: int
    out: str
    err: str
    here: Path

    @property
    def only(self) -> Path:
        """The one run or sweep below the folder."""
        (found,) = [*self.here.glob("outputs/*"), *self.here.glob("multirun/*/*")]
        return found


def type_in(here: Path, *words: str) -> Typed:
    """Types `experiments WORDS` in a folder, which is made."""
    here.mkdir(parents=True, exist_ok=True)
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(here),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        one_thread(),
    ):
        code = main(words)
    return Typed(code, out.getvalue(), err.getvalue(), here)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Two threads on networks this small wait for each other where the machine has other work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def record(folder: Path, name: str = "run.json") -> dict[str, Any]:
    """A JSON file of a run's or sweep's folder."""
    found: dict[str, Any] = json.loads((folder / name).read_text())
    return found


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file, a mapping a row."""
    with path.open() as file:
        return list(csv.DictReader(file))
