"""Any trainer's history CSV: fastai's and Keras's CSVLogger, Lightning's metrics.csv, this project's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.diagnosis.curves import Curves, Epoch, Number, Step
from experiments.diagnosis.readers.error_rates import error_rates
from experiments.diagnosis.readers.history_rows import HistoryRow, history_rows, last_training
from experiments.diagnosis.readers.sources import Sources, sources_of
from experiments.diagnosis.readers.table import Table, read_table
from experiments.diagnosis.readers.unreadable import NothingKnown, Unreadable

UNDERSTOOD = (
    "train_loss, valid_loss (or val_loss, validation_loss), error_rate, accuracy, val_accuracy, rmse, "
    "loss, train_loss_eval, lr"
)


def read_history(path: Path, *, valid_size: int | None = None, classes: int | None = None) -> Curves:
    """The curves in a CSV file whose columns are found by name, its epochs numbered from 1.

    Where a second training was appended to the file, it is the last one that is read. Lightning's rows of one epoch
    are joined, its rows of single steps become `steps`.

    Args:
        path: of the file.
        valid_size: number of validation samples, which no such file says.
        classes: number of classes, likewise.

    Raises Unreadable if the file is no history: not readable, binary, empty, ragged, with text among its numbers.
    """
    table = read_table(path)
    sources = sources_of(table.header)
    if not sources.any_curve:
        found = _shortened(", ".join(filter(None, table.header)))
        raise NothingKnown(path, f"no column is a loss or an error\nits columns: {found}\nunderstood: {UNDERSTOOD}")
    if not table.rows:
        names = ", ".join(table.header)
        raise Unreadable(path, f"has a header and no rows: no epoch has ended yet\nits columns: {names}")
    rows = last_training(_scaled(table, sources), sources.by_epoch)
    step_loss = _step_loss(rows, sources)
    epochs = [_epoch(same, sources, step_loss) for same in _by_epoch(rows)]
    numbered = [(number, epoch) for number, epoch in epochs if epoch.losses]
    if not numbered:
        raise Unreadable(path, f"no row holds a loss or an error\nits columns: {', '.join(table.header)}")
    before = [epoch for number, epoch in numbered if _is_before(number, epoch)]
    trained = [epoch for number, epoch in numbered if not _is_before(number, epoch)]
    return Curves(
        path=str(path),
        epochs=tuple(Epoch(**{**vars(epoch), "epoch": number}) for number, epoch in enumerate(trained, start=1)),
        before=before[0] if before else None,
        steps=_steps(rows, sources, step_loss) if step_loss else (),
        regression=sources.regression,
        classes=classes,
        valid_size=valid_size,
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]} ..."


def _scaled(table: Table, sources: Sources) -> list[HistoryRow]:
    """The rows, with error rates where the file has accuracies or percentages."""
    names = {*sources.by_epoch, *sources.by_step, *sources.learning_rates}
    columns = {name: table.numbers(name) for name in names}
    if not sources.regression:
        for name in sources.errors:
            columns[name] = error_rates(columns[name], accuracy=name in sources.accuracies)
    return history_rows(table, columns)


def _step_loss(rows: Sequence[HistoryRow], sources: Sources) -> str | None:
    """The column of the steps' losses: one that says so, or one with several rows an epoch in a file of steps."""
    if sources.step_loss is not None:
        return sources.step_loss
    name = sources.train_loss
    if name is None or all(row.step is None for row in rows):
        return None
    epochs = [row.epoch for row in rows if row.values[name] is not None]
    return name if len(set(epochs)) < len(epochs) else None


def _by_epoch(rows: Sequence[HistoryRow]) -> list[list[HistoryRow]]:
    """The rows of each epoch, in the order of their numbers."""
    together: dict[float, list[HistoryRow]] = {}
    for row in rows:
        together.setdefault(row.epoch, []).append(row)
    return [together[number] for number in sorted(together)]


def _epoch(rows: Sequence[HistoryRow], sources: Sources, step_loss: str | None) -> tuple[float, Epoch]:
    """The file's number of an epoch, and what its rows say together: the last that was recorded of each column."""

    def last(name: str | None) -> Number:
        if len(rows) == 1:  # the usual case: there may be a thousand files of a hundred rows
            return rows[0].values.get(name or "")
        return next((value for row in reversed(rows) if (value := row.values.get(name or "")) is not None), None)

    train_loss = last(sources.train_loss)
    if step_loss and (sources.train_loss in (None, step_loss)):
        train_loss = _mean([value for row in rows if (value := row.values[step_loss]) is not None])
    return rows[0].epoch, Epoch(
        epoch=0,
        train_loss=train_loss,
        train_loss_eval=last(sources.train_loss_eval),
        train_error=last(sources.train_error),
        valid_loss=last(sources.valid_loss),
        error=last(sources.error),
        learning_rate=_highest([last(name) for name in sources.learning_rates]),
    )


def _is_before(number: float, epoch: Epoch) -> bool:
    """Only this project's own files have an evaluation before the first step."""
    return number == 0 and epoch.train_loss is None and epoch.train_loss_eval is not None


def _steps(rows: Sequence[HistoryRow], sources: Sources, loss: str) -> tuple[Step, ...]:
    """The steps that have a loss; what other rows say of the same step is theirs."""
    together: dict[int, dict[str, float]] = {}
    step = -1
    for row in rows:
        step = step + 1 if row.step is None else row.step
        together.setdefault(step, {}).update({n: value for n, value in row.values.items() if value is not None})
    return tuple(
        Step(
            step=step,
            loss=values[loss],
            learning_rate=_highest([values.get(name) for name in sources.learning_rates]),
            gradient_norm=values.get(sources.gradient_norm or ""),
        )
        for step, values in sorted(together.items())
        if loss in values
    )


def _highest(rates: Sequence[Number]) -> Number:
    return max((rate for rate in rates if rate is not None), default=None)


def _mean(values: Sequence[float]) -> Number:
    return sum(values) / len(values) if values else None
