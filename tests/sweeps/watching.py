"""Sweeps of two jobs, watched while they run: as soon as there is something, something is done to them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TWO_JOBS = [
    *("fit", "-m", "optimizer.lr=0.01,0.03", "hydra.sweep.dir=sweep", "model.width=4"),
    *("schedule.epochs=24", "dataset.subset_fraction=0.3"),
]
FIRST, SECOND = "optimizer.lr=0.01", "optimizer.lr=0.03"


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return found


def record_of_sweep(sweep: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sweep / "sweep.json").read_text())
    return found


def statuses(sweep: Path) -> list[str]:
    return [job["status"] for job in record_of_sweep(sweep)["jobs"]]


def rows(run: Path) -> int:
    history = run / "history.csv"
    return len(history.read_text().splitlines()) if history.exists() else 0


def soon(there: Callable[[], object], do: Callable[[], object]) -> threading.Thread:
    """In the background: as soon as something is there, do something."""

    def wait() -> None:
        until = time.monotonic() + 300
        while time.monotonic() < until:
            if there():
                do()
                return
            time.sleep(0.01)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread
