"""The batches of each phase: a frozen body's outputs, computed once, and pictures for all that trains a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl

from experiments.data.batches import Batches
from experiments.data.datamodule import DataModule
from experiments.training.device import device_for
from experiments.training.distributed import my_share
from experiments.training.module import SupervisedModule
from experiments.training.phases import FROZEN, Phase, phase_at


class PhasedData(pl.LightningDataModule):
    """The data of a training as Lightning asks for them, epoch by epoch.

    Where the body is frozen and what it makes of an image stays the same, that is computed at first use, once for all
    runs (`features.head_inputs`), and goes to the network in the image's place.

    Args:
        data: loaded.
        module: with its phases.
        configuration: says where to compute, and in which arithmetic.
    """

    def __init__(self, data: DataModule, module: SupervisedModule, configuration: Mapping[str, Any]) -> None:
        super().__init__()
        self.data = data
        self.phases = module.phases
        self.network = module.network
        self.configuration = configuration
        self._inputs: Any = None

    def prepare_features(self) -> list[str]:
        """Compute what the first phase needs; called before training, since it may take minutes.

        Returns:
            Notices on the cache.
        """
        if not self._is_fixed(self.phases[0]):
            return []
        from experiments.features.head_inputs import head_inputs

        self._inputs = head_inputs(
            self.network,  # type: ignore[arg-type]  # as `_is_fixed` says
            self.data,
            views=self.data.views,
            device=device_for(self.configuration),
            precision=str(self.configuration["trainer"].get("precision", "32-true")),
        )
        return list(self._inputs.notices)

    @property
    def augments(self) -> bool:
        """Whether any phase trains on augmented images; a frozen body sees them as they are, unless in views."""
        return self.data.augments and (self.data.views > 1 or not all(self._is_fixed(phase) for phase in self.phases))

    def train_dataloader(self) -> Batches:
        """This process's share of the shuffled batches of the phase that the epoch is in."""
        return _mine(self.train_batches(self._now))

    def val_dataloader(self) -> list[Batches]:
        """This process's share of `DataModule.val_dataloader`."""
        inputs = self._plain(self._now)
        return [_mine(self.data.evaluation(rows, inputs=inputs)) for rows in self.data.evaluated_rows]

    def train_batches(self, phase: Phase) -> Batches:
        """The training batches of a phase: pictures, or what the frozen body makes of them."""
        if not self._is_fixed(phase):
            return self.data.train_dataloader()
        from experiments.features.head_inputs import PickView

        inputs = self._head_inputs()
        if inputs.views is None:
            return self.data.train_batches(self.data.seed, inputs=inputs.plain)
        return self.data.train_batches(self.data.seed, inputs=inputs.views, transform=PickView())

    def test_batches(self) -> Batches:
        """The test set for the weights of the last epoch."""
        rows = self.data.table.indices("test")
        only_frozen = len(self.phases) == 1
        return self.data.evaluation(rows, inputs=self._plain(self.phases[0]) if only_frozen else None)

    @property
    def is_fixed_now(self) -> bool:
        """Whether this epoch trains the head on what was computed once."""
        return self._is_fixed(self._now)

    @property
    def _now(self) -> Phase:
        return phase_at(self.phases, self.trainer.current_epoch if self.trainer else 0)

    def _plain(self, phase: Phase) -> Any:
        return self._head_inputs().plain if self._is_fixed(phase) else None

    def _head_inputs(self) -> Any:
        if self._inputs is None:
            self.prepare_features()
        return self._inputs

    def _is_fixed(self, phase: Phase) -> bool:
        """Whether the head's inputs do not change in this phase."""
        return phase.name == FROZEN and not getattr(self.network, "train_norm", True)


def _mine(batches: Batches) -> Batches:
    share = my_share()
    return batches if share.of == 1 else batches.part(share.rank, share.of)
