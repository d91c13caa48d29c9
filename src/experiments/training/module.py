"""The Lightning module: one network, one task, one optimizer, one schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from experiments.training.distributed import draw_apart, my_share, of_every_process, whole, wrap_anew
from experiments.training.phases import UNFROZEN, WHOLE, Phase, enter, parameter_groups, phase_at, settle_groups
from experiments.training.random_state import random_state, set_random_state
from experiments.training.schedules import Schedule
from experiments.training.task import Evaluation, Task, joined, metrics

RANDOM_STATES = "random_states"
"""Where a checkpoint has them, one for each process."""

VALID, TRAIN_EVAL = 0, 1
"""The order of the evaluation loaders: the validation set, then training images as they would be validated."""


class SupervisedModule(pl.LightningModule):
    """Trains a network on (inputs, targets) batches, whatever the kind of targets.

    Validation takes two loaders: the validation set, and training samples in evaluation mode without
    augmentation. Only the loss on the second may be compared with the validation loss.

    Args:
        network: from a batch of inputs to (N, output_size).
        task: the loss and the metrics.
        optimizer: makes the optimizer from the parameters; its rates are the highest of the schedule.
        schedule: the rate and the momentum as a function of progress in a phase.
        phases: what is trained when; None: everything for the schedule's epochs.

    Attributes:
        phase: the one that the network is in.
    """

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        optimizer: Callable[[Any], torch.optim.Optimizer],
        schedule: Schedule,
        phases: Sequence[Phase] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.task = task
        self.make_optimizer = optimizer
        self.schedule = schedule
        self.valid_evaluation: Evaluation | None = None
        self.metrics: dict[str, float] = {}
        self._parts: tuple[list[Evaluation], list[Evaluation]] = ([], [])
        self._highest_rates: list[float] = []
        self._random_state: dict[str, Any] | None = None
        self.phases = list(phases or [Phase(WHOLE, 0, schedule.epochs)])
        self.enter(self.phases[0])

    @property
    def trains_every_layer(self) -> bool:
        """Whether a phase unfreezes all of them."""
        return any(phase.name == UNFROZEN for phase in self.phases)

    def enter(self, phase: Phase) -> None:
        """Freeze or unfreeze what this phase says; optimizers made from now on are for it."""
        self.phase = phase
        enter(self.network, phase)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.network(inputs)
        return outputs

    def configure_optimizers(self) -> torch.optim.Optimizer:
        optimizer = self.make_optimizer(parameter_groups(self.network, self.phase))
        settle_groups(optimizer)
        self._highest_rates = [group["lr"] for group in optimizer.param_groups]
        return optimizer

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Dropout draws from torch's global random states, each process from its own: resuming goes on with them."""
        checkpoint[RANDOM_STATES] = of_every_process(random_state())

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Enter the phase that the checkpoint is of, before the optimizer is made that takes up its state."""
        self.enter(phase_at(self.phases, checkpoint["epoch"]))
        states = checkpoint.get(RANDOM_STATES) or []
        self._random_state = next(iter(states[my_share().rank :]), None)

    def on_train_start(self) -> None:
        """The last moment before training goes on: nothing else draws from the state that is set here."""
        draw_apart()
        if self._random_state is not None:
            set_random_state(self._random_state)
            self._random_state = None

    def on_train_epoch_start(self) -> None:
        """Begin another phase, with a new optimizer: the old one's moments belong to what was trained before."""
        phase = phase_at(self.phases, self.current_epoch)
        if phase is not self.phase:
            self.enter(phase)
            self.network.train()
            wrap_anew(self.trainer.strategy)
            self.trainer.strategy.setup_optimizers(self.trainer)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Set the rate and the momentum that this step uses.

        By hand rather than by a scheduler object, since the setting is a function of the step alone: a resumed run
        needs no state, and momentum moves as well.
        """
        setting = self.schedule(self._progress())
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, torch.optim.Optimizer)
        for group, highest in zip(optimizer.param_groups, self._highest_rates, strict=True):
            group["lr"] = highest * setting.factor
            if setting.momentum is not None:
                _set_momentum(group, setting.momentum)

    def _progress(self) -> float:
        """Through the phase: 0 at its first step, 1 at its last."""
        each = int(self.trainer.num_training_batches)
        epochs = self.phase.epochs if len(self.phases) > 1 else (self.trainer.max_epochs or self.phase.epochs)
        step = self.trainer.global_step - self.phase.first_epoch * each
        return min(1.0, step / max(1, epochs * each - 1))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        inputs, targets = batch
        loss = self.task.loss(self(inputs), targets)
        processes = my_share().of
        if processes == 1:
            return loss
        # The mean over the processes, which is what becomes of gradients, is then that of the whole batch.
        whole_batch: Any = self.trainer.train_dataloader
        return torch.mul(loss, processes * len(targets) / whole_batch.batch_size)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int, dataloader_idx: int = 0) -> None:
        inputs, targets = batch
        self._parts[dataloader_idx].append(self.task.evaluate(self(inputs).float(), targets))

    def on_validation_epoch_end(self) -> None:
        valid, train = (joined(whole(parts)) for parts in self._parts)
        self._parts = ([], [])
        self.valid_evaluation = valid
        self.metrics = {name: float(value) for name, value in metrics(self.task, valid, train).items()}
        for name in ("valid_loss", self.task.metric):  # for callbacks that monitor one; each costs a millisecond
            self.log(name, self.metrics[name], logger=False, sync_dist=True)


def _set_momentum(group: dict[str, Any], momentum: float) -> None:
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    elif group.get("momentum"):  # plain gradient descent stays plain
        group["momentum"] = momentum


def momentum_of(group: dict[str, Any]) -> float | None:
    """The momentum that a parameter group uses: Adam's first beta, SGD's momentum, None without any."""
    if "betas" in group:
        return float(group["betas"][0])
    return float(group["momentum"]) if "momentum" in group else None
