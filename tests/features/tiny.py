"""A body of a few weights with the face of `models.transfer.Transfer`, and pictures for it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from experiments.data import folder
from experiments.data.datamodule import DataModule
from experiments.data.folder import Folder
from experiments.features import head_inputs as memory
from experiments.features import look_up
from experiments.features.head_inputs import HeadInputs, head_inputs

SIZE = 8
CPU = torch.device("cpu")


class Tiny(nn.Module):
    """(N, 3, H, W) -> (N, 6); notes how many images were in each call."""

    architecture = "tiny"
    feature_count = 6
    head_inputs_are_fixed = True

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 3, 3)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(6, 2)
        random = torch.Generator().manual_seed(seed)
        for parameter in self.body.parameters():
            parameter.requires_grad_(False).copy_(torch.rand(parameter.shape, generator=random))
        self.calls: list[int] = []

    def features(self, images: Tensor, body: nn.Module | None = None) -> Tensor:
        self.calls.append(len(images))
        maps = self.drop((body or self.body)(images))
        return torch.cat([maps.amax((2, 3)), maps.mean((2, 3))], 1)

    def body_hash(self) -> str:
        return hashlib.sha256(b"".join(p.numpy().tobytes() for p in self.body.parameters())).hexdigest()


def write(folder: Path, seeds: range) -> list[Path]:
    """One picture a seed, unlike that of any other."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{seed:03d}.png" for seed in seeds]
    for seed, path in zip(seeds, paths, strict=True):
        values = np.random.default_rng(seed).integers(0, 256, (10, 12, 3), dtype=np.uint8)
        Image.fromarray(values).save(path)
    return paths


def data_of(root: Path, size: int = SIZE, **options: Any) -> DataModule:
    """The pictures below a folder, loaded."""
    data = DataModule(Folder(str(root), size), **options)
    data.setup()
    return data


def computed(network: Tiny, data: DataModule, views: int = 1, precision: str = "32-true") -> HeadInputs:
    """Its head inputs."""
    return head_inputs(network, data, views=views, device=CPU, precision=precision)  # type: ignore[arg-type]


def used(data: DataModule) -> list[int]:
    """The rows that train, validate or test."""
    return [row for row, split in enumerate(data.table.splits) if split != "unused"]


def right(found: HeadInputs, network: Tiny, data: DataModule) -> bool:
    """Whether the features are those of the images, and the unused ones are none."""
    rows = used(data)
    expected = torch.full_like(found.plain, torch.nan)
    network.eval()
    with torch.no_grad():
        expected[rows] = network.features(data.prepared(rows))
    network.calls.pop()
    return torch.allclose(found.plain, expected, equal_nan=True)


def forget() -> None:
    """As a new process begins: nothing is in memory."""
    memory._last.clear()
    look_up._in_memory.clear()
    folder._last.clear()
