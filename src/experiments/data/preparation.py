"""What happens to a batch between memory and model: to 0..1, augment, normalise."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Generator, Tensor


class Transform(Protocol):
    """What changes a batch (B, *input_shape); it draws from the generator alone (None: torch's global one)."""

    def __call__(self, batch: Tensor, generator: Generator | None = None, /) -> Tensor: ...


def to_float(batch: Tensor) -> Tensor:
    """uint8 0..255 -> float 0..1; floats as they are."""
    return batch.float().div_(255) if batch.dtype == torch.uint8 else batch.float()


class Preparation:
    """A transform of batches (B, *input_shape): `to_float`, then augmentation, then (x - mean) / std.

    Mean and std are per channel, the first axis of a sample; None leaves that step out.
    """

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        augmentation: Transform | None = None,
    ) -> None:
        self.mean = None if mean is None else torch.tensor(mean).view(-1, 1, 1)
        self.std = None if std is None else torch.tensor(std).view(-1, 1, 1)
        self.augmentation = augmentation

    def __call__(self, batch: Tensor, generator: Generator | None = None, /) -> Tensor:
        batch = to_float(batch)
        if self.augmentation is not None:
            batch = self.augmentation(batch, generator)
        if self.mean is not None:
            batch = batch - self.mean
        return batch if self.std is None else batch / self.std
