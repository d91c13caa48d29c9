"""What Lightning's loggers are told of a run."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytorch_lightning as pl
from pytorch_lightning.loggers import TensorBoardLogger

from experiments.training.history import epoch_metrics
from experiments.training.recording import Recording
from experiments.training.tensorboard import Charts

log = logging.getLogger(__name__)


class Spared:
    """Calls loggers until the first time that one cannot write: a run can do without, and they without more."""

    def __init__(self) -> None:
        self._gave_up = False

    def __call__(self, told: Callable[..., object], *arguments: object, **named: object) -> None:
        if self._gave_up:
            return
        try:
            told(*arguments, **named)
        except OSError as error:
            self._gave_up = True
            log.warning("loggers are told no more: %s", error)


class EpochMetrics(pl.Callback):
    """Hands the recording's rows to whatever Lightning loggers there are, by epoch; TensorBoard gets `Charts`.

    It must stand behind the recorder in the list of callbacks, as `TensorBoardCharts` must.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._epochs_done = 0
        self._spared = Spared()

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._epochs_done = len(self.recording.history.epochs)  # before the checkpoint that it goes on from

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            self._log(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._log(trainer)

    def _log(self, trainer: pl.Trainer) -> None:
        rows = self.recording.history.epochs[self._epochs_done :]
        self._epochs_done += len(rows)
        for logger in trainer.loggers:
            for row in rows if not isinstance(logger, TensorBoardLogger) else ():
                self._spared(logger.log_metrics, epoch_metrics(row), step=row["epoch"])


class TensorBoardCharts(pl.Callback):
    """Keeps `Charts` up to date while Lightning trains."""

    def __init__(self, charts: Charts) -> None:
        self.charts = charts
        self._spared = Spared()

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.charts.skip()
        self._spared(self.charts.begin)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            self._spared(self.charts.go_on)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._spared(self.charts.go_on)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._spared(self.charts.end)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if self.charts.recording.history.epochs:
            self._spared(self.charts.end)
