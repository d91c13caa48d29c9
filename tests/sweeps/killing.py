"""Sweeps that are killed and resumed, and what must be the same in the end."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.cli import main
from experiments.training.weights import read_model_weights

SIX_JOBS = [
    *("-m", "optimizer.lr=0.001,0.01,0.03", "seed=0,1", "hydra.sweep.dir=sweep", "model.width=4"),
    *("schedule.epochs=24", "dataset.subset_fraction=0.3"),
]
"""Each takes a second or so, and has dropout."""

THREADS = {"OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class End:
    """What a finished sweep is, by job: history without the time, steps, weights, diagnosis without its place."""

    jobs: Mapping[str, tuple[Any, ...]]

    @classmethod
    def of(cls, sweep: Path) -> End:
        found = {}
        for job in json.loads((sweep / "sweep.json").read_text())["jobs"]:
            run = sweep / job["folder"]
            history = [{k: v for k, v in row.items() if k != "seconds"} for row in _rows(run / "history.csv")]
            weights = {path.relative_to(run): path.read_bytes() for path in sorted(run.glob("model/**/*.safetensors"))}
            diagnosis = json.loads((run / "diagnosis.json").read_text().replace(str(sweep), ""))
            steps, predictions = (run / "steps.csv").read_text(), (run / "predictions.csv").read_text()
            found[job["folder"]] = (job["status"], history, steps, weights, predictions, diagnosis)
        return cls(found)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def learned(run: Path) -> dict[str, Any]:
    """All of a run that must be the same."""
    files = [
        "steps.csv",
        "predictions.csv",
        "split.csv",
        *(["parameters.csv"] if (run / "points.csv").exists() else []),
    ]
    history = [{k: v for k, v in row.items() if k != "seconds"} for row in _rows(run / "history.csv")]
    weights = {name: tensor.tolist() for name, tensor in read_model_weights(run / "model").items()}
    best = run / "model" / "best"
    best_weights = read_model_weights(best) if best.exists() else {}
    return {
        **{name: (run / name).read_text() for name in files},
        "history": history,
        "weights": weights,
        "best": {name: tensor.tolist() for name, tensor in best_weights.items()},
        "metrics": json.loads((run / "run.json").read_text())["metrics"],
        "diagnosis": json.loads((run / "diagnosis.json").read_text().replace(str(run), "")),
    }


@dataclass
class Typed:
    """What a command in this process printed and returned."""

    code: int
    out: str
    err: str


def typed(folder: Path, *words: str) -> Typed:
    """`experiments WORDS` in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    return Typed(code, out.getvalue(), err.getvalue())


@dataclass
class Killed:
    """A sweep of six jobs in a process of its own, killed by SIGKILL at a moment that a seed chooses.

    Attributes:
        whom: `parent` or `worker`.
        after: how many jobs had begun then.
        done: what run.json of the finished jobs was then.
    """

    folder: Path
    whom: str
    after: int = 0
    done: dict[str, bytes] = field(default_factory=dict)

    @property
    def sweep(self) -> Path:
        return self.folder / "sweep"


def kill_one(folder: Path, seed: int, whom: str) -> Killed:
    """Start the six jobs in a folder, and kill the parent or the worker in the middle."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "experiments", "fit", *SIX_JOBS]
    environment = {**os.environ, **THREADS}
    output = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment)
    sweep = folder / "sweep"
    wanted, delay = chance.randrange(1, 7), chance.uniform(0, 1.0)
    _until(lambda: len(list(sweep.glob("*/run.json"))) >= wanted or process.poll() is not None)
    time.sleep(delay)
    runs = {path.parent.name: _status(path) for path in sweep.glob("*/run.json")}
    pid = process.pid if whom == "parent" else max(_pids(sweep), default=process.pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=300)
    if whom == "parent":
        _until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in _pids(sweep)))
    done = {name: (sweep / name / "run.json").read_bytes() for name, status in runs.items() if status == "finished"}
    return Killed(folder, whom, len(runs), done)


def _until(there: Any, seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not there():
        if time.monotonic() > until:
            raise TimeoutError(f"nothing came within {seconds} s")
        time.sleep(0.01)


def _status(path: Path) -> str:
    return str(json.loads(path.read_text())["status"])


def _pids(sweep: Path) -> set[int]:
    return {int(json.loads(path.read_text())["pid"]) for path in sweep.glob("*/run.json")}
