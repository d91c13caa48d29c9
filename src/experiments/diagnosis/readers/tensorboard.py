"""A TensorBoard log folder: of plain PyTorch, of Keras, of Lightning, of this project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from experiments.diagnosis.curves import Curves, Epoch, Number, Step
from experiments.diagnosis.readers.alignment import MUCH_LONGER, aligned, comparable, numbered, windows
from experiments.diagnosis.readers.error_rates import error_rates
from experiments.diagnosis.readers.event_files import Point, Series, event_files, scalars
from experiments.diagnosis.readers.sources import Sources, sources_of
from experiments.diagnosis.readers.unreadable import NothingKnown, Unreadable
from experiments.diagnosis.readers.vocabulary import meaning, phase_of_folder

UNDERSTOOD = "Loss/train, Loss/valid, train_loss, val_loss, epoch_loss, Accuracy/valid, val_acc, error_rate, lr"
NAMED_AT_MOST = 12


def sides(folder: Path) -> dict[str, Path]:
    """The subfolders that hold one side of a run each, by name.

    Keras writes `train/` and `validation/`, PyTorch's add_scalars `Loss_train/` and `Loss_valid/`.
    """
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and phase_of_folder(path.name))
    return {path.name: path for path in inside if event_files(path)}


def read_events(path: Path, *, valid_size: int | None = None, classes: int | None = None) -> Curves:
    """The curves among the scalars of a folder (or of one event file), epochs numbered from 1.

    The validations are the epochs. A training loss with three times as many points is one of steps: an epoch's is
    then the mean of the steps since the validation before.

    Args:
        path: of the folder.
        valid_size: number of validation samples, which no such file says.
        classes: number of classes, likewise.

    Raises Unreadable if it may not be read, or none of its tags is understood.
    """
    series = _series(path)
    sources = sources_of(series)
    if not sources.any_curve:
        raise _nothing_known(path, series)
    if not sources.regression:
        for name in sources.errors:
            series[name] = _as_error_rates(series[name], accuracy=name in sources.accuracies)
    sources = _steps_apart(sources, series)
    anchors = _anchors(sources, series)
    before, epochs = _epochs(sources, series, anchors)
    return Curves(
        path=str(path),
        epochs=epochs,
        before=before,
        steps=_steps(sources, series, len(anchors)),
        regression=sources.regression,
        classes=classes,
        valid_size=valid_size,
    )


def _series(path: Path) -> Series:
    """All series of a run; those of a side carry its folder's name."""
    if not path.is_dir():
        return scalars([path])
    series = scalars(event_files(path))
    for name, folder in sides(path).items():
        series |= {f"{phase_of_folder(name)}/{tag}": points for tag, points in scalars(event_files(folder)).items()}
    return series


def _nothing_known(path: Path, series: Series) -> Unreadable:
    if not series:
        return NothingKnown(path, f"its event files hold no scalars\nunderstood: tags such as {UNDERSTOOD}")
    tags = ", ".join(list(series)[:NAMED_AT_MOST]) + (", ..." if len(series) > NAMED_AT_MOST else "")
    return NothingKnown(path, f"no tag is a loss or an error\nits tags: {tags}\nunderstood: tags such as {UNDERSTOOD}")


def _as_error_rates(points: Sequence[Point], *, accuracy: bool) -> list[Point]:
    rates = error_rates([point.value for point in points], accuracy=accuracy)
    return [point._replace(value=rate) for point, rate in zip(points, rates, strict=True) if rate is not None]


def _steps_apart(sources: Sources, series: Series) -> Sources:
    """With a training loss of steps named so, if its length shows what its tag does not say."""
    name, validation = sources.train_loss, sources.valid_loss or sources.error or sources.train_loss_eval
    if name is None or validation is None or _by_epoch(name):
        return sources
    if len(series[name]) < MUCH_LONGER * len(series[validation]):
        return sources
    return replace(sources, train_loss=None, step_loss=sources.step_loss or name)


def _by_epoch(name: str) -> bool:
    found = meaning(name)
    return found is not None and found.per == "epoch"


def _anchors(sources: Sources, series: Series) -> list[Point]:
    """The points that are the epochs: the validations, or what else there is one of an epoch."""
    names = (sources.valid_loss, sources.error, sources.train_loss_eval, sources.train_loss)
    return next((series[name] for name in names if name and series[name]), [])


def _epochs(sources: Sources, series: Series, anchors: list[Point]) -> tuple[Epoch | None, tuple[Epoch, ...]]:
    """The evaluation before training, if there is one, and the epochs."""

    def column(name: str | None) -> list[Number]:
        return aligned(series[name], anchors) if name else [None] * len(anchors)

    train_loss = column(sources.train_loss)
    if sources.train_loss is None and sources.step_loss:
        train_loss = [_mean(values) for values in windows(series[sources.step_loss], anchors)]
    by_epoch = [name for name in sources.learning_rates if comparable(series[name], anchors)]
    rates = _highest([column(name) for name in by_epoch], len(anchors))
    rows = [
        Epoch(place, *values, learning_rate=rates[place])
        for place, values in enumerate(
            zip(
                train_loss,
                column(sources.train_loss_eval),
                column(sources.train_error),
                column(sources.valid_loss),
                column(sources.error),
                strict=True,
            )
        )
    ]
    first = _first_trained(rows, sources, anchors)
    trained = [replace(row, epoch=number) for number, row in enumerate(rows[first:], start=1)]
    return (replace(rows[first - 1], epoch=0, learning_rate=None) if first else None), tuple(trained)


def _first_trained(rows: Sequence[Epoch], sources: Sources, anchors: Sequence[Point]) -> int:
    """How many rows come before training: those that no step precedes, and this project's own row 0."""
    if sources.train_loss is None and sources.step_loss:
        return next((place for place, row in enumerate(rows) if row.train_loss is not None), 0)
    own = bool(sources.train_loss_eval and rows) and anchors[0].step == 0 and rows[0].train_loss is None
    return 1 if own else 0


def _steps(sources: Sources, series: Series, epochs: int) -> tuple[Step, ...]:
    """The steps, by whatever of loss, rate and gradient norm was written at each."""
    losses = numbered(series[sources.step_loss]) if sources.step_loss else {}
    norms = numbered(series[sources.gradient_norm]) if sources.gradient_norm else {}
    rates: dict[int, float] = {}
    for name in sources.learning_rates:
        if len(series[name]) >= MUCH_LONGER * epochs:
            for step, rate in numbered(series[name]).items():
                rates[step] = max(rate, rates.get(step, rate))
    steps = sorted(losses.keys() | rates.keys() | norms.keys())
    return tuple(Step(step, losses.get(step), rates.get(step), norms.get(step)) for step in steps)


def _highest(columns: Sequence[Sequence[Number]], length: int) -> list[Number]:
    """Of several parameter groups the highest rate."""
    found = ([c[place] for c in columns] for place in range(length))
    return [max((rate for rate in rates if rate is not None), default=None) for rates in found]


def _mean(values: Sequence[float]) -> Number:
    return sum(values) / len(values) if values else None
