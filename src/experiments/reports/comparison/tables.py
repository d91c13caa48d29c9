"""The tables of the runs of a sweep, as far as they can be read: one damaged file costs what it says alone."""

from __future__ import annotations

import logging

from experiments.runs.columns import Column
from experiments.runs.run import Run

log = logging.getLogger(__name__)

NEEDED = {"history": {"epoch"}, "predictions": {"path", "sha256", "label", "predicted", "loss"}}


def readable(run: Run, table: str) -> dict[str, Column]:
    """`Run.columns`; nothing, and a warning that names the file, if it is damaged."""
    try:
        found = run.columns(table)
    except (OSError, ValueError):
        found = {}
    if found.keys() >= NEEDED[table]:
        return found
    log.warning("note: %s is damaged: what it says is left out", run.path / f"{table}.csv")
    return {}
