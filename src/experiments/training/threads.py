"""How many threads compute: all of them a body, one alone the small head of it."""

from __future__ import annotations

import pytorch_lightning as pl
import torch

from experiments.training.phased_data import PhasedData


class OneThreadForHeads(pl.Callback):
    """Trains a head on its computed inputs in one thread, and all else in as many as before.

    A batch of head inputs is so little work that threads mostly wait for each other: with two on two cores thirteen
    fits took a fifth longer than with one. And the result does not depend on how many cores there are.
    """

    def __init__(self, data: PhasedData) -> None:
        self.data = data
        self._before = torch.get_num_threads()

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._set()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._set()

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        torch.set_num_threads(self._before)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        torch.set_num_threads(self._before)

    def _set(self) -> None:
        torch.set_num_threads(1 if self.data.is_fixed_now else self._before)
