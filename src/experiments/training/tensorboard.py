"""What TensorBoard shows of a run, all in the run's own event file."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

from PIL.Image import Image
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard.summary import hparams
from torch.utils.tensorboard.writer import FileWriter, SummaryWriter

from experiments.runs.files import yaml_text
from experiments.training.history import epoch_metrics
from experiments.training.recording import Recording

STEP_TAGS = ("train_loss", "lr", "momentum", "grad_norm")


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


class Charts:
    """Steps, epochs, one chart for both losses, HParams, pictures, the data, the configuration and the diagnosis.

    Args:
        writer: of the run's event file.
        recording: whose steps and epochs are shown.
        kind: of the data, `classification` or `regression`.
        configuration: the resolved configuration, shown as text.
        parameters: for the HParams tab, what differs between the runs of a sweep.
        pictures: of the data, by their tag.
        data: what is known of the data, in Markdown.
    """

    def __init__(
        self,
        writer: SummaryWriter,
        recording: Recording,
        kind: str,
        configuration: Mapping[str, Any],
        parameters: Mapping[str, Any],
        pictures: Mapping[str, Image] | None = None,
        data: str = "",
    ) -> None:
        self.writer = writer
        self.recording = recording
        self.kind = kind
        self.configuration = configuration
        self.parameters = parameters
        self.pictures = pictures or {}
        self.data = data
        self._steps_done = self._epochs_done = 0

    def begin(self) -> None:
        """What is known before training."""
        self.writer.add_custom_scalars(layout(self.kind))
        text = yaml_text(dict(self.configuration))
        self.writer.add_text(
            "resolved configuration",  # below the diagnosis in the alphabet
            "\n".join(f"    {line}" for line in text.splitlines()),
        )
        if self.data:
            self.writer.add_text("data", self.data)
        for tag, picture in self.pictures.items():
            _add_picture(self._file, tag, picture)

    def skip(self) -> None:
        """What was recorded so far is shown already, by the training that this one goes on with."""
        self._steps_done, self._epochs_done = len(self.recording.history.steps), len(self.recording.history.epochs)

    def go_on(self) -> None:
        """The steps and epochs since the last call."""
        history = self.recording.history
        steps, epochs = history.steps[self._steps_done :], history.epochs[self._epochs_done :]
        for step in steps:
            _add(self._file, {f"step/{name}": getattr(step, name) for name in STEP_TAGS}, step.step)
        for row in epochs:
            _add(self._file, epoch_metrics(row), row["epoch"])
        self._steps_done += len(steps)
        self._epochs_done += len(epochs)

    def end(self) -> None:
        """HParams with the final and best metrics, and what the judge said."""
        self._write_hparams()
        if self.recording.judgement is not None:
            self.writer.add_text("diagnosis", self.recording.judgement.account)

    def _write_hparams(self) -> None:
        """Into this same event file; `add_hparams` would begin another run."""
        history = self.recording.history
        metrics = {
            f"summary/{when}_{name}": value
            for when, row in (("final", history.final), ("best", history.best))
            for name, value in (row or {}).items()
            if name != "epoch" and isinstance(value, float) and math.isfinite(value)
        }
        for summary in hparams(dict(self.parameters), dict.fromkeys(metrics, 0)):  # type: ignore[no-untyped-call]
            self._file.add_summary(summary)
        _add(self._file, metrics, 0)

    @property
    def _file(self) -> FileWriter:
        file = self.writer.file_writer
        assert file is not None
        return file


def _add(file: FileWriter, values: Mapping[str, float | None], step: int) -> None:
    """One event for all of them: several times fewer than `add_scalar` writes."""
    tags = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items() if value is not None]
    file.add_summary(Summary(value=tags), step)


def _add_picture(file: FileWriter, tag: str, picture: Image) -> None:
    """As `add_image`, but smaller: each byte has its checksum computed in Python, half a second a megabyte."""
    image = Summary.Image(
        height=picture.height, width=picture.width, colorspace=3, encoded_image_string=_encoded(picture)
    )
    file.add_summary(Summary(value=[Summary.Value(tag=tag, image=image)]), 0)


def _encoded(picture: Image) -> bytes:
    """PNG for few colours, as of digits, JPEG for photographs; browsers tell them apart."""
    encoded = io.BytesIO()
    if picture.getcolors(256) is not None:
        picture.save(encoded, "PNG", compress_level=1)
    else:
        picture.convert("RGB").save(encoded, "JPEG", quality=88, subsampling=0)
    return encoded.getvalue()
