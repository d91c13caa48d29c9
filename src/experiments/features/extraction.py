"""A frozen body at work on many images, batch by batch."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.data.datamodule import DataModule
from experiments.features.folding import folded
from experiments.features.provenance import MIXED

if TYPE_CHECKING:
    from experiments.models.transfer import Transfer

Image = tuple[int | None, int]
"""The number of a view, or None for the image as it is; and a row of the table."""

# On two cores, resnet18 took 9 % more for 64 images at once than for 16, squeezenet1_1 half as much again: what one
# layer makes of so few is still in the processor's cache when the next one reads it.
CPU_VALUES, GPU_VALUES, MOST_IMAGES = 16 * 3 * 224**2, 256 * 3 * 224**2, 512


class Extraction:
    """`network.features` of images, on a device; the network itself is left where and as it is.

    Args:
        network: with a frozen body.
        data: loaded.
        device: to compute on.
        precision: Lightning's name of it.
    """

    def __init__(self, network: Transfer, data: DataModule, device: torch.device, precision: str) -> None:
        here = next(network.parameters()).device
        self._network = network if here.type == device.type else copy.deepcopy(network).to(device)
        self._body: nn.Module | None = None
        self._data = data
        self._device = device
        self._mixed = MIXED.get(precision)
        values = CPU_VALUES if device.type == "cpu" else GPU_VALUES
        self._batch = max(1, min(MOST_IMAGES, values // math.prod(data.input_shape)))

    def __call__(self, images: Sequence[Image], done: Callable[[], None] = lambda: None) -> NDArray[np.float32]:
        """Their features (B, F); `done` is called after each image."""
        features = np.empty((len(images), self._network.feature_count), np.float32)
        training = self._network.training
        self._network.eval()
        try:
            self._body = self._body or folded(self._network.body)
            start = 0
            for batch in one_ahead(map(self._prepare, _chunks(images, self._batch))):
                features[start : start + len(batch)] = self._features(batch)
                start += len(batch)
                for _ in batch:
                    done()
        finally:
            self._network.train(training)
        return features

    def _prepare(self, images: Sequence[Image]) -> Tensor:
        """Gathered, augmented and normalised."""
        groups = [(view, [row for _, row in group]) for view, group in groupby(images, key=lambda image: image[0])]
        data = self._data
        parts = [data.prepared(rows) if view is None else data.varied(rows, view) for view, rows in groups]
        return torch.cat(parts).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def _features(self, batch: Tensor) -> NDArray[np.float32]:
        with torch.autocast(self._device.type, self._mixed, enabled=self._mixed is not None):
            features = self._network.features(batch.to(self._device), self._body)
        found: NDArray[np.float32] = features.float().cpu().numpy()
        return found


def _chunks(images: Sequence[Image], size: int) -> Iterator[Sequence[Image]]:
    return (images[start : start + size] for start in range(0, len(images), size))


def one_ahead(batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """The same batches, each made by a thread while the one before is in use."""
    coming = iter(batches)
    with ThreadPoolExecutor(1) as thread:
        made = thread.submit(next, coming, None)
        while (batch := made.result()) is not None:
            made = thread.submit(next, coming, None)
            yield batch
