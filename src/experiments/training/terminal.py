"""What a person at a terminal sees of a training."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import pytorch_lightning as pl

from experiments.data.datamodule import DataModule
from experiments.data.progress import progress_bar
from experiments.runs.names import model_name
from experiments.training.layer_table import layer_lines
from experiments.training.module import SupervisedModule
from experiments.training.phases import WHOLE
from experiments.training.recorder import Recorder

ROWS = 12
"""About so many epochs are shown; history.csv has all."""

Column = tuple[str, str, int]
CLASSES: Sequence[Column] = (
    ("epoch", "d", 5),
    ("train_loss", ".4f", 10),
    ("train_loss_eval", ".4f", 15),
    ("valid_loss", ".4f", 10),
    ("error_rate", ".4f", 10),
    ("seconds", ".1f", 7),
)
NUMBERS: Sequence[Column] = (*CLASSES[:4], ("rmse", ".4f", 10), CLASSES[5])


class EpochTable(pl.Callback):
    """A row an epoch on standard output, as fastai prints them."""

    def __init__(self, recorder: Recorder, epochs: int, kind: str) -> None:
        self.recorder = recorder
        self.epochs = epochs
        self.columns = NUMBERS if kind == "regression" else CLASSES
        self._every = next(n for k in range(12) for n in (10**k, 2 * 10**k, 5 * 10**k) if epochs <= ROWS * n)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        show("  ".join(name.rjust(width) for name, _, width in self.columns), sys.stdout)
        for row in self.recorder.history.epochs:
            self._print(row)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        row = self.recorder.history.epochs[-1]
        if row["epoch"] % self._every == 0 or row["epoch"] == self.epochs or trainer.should_stop:
            self._print(row)

    def _print(self, row: dict[str, Any]) -> None:
        cells = (_cell(row.get(name), form).rjust(width) for name, form, width in self.columns)
        show("  ".join(cells), sys.stdout)


class ProgressBar(pl.Callback):
    """The whole training with the time that is left, on standard error, while it is a terminal."""

    def __init__(self, label: str) -> None:
        self.label = label
        self._progress = progress_bar("steps")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._task = self._progress.add_task(
            self.label, total=trainer.estimated_stepping_batches, completed=trainer.global_step
        )
        self._progress.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._progress.advance(self._task)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # The epoch's row goes to standard output: take the bar away for the moment, or they write over each other.
        self._progress.stop()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._progress.start()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._progress.stop()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._progress.stop()


def say(text: str) -> None:
    """A line about what is going on: to standard error, results alone go to standard output."""
    show(text, sys.stderr)


def say_notices(notices: Iterable[str]) -> None:
    """What a user should know about the data, each once."""
    for notice in dict.fromkeys(notices):
        say(f"note: {notice}")


def show(text: str, stream: TextIO | None) -> None:
    """Print a line; whoever closed the other end of the pipe has had enough to read, and the training goes on."""
    if stream is None:
        return
    try:
        print(text, file=stream, flush=True)
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            # Or else Python complains again when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def announce(configuration: Mapping[str, Any], data: DataModule, module: SupervisedModule) -> None:
    """Say what is about to be trained: data, model, optimizer, and of a model with a body its layer groups."""
    network = module.network
    what = "images" if len(data.input_shape) == 3 else "points"
    shape = " x ".join(str(n) for n in data.input_shape) + ("" if what == "images" else " inputs")
    classes = f", {len(data.classes)} classes" if data.classes else ""
    total = sum(p.numel() for p in network.parameters())
    trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
    optimizer, schedule = (configuration[group]["_target_"].rsplit(".", 1)[-1] for group in ("optimizer", "schedule"))
    rate = configuration["optimizer"].get("lr", "its own rate")
    tested = f", {data.test_size} test" if data.test_size else ""
    say(f"data      {data.train_size} training, {data.valid_size} validation{tested} {what} of {shape}{classes}")
    first = " at first" if module.trains_every_layer and trained < total else ""
    say(f"model     {model_name(configuration['model'])}, {total:,} parameters, {trained:,} of them trained{first}")
    steps = _counted(len(data.train_dataloader()), "step")
    for number, phase in enumerate(module.phases):
        what = "" if len(module.phases) == 1 and phase.name == WHOLE else f", {phase.name}"
        head = f"training  {optimizer} at {rate}, {schedule}" if number == 0 else "          then"
        say(f"{head}, {_counted(phase.epochs, 'epoch')} of {steps}{what}")
    for line in layer_lines(module, configuration):
        say(f"          {line}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _cell(value: Any, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and abs(value) >= 1e5:
        return f"{value:.3g}"
    return format(value, form)
