"""How the jobs of a sweep stand: a row of numbers each, and which is the best."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.runs.alive import is_killed
from experiments.runs.run import Run

DAMAGED, FOREIGN = "damaged", "foreign"
"""run.json cannot be read: half of it is missing, or another version wrote it."""
KILLED, GONE = "killed", "its process is gone, and could not say why"
# What went on to the end, or still goes on, is ranked by its numbers; the rest follows in this order.
LAST = ("diverged", "failed", KILLED, DAMAGED, FOREIGN, "interrupted", "planned")

Row = dict[str, Any]


def job_row(
    folder: Path, job: Mapping[str, Any], run: Run | None, keys: Sequence[str], score: str, verdict: str | None = None
) -> Row:
    """One job in numbers; `keys` are the sweep's swept keys, `score` is `error_rate` or `rmse`.

    `verdict` is what the sweep says of the run; without it, what the run says alone.
    """
    record: Mapping[str, Any] = run.record if run else {}
    metrics = run.metrics if run else {}
    final, best = metrics.get("final") or {}, metrics.get("best") or {}
    status = _status(job, run)
    return {
        "run": folder.name,
        **{key: _parsed(job["swept"].get(key)) for key in keys},
        "status": status,
        "epochs": _number(final.get("epoch")),
        "train_loss_eval": _train_loss(run, final.get("epoch")),
        "valid_loss": _number(final.get("valid_loss")),
        score: _number(final.get(score)),
        f"best_{score}": _number(best.get(score)),
        "best_epoch": _number(best.get("epoch")),
        "verdict": verdict or _verdict(run),
        "expect": (record.get("expect") or {}).get("answer") or "",
        "seconds": _number(record.get("seconds")),
        "folder": str(folder),
        "error": _one_line(record.get("error") or job.get("error") or (GONE if status == KILLED else None)),
    }


def _status(job: Mapping[str, Any], run: Run | None) -> str:
    """What the run says of itself; of one whose process is gone, what the sweep says, or that it was killed."""
    if run is None:
        return str(job["status"])
    if not is_killed(run.record):
        return run.status
    return str(job["status"]) if job["status"] in ("failed", "interrupted") else KILLED


def best_first(rows: Sequence[Row], score: str) -> list[Row]:
    """The rows by rank, then score, then validation loss; equal ones keep their order."""
    return sorted(rows, key=lambda row: (_rank(row["status"]), _key(row[score]), _key(row["valid_loss"])))


def _rank(status: str) -> int:
    if status in ("finished", "running"):
        return -1
    return LAST.index(status) if status in LAST else len(LAST)


def _key(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _train_loss(run: Run | None, epoch: int | None) -> float:
    """The training loss (evaluation mode) of the same epoch as the final validation loss."""
    try:
        history = run.columns("history") if run else {}
        by_epoch = dict(zip(history.get("epoch", []), history.get("train_loss_eval", []), strict=True))
    except (OSError, ValueError):  # damaged: the rest of the row is from run.json
        return math.nan
    return _number(by_epoch.get(epoch))


def _verdict(run: Run | None) -> str:
    try:
        found = (run.diagnosis or {}).get("runs") if run else None
        return str(found[0]["verdict"] or "") if found else ""
    except (OSError, ValueError, TypeError, KeyError):  # damaged
        return ""


def _one_line(error: Mapping[str, Any] | str | None) -> str:
    if isinstance(error, Mapping):
        error = f"{error.get('type')}: {error.get('message')}"
    lines = (error or "").strip().splitlines()
    return lines[0] if lines else ""


def _number(value: object) -> float:
    """A number as it is (an epoch stays an integer), anything else as NaN."""
    return value if isinstance(value, int | float) else math.nan


def _parsed(text: str | None) -> int | float | str | None:
    """A swept value as the number that it is, else as its text."""
    for kind in (int, float):
        try:
            return kind(text or "")
        except ValueError:
            continue
    return text
