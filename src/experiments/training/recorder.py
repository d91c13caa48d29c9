"""The callback that makes a training leave a run folder."""

from __future__ import annotations

import logging
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from experiments.runs.ending import OVER
from experiments.runs.full_disk import named
from experiments.training.history import History, Step
from experiments.training.last_checkpoint import LastCheckpoint
from experiments.training.module import SupervisedModule, momentum_of
from experiments.training.recording import Recording
from experiments.training.run_record import Origin, RunRecord, command_line

log = logging.getLogger(__name__)


class Recorder(pl.Callback):
    """Records any LightningModule's training in this project's run folder.

    `Trainer(callbacks=[Recorder("outputs/mine")], num_sanity_val_steps=-1)` is all that a module of one's own needs:
    step losses are what `training_step` returns, epoch metrics what it logs (`valid_loss` or `val_loss`, `error_rate`
    or an accuracy). Epoch 0, before training, is recorded if the sanity check runs over the whole validation set, as
    `num_sanity_val_steps=-1` makes it.

    A loss that is not finite stops the training at once with status `diverged`; an exception leaves `failed`,
    Ctrl-C or SIGTERM `interrupted`, each with everything up to the last finished epoch.

    Of several processes that train together (DDP) the first one writes.

    Args:
        folder: where the files go; made if missing.
        recording: what collects them, if it is more than the module itself says.
        keep_checkpoint: keep checkpoints/last.ckpt of a finished run.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        recording: Recording | None = None,
        keep_checkpoint: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self._is_simple = recording is None
        self.recording = recording or self._recording_itself()
        self._aside: tempfile.TemporaryDirectory[str] | None = None
        self._metrics: dict[str, float] = {}
        self._grad_norm: Tensor | None = None
        self._used: tuple[float, float | None] | None = None
        self._began = self._diverged = False
        self._weights_before: dict[str, Any] = {"epoch": 0, "is_best": False, "best": None}
        self._epoch_began = 0.0
        self._checkpoint = LastCheckpoint(keep=keep_checkpoint)

    def _recording_itself(self) -> Recording:
        return Recording(RunRecord(self.folder, Origin(command_line())))

    @property
    def history(self) -> History:
        """All steps and epochs so far."""
        return self.recording.history

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint: what was recorded up to it, and the best weights."""
        return {"history": self.history.state(), "weights": self.recording.weights.state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on recording from there."""
        self.recording.history = History.from_state(state_dict["history"])
        self._weights_before = state_dict["weights"]

    # The hooks of Lightning, in the order in which they run.

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        if self._is_simple and not trainer.is_global_zero:
            # It must do all that the first process does, which Lightning makes them do together.
            self._aside = tempfile.TemporaryDirectory(prefix="experiments-")
            self.folder = Path(self._aside.name)
            self.recording = self._recording_itself()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._began = True
        every_layer = isinstance(pl_module, SupervisedModule) and pl_module.trains_every_layer
        self.recording.begin(pl_module, str(trainer.strategy.root_device), every_layer=every_layer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if isinstance(pl_module, SupervisedModule):
            self._metrics = pl_module.metrics
        else:
            self._metrics = {k: float(v) for k, v in trainer.callback_metrics.items()}
        is_first = not self.history.epochs  # of a run that goes on from a checkpoint it is there already
        if trainer.sanity_checking and math.isinf(trainer.num_sanity_val_steps) and is_first:
            self._end_epoch(0, pl_module, seconds=None)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._epoch_began = time.monotonic()
        self._metrics = {}  # an epoch without validation has none, rather than the last one's
        if self.recording.weights.last is None:
            self.recording.weights.go_on_from(_network(pl_module), self._weights_before)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._grad_norm = self._used = None

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        self._grad_norm = nn.utils.get_total_norm(gradients)
        # Here and not when the batch ends: by then a scheduler has set the rate of the next step.
        self._used = _highest_rate([optimizer])

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        loss = outputs["loss"] if isinstance(outputs, Mapping) else outputs
        if loss is not None:
            loss = trainer.strategy.reduce(loss, reduce_op="mean")  # over the processes, if there are several
        lr, momentum = self._used or _highest_rate(trainer.optimizers)
        step = Step(
            step=len(self.history.steps),
            epoch=trainer.current_epoch + 1,
            lr=lr,
            train_loss=float(loss) if loss is not None else math.nan,
            grad_norm=None if self._grad_norm is None else float(self._grad_norm),
            momentum=momentum,
        )
        self.history.steps.append(step)
        if loss is not None and not math.isfinite(step.train_loss):
            self._diverge(trainer)
        self.recording.record.beat()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not self._end_epoch(trainer.current_epoch + 1, pl_module, time.monotonic() - self._epoch_began):
            self._diverge(trainer)
        if not self._diverged:
            self._checkpoint.save(trainer, self.folder)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.recording.finish("diverged" if self._diverged else "finished")
        self._checkpoint.remove_unless_kept(self.folder)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if not self._began or self.recording.record.status in OVER:  # what comes then is a logger's, not the run's
            return
        if isinstance(exception, KeyboardInterrupt | SystemExit):  # SIGTERM is a SystemExit of Lightning's
            self.recording.break_off("interrupted")
        else:
            self.recording.break_off("failed")
            self.recording.record.fail(named(exception, self.folder))

    # What they share.

    def _end_epoch(self, epoch: int, module: pl.LightningModule, seconds: float | None) -> bool:
        evaluation = module.valid_evaluation if isinstance(module, SupervisedModule) else None
        return self.recording.end_epoch(epoch, self._metrics, seconds, _network(module), evaluation)

    def _diverge(self, trainer: pl.Trainer) -> None:
        self._diverged = True
        trainer.should_stop = True


def _network(module: pl.LightningModule) -> nn.Module:
    """The part whose weights are the model: ours keeps it apart from what only training needs."""
    return module.network if isinstance(module, SupervisedModule) else module


def _highest_rate(optimizers: Sequence[torch.optim.Optimizer]) -> tuple[float, float | None]:
    """The rate and the momentum of the parameter group with the highest rate."""
    group = max((g for o in optimizers for g in o.param_groups), key=lambda g: g["lr"])
    return float(group["lr"]), momentum_of(group)
