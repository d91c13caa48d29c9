"""history.csv and steps.csv exactly as this package writes them, read without looking for what strangers do.

A sweep of a thousand runs has a thousand of them: this takes a quarter of the time of `read_history`, which must find
out what each column is.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from experiments.diagnosis.curves import Curves, Epoch, Number, Step
from experiments.runs.run import COLUMNS

HISTORY = COLUMNS["history"].split(",")
STEPS = COLUMNS["steps"].split(",")


def own_history(path: Path) -> Curves | None:
    """The curves; None for a file that is in any way another than ours, whole and with its epochs in order."""
    header, rows = _numbers(path)
    if header not in (HISTORY, [*HISTORY, "rmse"]) or not rows:
        return None
    if [row[0] for row in rows] != list(range(len(rows))) or rows[0][2] is not None or rows[0][3] is None:
        return None
    regression = header[-1] == "rmse"
    before, *epochs = (
        Epoch(number, train, train_eval, train_error, valid, row[-1] if regression else error, rate)
        for number, row in enumerate(rows)
        for _, rate, train, train_eval, train_error, valid, error, *_ in [row]
    )
    return Curves(str(path), tuple(epochs), before, regression=regression)


def own_steps(path: Path) -> tuple[Step, ...]:
    """The steps; none if the file is not there or not ours."""
    header, rows = _numbers(path)
    if header != STEPS or any(row[0] is None for row in rows):
        return ()
    try:
        return tuple(
            Step(int(step or 0), loss, rate, norm, None if epoch is None else int(epoch))
            for step, epoch, rate, loss, norm in rows
        )
    except (ValueError, OverflowError):  # a step called nan or inf
        return ()


def _numbers(path: Path) -> tuple[list[str], Sequence[list[Number]]]:
    """The header, and the rows with None for an empty cell; nothing if a row is short or a cell no number."""
    if not path.is_file():  # a pipe would be waited for
        return [], []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        if any(len(row) != len(header) for row in rows):
            return [], []
        return header, [[float(cell) if cell else None for cell in row] for row in rows]
    except (OSError, ValueError, csv.Error):
        return [], []
