"""A body and a head of a few weights, with the face of `models.transfer.Transfer`, and pictures for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from experiments.data.datamodule import DataModule
from experiments.training.module import SupervisedModule
from experiments.training.phased_data import PhasedData
from experiments.training.phases import FROZEN, UNFROZEN, Phase
from experiments.training.schedules import OneCycle
from experiments.training.task import Classification


@dataclass
class Layers:
    name: str
    parameters: dict[str, nn.Parameter]


class ToyTransfer(nn.Module):
    """(N, 3, 8, 8) pictures or (N, 6) head inputs -> (N, 2)."""

    architecture = "toy"
    feature_count = 6
    mean = std = weights_hash = None

    def __init__(self, *, train_norm: bool = False) -> None:
        super().__init__()
        self.train_norm = train_norm
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 3))
        self.head = nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Linear(6, 2))
        self.body_is_frozen = False
        self.body_calls = 0

    @property
    def head_inputs_are_fixed(self) -> bool:
        return self.body_is_frozen and not self.train_norm

    def features(self, images: Tensor, body: nn.Module | None = None) -> Tensor:
        self.body_calls += 1
        maps = (body or self.body)(images)
        return torch.cat([maps.amax((2, 3)), maps.mean((2, 3))], 1)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.head(inputs if inputs.dim() == 2 else self.features(inputs))
        return outputs

    def freeze(self) -> None:
        self.body_is_frozen = True
        for name, parameter in self.body.named_parameters():
            parameter.requires_grad_(self.train_norm and name.startswith("1."))
        self.train(self.training)

    def unfreeze(self) -> None:
        self.body_is_frozen = False
        self.body.requires_grad_(True)
        self.train(self.training)

    def train(self, mode: bool = True) -> ToyTransfer:
        super().train(mode)
        if self.head_inputs_are_fixed:
            self.body.eval()
        return self

    def layer_groups(self) -> list[Layers]:
        parts = {"stem": self.body[:2], "later": self.body[2:], "head": self.head}
        return [Layers(name, dict(part.named_parameters())) for name, part in parts.items()]

    def body_hash(self) -> str:
        digest = hashlib.sha256()
        for name, tensor in self.body.state_dict().items():
            digest.update(name.encode() + tensor.numpy().tobytes())
        return digest.hexdigest()


class Pictures(Dataset[Any]):
    """Bright and dark pictures with noise."""

    def __init__(self, count: int = 60) -> None:
        random = torch.Generator().manual_seed(1)
        self.targets = torch.arange(count) % 2
        noise = torch.rand(count, 3, 8, 8, generator=random)
        self.pictures = noise + 0.3 * self.targets.view(-1, 1, 1, 1)

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        return self.pictures[row], int(self.targets[row])


def toy_training(
    frozen: int = 2,
    unfrozen: int = 2,
    *,
    train_norm: bool = False,
    lr: float = 0.1,
    weight_decay: float = 0.01,
    seed: int = 3,
) -> tuple[SupervisedModule, PhasedData]:
    """A module and its data, the same ones every time."""
    torch.manual_seed(seed)
    phases = [Phase(FROZEN, 0, frozen)] if frozen else []
    phases += [Phase(UNFROZEN, frozen, unfrozen, (0.01, 0.1))] if unfrozen else []
    optimizer = partial(torch.optim.AdamW, lr=lr, weight_decay=weight_decay)
    network = ToyTransfer(train_norm=train_norm)
    module = SupervisedModule(network, Classification(), optimizer, OneCycle(frozen), phases)
    data = DataModule(Pictures(), batch_size=8)
    data.setup()
    configuration = {"model": {}, "trainer": {"accelerator": "cpu", "precision": "32-true"}}
    return module, PhasedData(data, module, configuration)
