"""The tables of a sweep's runs, as far as they can be read: one damaged file costs what it says alone."""

from __future__ import annotations

import functools
import logging
from pathlib import Path

from experiments.runs.columns import Column
from experiments.runs.run import COLUMNS, Run

log = logging.getLogger(__name__)

NEEDED = {
    "history": {"epoch", "train_loss_eval", "train_error_rate_eval", "valid_loss", "error_rate"},
    "steps": {"step"},
    "predictions": {"path", "sha256", "label", "predicted", "loss"},
    "split": {"label", "split"},
}


def readable(run: Run, table: str) -> dict[str, Column]:
    """`Run.columns`; no rows, and a warning that names the file, if it is damaged."""
    try:
        found = run.columns(table)
    except (OSError, ValueError):
        found = {}
    if found.keys() >= NEEDED[table]:
        return found
    path = run.path / f"{table}.csv"
    _say_damaged(path, path.absolute())
    return {column: [] for column in COLUMNS[table].split(",")}


@functools.cache
def _say_damaged(path: Path, _which: Path) -> None:
    """Once for each file: tables and pictures all ask for it."""
    log.warning("note: %s is damaged: what it says is left out", path)
