"""The rows of a history CSV with their epochs: which belong together, and where the last training begins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from experiments.diagnosis.curves import Number
from experiments.diagnosis.readers.table import Table

EPOCH = ("epoch", "epochs")
STEP = ("step", "global_step", "iteration")


class HistoryRow(NamedTuple):
    """One row: its epoch as the file numbers it, its step if the file has steps, its values by column."""

    epoch: float
    step: int | None
    values: Mapping[str, Number]


def history_rows(table: Table, columns: Mapping[str, Sequence[Number]]) -> list[HistoryRow]:
    """The table's rows with the values of `columns`.

    Without a column of epochs each row is one. A row without its epoch belongs to the next that has one: Lightning's
    monitor writes a step's rate into a row of its own, before the loss. Raises Unreadable if an epoch is text.
    """
    epochs = _column(table, EPOCH)
    numbers = _filled(epochs) if epochs else [float(place) for place in range(len(table.rows))]
    steps = _column(table, STEP) or [None] * len(table.rows)
    return [
        HistoryRow(
            epoch=epoch,
            step=int(step) if step is not None and math.isfinite(step) else None,
            values={name: column[place] for name, column in columns.items()},
        )
        for place, (epoch, step) in enumerate(zip(numbers, steps, strict=True))
    ]


def last_training(rows: list[HistoryRow], names: Sequence[str]) -> list[HistoryRow]:
    """The rows from the last restart on, if the file holds several trainings one after the other.

    A restart is a step back to the first row's epoch. In a file whose rows are filled in turns there is none: there
    the rows of an epoch are its parts.
    """
    filled = {name: sum(row.values[name] is not None for row in rows) for name in names}
    if any(0 < count < len(rows) for count in filled.values()):
        return rows
    first = rows[0].epoch
    restarts = [
        place
        for place, (row, previous) in enumerate(zip(rows[1:], rows, strict=False), start=1)
        if row.epoch == first < previous.epoch
    ]
    return rows[restarts[-1] :] if restarts else rows


def _column(table: Table, names: Sequence[str]) -> list[Number] | None:
    found = next((column for column in table.header if column.lower() in names), None)
    return None if found is None else table.numbers(found)


def _filled(epochs: Sequence[Number]) -> list[float]:
    """Each epoch that is missing is the next one's, at the end the last one's."""
    known = [epoch for epoch in epochs if epoch is not None and math.isfinite(epoch)]
    if not known:
        return [float(place) for place in range(len(epochs))]
    following, found = known[-1], []
    for epoch in reversed(epochs):
        following = epoch if epoch is not None and math.isfinite(epoch) else following
        found.append(following)
    return found[::-1]
