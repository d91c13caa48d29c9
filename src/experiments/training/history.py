"""What happened at each step and in each epoch, and the two CSV files of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.runs.files import write_csv

EPOCH_COLUMNS = (
    "epoch",
    "lr",
    "train_loss",
    "train_loss_eval",
    "train_error_rate_eval",
    "valid_loss",
    "error_rate",
    "seconds",
)
SCORES = {"valid_loss", "error_rate", "rmse"}
"""What an epoch can be the best by."""
STEP_COLUMNS = ("step", "epoch", "lr", "train_loss", "grad_norm")

# What others log a metric as; an accuracy is turned into an error rate.
OTHER_NAMES = {"valid_loss": ("val_loss",), "error_rate": ("valid_error_rate", "val_error_rate")}
ACCURACIES = ("valid_accuracy", "val_accuracy", "valid_acc", "val_acc", "accuracy")


@dataclass
class Step:
    """One step: `train_loss` and `grad_norm` before its update, `lr` and `momentum` as the optimizer used them."""

    step: int
    epoch: int
    lr: float
    train_loss: float
    grad_norm: float | None
    momentum: float | None


@dataclass
class History:
    """All steps and epochs of a training so far."""

    steps: list[Step] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    _best: dict[str, Any] | None = field(default=None, init=False, repr=False, compare=False)
    _best_of: int = field(default=0, init=False, repr=False, compare=False)

    def state(self) -> dict[str, list[Any]]:
        """All of it as plain data."""
        return {
            "steps": [list(vars(step).values()) for step in self.steps],
            "epochs": [dict(row) for row in self.epochs],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, list[Any]]) -> History:
        """As `state` gave it."""
        return cls([Step(*values) for values in state["steps"]], [dict(row) for row in state["epochs"]])

    @property
    def columns(self) -> list[str]:
        """Of history.csv; `rmse` is there for regression alone."""
        return [*EPOCH_COLUMNS, *(["rmse"] if any("rmse" in row for row in self.epochs) else [])]

    def add_epoch(self, epoch: int, metrics: Mapping[str, float], seconds: float | None) -> dict[str, Any]:
        """A row from the metrics of an epoch and its steps; epoch 0 has none."""
        row: dict[str, Any] = {"epoch": epoch, **read_metrics(metrics)}
        steps = _steps_of(self.steps, epoch)
        if steps:
            row["lr"] = steps[-1].lr
            row["train_loss"] = sum(s.train_loss for s in steps) / len(steps)
            row["seconds"] = None if seconds is None else round(seconds, 3)
        self.epochs.append(row)
        return row

    @property
    def final(self) -> dict[str, Any] | None:
        """The last epoch, whatever came of it."""
        return summary(self.epochs[-1]) if self.epochs else None

    @property
    def best(self) -> dict[str, Any] | None:
        """The trained epoch with the lowest error, then the lowest loss, then the earliest.

        None if all diverged, or none was validated.
        """
        if self._best_of != len(self.epochs):  # it is asked for several times, and there may be thousands
            finite = [row for row in self.epochs if row["epoch"] > 0 and is_finite(row) and SCORES & row.keys()]
            self._best = summary(min(finite, key=_goodness)) if finite else None
            self._best_of = len(self.epochs)
        return self._best

    def write(self, folder: Path) -> None:
        """Write history.csv and steps.csv."""
        columns = self.columns
        write_csv(folder / "history.csv", columns, [[row.get(c) for c in columns] for row in self.epochs])
        rows = [[getattr(step, column) for column in STEP_COLUMNS] for step in self.steps]
        write_csv(folder / "steps.csv", list(STEP_COLUMNS), rows)


def read_metrics(logged: Mapping[str, float]) -> dict[str, float]:
    """The metrics that history.csv has, by our names, from what a module logged under its own."""
    found: dict[str, float] = {}
    for name in (*EPOCH_COLUMNS[3:7], "rmse"):
        for other in (name, *OTHER_NAMES.get(name, ())):
            if other in logged:
                found[name] = float(logged[other])
                break
    if "error_rate" not in found and "rmse" not in found:
        accuracy = next((float(logged[name]) for name in ACCURACIES if name in logged), None)
        if accuracy is not None:
            found["error_rate"] = 1.0 - accuracy
    return found


def epoch_metrics(row: Mapping[str, Any]) -> dict[str, float]:
    """An epoch's numbers under the names that loggers know them by: `epoch/valid_loss`."""
    names = (*EPOCH_COLUMNS[2:], "rmse")
    return {f"epoch/{name}": row[name] for name in names if isinstance(row.get(name), float)}


def summary(row: dict[str, Any]) -> dict[str, Any]:
    """What run.json says of an epoch."""
    names = ("epoch", "valid_loss", *(["rmse"] if "rmse" in row else ["error_rate"]))
    return {name: row.get(name) for name in names}


def is_finite(row: dict[str, Any]) -> bool:
    """Whether every number that this epoch has is finite."""
    return all(math.isfinite(value) for value in row.values() if isinstance(value, float))


def _goodness(row: dict[str, Any]) -> tuple[float, float, int]:
    metric = row.get("error_rate", row.get("rmse", math.inf))
    return metric, row.get("valid_loss", math.inf), row["epoch"]


def _steps_of(steps: list[Step], epoch: int) -> list[Step]:
    """The steps of the last epoch (a scan of all of them would be quadratic in epochs)."""
    first = len(steps)
    while first and steps[first - 1].epoch == epoch:
        first -= 1
    return steps[first:]
