"""What TensorBoard shows of a run, all in the run's own event file."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from omegaconf import OmegaConf
from PIL.Image import Image
from pytorch_lightning.loggers import Logger, TensorBoardLogger
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard.summary import hparams
from torch.utils.tensorboard.writer import SummaryWriter

from experiments.training.history import EPOCH_COLUMNS
from experiments.training.recorder import Recorder


def layout(kind: str) -> dict[str, dict[str, list[object]]]:
    """Several tags of one run in one chart; `add_scalars` would make a run of each curve instead.

    The training loss beside the validation loss is the one in evaluation mode: only that may be compared.
    """
    metric = ["epoch/rmse"] if kind == "regression" else ["epoch/error_rate", "epoch/train_error_rate_eval"]
    charts: dict[str, list[object]] = {
        "training and validation loss": ["Multiline", ["epoch/train_loss_eval", "epoch/valid_loss"]],
        "error": ["Multiline", metric],
        "learning rate": ["Multiline", ["step/lr"]],
        "momentum": ["Multiline", ["step/momentum"]],
        "training loss, as trained": ["Multiline", ["step/train_loss"]],
        "gradient norm": ["Multiline", ["step/grad_norm"]],
    }
    return {"training": charts}


class EpochMetrics(pl.Callback):
    """Hands the recorder's rows to whatever Lightning loggers there are, by epoch."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._epochs_done = 0

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            self._log(trainer.loggers)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._log(trainer.loggers)

    def _log(self, loggers: list[Logger]) -> None:
        rows = self.recorder.history.epochs[self._epochs_done :]
        self._epochs_done += len(rows)
        for row in rows:
            names = [*EPOCH_COLUMNS[2:], "rmse"]
            metrics = {f"epoch/{name}": row[name] for name in names if isinstance(row.get(name), float)}
            for logger in loggers:
                logger.log_metrics(metrics, step=row["epoch"])


class TensorBoardCharts(pl.Callback):
    """Steps, one chart for both losses, HParams, a training batch and the configuration, for TensorBoard.

    Args:
        recorder: whose steps and epochs are shown; it must stand before this in the list of callbacks.
        kind: of the data, `classification` or `regression`.
        configuration: the resolved configuration, shown as text.
        parameters: for the HParams tab, what differs between the runs of a sweep.
        contact_sheet: a picture of a training batch with its labels, or None.
    """

    def __init__(
        self,
        recorder: Recorder,
        kind: str,
        configuration: Mapping[str, Any],
        parameters: Mapping[str, Any],
        contact_sheet: Image | None,
    ) -> None:
        self.recorder = recorder
        self.kind = kind
        self.configuration = configuration
        self.parameters = parameters
        self.contact_sheet = contact_sheet
        self._steps_done = 0

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        writer = _writer(trainer)
        writer.add_custom_scalars(layout(self.kind))
        text = OmegaConf.to_yaml(OmegaConf.create(dict(self.configuration)))
        writer.add_text(
            "resolved configuration",  # below the diagnosis in the alphabet
            "\n".join(f"    {line}" for line in text.splitlines()),
        )
        if self.contact_sheet is not None:
            _add_picture(writer, "training batch", self.contact_sheet)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        file_writer = _writer(trainer).file_writer
        assert file_writer is not None
        steps = self.recorder.history.steps[self._steps_done :]
        self._steps_done += len(steps)
        for step in steps:
            values = {name: getattr(step, name) for name in ("train_loss", "lr", "momentum", "grad_norm")}
            # One event for all of them: four times fewer than add_scalar writes.
            tags = [Summary.Value(tag=f"step/{n}", simple_value=v) for n, v in values.items() if v is not None]
            file_writer.add_summary(Summary(value=tags), step.step)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._write_hparams(_writer(trainer))
        if self.recorder.judgement is not None:
            _writer(trainer).add_text("diagnosis", self.recorder.judgement.account)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if self.recorder.history.epochs:
            self._write_hparams(_writer(trainer))

    def _write_hparams(self, writer: SummaryWriter) -> None:
        """Into this same event file; `add_hparams` would begin another run."""
        history = self.recorder.history
        metrics = {
            f"summary/{when}_{name}": value
            for when, row in (("final", history.final), ("best", history.best))
            for name, value in (row or {}).items()
            if name != "epoch" and isinstance(value, float) and math.isfinite(value)
        }
        file_writer = writer.file_writer
        assert file_writer is not None
        for summary in hparams(dict(self.parameters), dict.fromkeys(metrics, 0)):
            file_writer.add_summary(summary)
        for name, value in metrics.items():
            writer.add_scalar(name, value)


def _add_picture(writer: SummaryWriter, tag: str, picture: Image) -> None:
    """As `add_image`, which compresses harder than a picture that is looked at once is worth."""
    encoded = io.BytesIO()
    picture.convert("RGB").save(encoded, "PNG", compress_level=1)
    image = Summary.Image(
        height=picture.height, width=picture.width, colorspace=3, encoded_image_string=encoded.getvalue()
    )
    assert writer.file_writer is not None
    writer.file_writer.add_summary(Summary(value=[Summary.Value(tag=tag, image=image)]), 0)


def _writer(trainer: pl.Trainer) -> SummaryWriter:
    logger = next(one for one in trainer.loggers if isinstance(one, TensorBoardLogger))
    writer: SummaryWriter = logger.experiment
    return writer
