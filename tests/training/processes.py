"""Commands in processes of their own, to be interrupted."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from typed import rows

Found = TypeVar("Found")


class Nursery:
    """Starts commands in processes (see nursery.py); on leaving, none is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "Nursery":
        script = Path(__file__).with_name("nursery.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=30)

    def start(self, name: str, *words: str) -> "Child":
        """Type `experiments WORDS` in an empty folder of this name."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        return Child(self, folder, self.ask({"folder": str(folder), "words": list(words)}))

    def ask(self, question: dict[str, object]) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


@dataclass
class Child:
    """One command in its process."""

    nursery: Nursery
    folder: Path
    pid: int
    code: int | None = None

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """The exit code; a process that does not end within a minute is an error."""
        if self.code is None:
            self.code = self.nursery.ask({"wait": self.pid})
        return self.code

    def until(self, epochs: int, where: str) -> Path:
        """Wait until a run below the folder has so many rows of history; returns the run."""

        def trained() -> Path | None:
            found = sorted(self.folder.glob(where))
            return found[0].parent if found and len(rows(found[0])) > epochs else None

        return eventually(trained)

    @property
    def out(self) -> str:
        return (self.folder / "stdout").read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8")


def eventually(look: Callable[[], Found | None], seconds: float = 60) -> Found:
    """Look until there is something; a wait without end is an error."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"nothing came within {seconds} s")
