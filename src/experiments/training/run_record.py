"""run.json while it is written: what was run, on what, and how far it is."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.config.locations import PACKAGE
from experiments.runs.files import write_json
from experiments.runs.schema import SCHEMA

log = logging.getLogger(__name__)

DISTRIBUTIONS = ("torch", "torchvision", "pytorch-lightning", "hydra-core", "omegaconf", "numpy")


@dataclass(frozen=True)
class Origin:
    """Where a run comes from.

    Attributes:
        command: as it was typed.
        overrides: the `key=value` of the command that count.
        variation: overrides for the same configuration without its experiment and its sweep, so that any key of it
            may be overridden: what the next run is made from. None where none can say it.
        config_dir: of the user's own YAML files.
        parent: the run whose advice this one follows.
        reason: that advice.
    """

    command: str | None = None
    overrides: tuple[str, ...] = ()
    variation: tuple[str, ...] | None = None
    config_dir: str | None = None
    parent: str | None = None
    reason: str | None = None


class RunRecord:
    """The content of a run's `run.json`, written whole at every `update`."""

    def __init__(self, folder: Path, origin: Origin) -> None:
        self.path = folder / "run.json"
        self._started = time.monotonic()
        self._written = 0.0
        self._took: float | None = None
        self.content: dict[str, Any] = {
            "schema": SCHEMA,
            "status": "running",
            "command": origin.command,
            "overrides": list(origin.overrides),
            "variation": None if origin.variation is None else list(origin.variation),
            "config_dir": origin.config_dir,
            "configuration": None,
            "config_hash": None,
            "seed": None,
            "versions": versions(),
            "code": code(),
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "heartbeat": _now(),
            "started": _now(),
            "resumed": [],
            "seconds": 0.0,
            "device": None,
            "parameters": None,
            "data": None,
            "weights_hash": None,
            "phases": None,
            "guess": None,
            "critical_rate": None,
            "metrics": {"final": None, "best": None},
            "expect": None,
            "parent": origin.parent,
            "reason": origin.reason,
            "error": None,
        }

    @property
    def status(self) -> str:
        """`running`, `finished`, `diverged`, `interrupted` or `failed`."""
        return str(self.content["status"])

    def go_on_from(self, before: Mapping[str, Any]) -> None:
        """The run was interrupted and goes on: it began then, and took its time until then."""
        kept = ("command", "overrides", "variation", "config_dir", "started", "parent", "reason")
        self.content |= {name: before[name] for name in kept if name in before}
        self.content["resumed"] = [*(before.get("resumed") or []), _now()]
        seconds = before.get("seconds")
        self._started -= seconds if isinstance(seconds, int | float) else 0.0

    def note(self, changes: Mapping[str, Any]) -> None:
        """Change some fields; the next `update` writes them."""
        self.content |= changes

    def update(self, changes: Mapping[str, Any] | None = None) -> None:
        """Change some fields and write the file, with the time; nothing has changed if it cannot be written."""
        seconds = round(time.monotonic() - self._started if self._took is None else self._took, 3)
        content = {**self.content, **(changes or {}), "heartbeat": _now(), "seconds": seconds}
        self._written = time.monotonic()
        write_json(self.path, content)
        self.content = content

    def take_seconds(self, seconds: float) -> None:
        """The run took so long, whatever the clock says: it shared its time with others."""
        self._took = seconds

    def beat(self, every_seconds: float = 5.0) -> None:
        """Say that the run is alive, if it has not for so long; what cannot be said now is said later."""
        if time.monotonic() - self._written > every_seconds:
            with contextlib.suppress(OSError):
                self.update()

    def fail(self, error: BaseException) -> None:
        """The run ended by this error."""
        self.end("failed", {"type": type(error).__name__, "message": str(error)})

    def end(self, status: str, error: Mapping[str, str] | None = None) -> None:
        """The run ended before its time.

        Where not even that can be written, the file goes on saying `running`, of a process that is gone.
        """
        try:
            self.update({"status": status, "error": error})
        except OSError as unwritten:
            log.error("%s stays as it was: %s", self.path.name, unwritten)


@functools.cache
def versions() -> dict[str, str]:
    """Of Python, of the platform and of what computes."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    return found | {name: metadata.version(name) for name in DISTRIBUTIONS}


@functools.cache
def package_version() -> str:
    """This package's own version."""
    return metadata.version("experiments")


@functools.cache
def code() -> dict[str, Any]:
    """This package's version, and the commit it runs from where it runs from a checkout."""
    checkout = PACKAGE.parent.parent
    found: dict[str, Any] = {"version": package_version(), "commit": None, "dirty": None}
    if (checkout / ".git").exists():
        found["commit"] = _git(checkout, "rev-parse", "HEAD")
        changes = _git(checkout, "status", "--porcelain", "--untracked-files=no")
        found["dirty"] = None if changes is None else bool(changes)
    return found


def _git(checkout: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def command_line() -> str:
    """The command that was typed, as it can be typed again."""
    import shlex

    name = Path(sys.argv[0]).name
    return shlex.join(["experiments" if name == "__main__.py" else name, *sys.argv[1:]])  # python -m experiments


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
