"""Runs and sweeps on disk that no training made: the files of the contract with invented numbers."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.runs.files import write_csv, write_json

COLUMNS = [
    "epoch", "lr", "train_loss", "train_loss_eval", "train_error_rate_eval", "valid_loss", "error_rate",
    "seconds",
]  # fmt: skip

Curve = Sequence[tuple[float, float, float]]
"""Training loss in evaluation mode, validation loss, error rate (or rmse): a triple an epoch, from 0."""


def falling(epochs: int, floor: float, error: float, speed: float = 1.5) -> Curve:
    """A run that learns: from guessing among ten classes down to `floor` and `error`."""
    share = [math.exp(-speed * epoch) for epoch in range(epochs + 1)]
    return [(0.6 * floor + 2.3 * s, floor + 2.3 * s, error + (0.9 - error) * s) for s in share]


def write_run(folder: Path, curve: Curve, *, status: str = "finished", **more: Any) -> Path:
    """A run's folder with run.json and history.csv; `more` goes into run.json."""
    folder.mkdir(parents=True)
    regression = (more.get("data") or {}).get("kind") == "regression"
    score = "rmse" if regression else "error_rate"
    rows = []
    for epoch, (train, valid, error) in enumerate(curve):
        before = (None, None) if epoch == 0 else (3e-3, train)
        errors = (None, None, error) if regression else (error, error, None)
        seconds = None if epoch == 0 else 2.0
        row = [epoch, *before, train, errors[0], valid, errors[1], seconds]
        rows.append([*row, errors[2]] if regression else row)
    write_csv(folder / "history.csv", [*COLUMNS, "rmse"] if regression else COLUMNS, rows)
    points = [{"epoch": i, "valid_loss": v, score: e} for i, (_, v, e) in enumerate(curve)]
    best = min(points, key=lambda point: point[score], default=None)
    guess = {"valid_loss": 1.0, "rmse": 1.0} if regression else {"valid_loss": 2.3026, "error_rate": 0.9}
    record = {
        "schema": 1,
        "status": status,
        "seconds": 2.0 * len(rows),
        "data": {"kind": "classification", "classes": ["0", "1"], "train_size": 10, "valid_size": 5},
        "metrics": {"final": points[-1], "best": best} if points else {},
        "guess": guess,
        "expect": None,
        "error": None,
    }
    write_json(folder / "run.json", {**record, **more})
    return folder


def write_sweep(folder: Path, jobs: Mapping[str, Mapping[str, str]], name: str = "sweep") -> Path:
    """A sweep's folder: a planned job for each folder name with its swept keys."""
    folder.mkdir(parents=True, exist_ok=True)
    planned = [
        {"folder": job, "overrides": [], "swept": swept, "config_hash": None, "status": "planned"}
        for job, swept in jobs.items()
    ]
    record = {"schema": 1, "name": name, "status": "running", "jobs": planned, "configuration": {}}
    write_json(folder / "sweep.json", record)
    return folder
