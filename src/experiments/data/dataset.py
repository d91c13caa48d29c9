"""A user's own torch Dataset, read into memory."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from experiments.data.errors import DataError
from experiments.data.pool import Pool, sample_order


def from_torch_dataset(dataset: Dataset[Any]) -> Pool:
    """Every sample of a map-style dataset of (tensor, class index), in memory.

    Class names come from `dataset.classes` if it has them, else they are the indices. The tensors are used as
    they come (uint8 is divided by 255): no normalisation, no augmentation, as the dataset may do its own.

    Raises:
        DataError: if it has no length, no samples, or samples that are no such pairs or differ in shape.
    """
    name = type(dataset).__name__
    inputs, targets = _read(dataset, name)
    names = getattr(dataset, "classes", None) or range(max(targets) + 1)
    classes = [str(label) for label in names]
    if min(targets) < 0 or max(targets) >= len(classes):
        raise DataError(f"{name} has targets {min(targets)} to {max(targets)}, but {len(classes)} classes.")
    paths = [f"{name}/{number:04d}" for number in range(len(inputs))]
    contents = [sha256(sample.numpy().tobytes()).hexdigest() for sample in inputs]
    order = sample_order([classes[target] for target in targets], contents, paths)
    return Pool(
        inputs=torch.stack([inputs[row] for row in order]),
        targets=torch.tensor([targets[row] for row in order]),
        paths=[paths[row] for row in order],
        sha256=[contents[row] for row in order],
        classes=classes,
        splits=None,
        input_shape=tuple(inputs[0].shape),
    )


def _read(dataset: Dataset[Any], name: str) -> tuple[list[Tensor], list[int]]:
    if not hasattr(dataset, "__len__"):
        raise DataError(f"{name} has no length. A data set must have `__len__` and `__getitem__`.")
    pairs = [_pair(dataset[row], f"{name}[{row}]") for row in range(len(dataset))]
    if not pairs:
        raise DataError(f"{name} has no samples.")
    shapes = sorted({tuple(sample.shape) for sample, _ in pairs})
    if len(shapes) > 1:
        raise DataError(f"{name} has tensors of different shapes, {shapes[0]} and {shapes[1]}. Resize them first.")
    return [sample for sample, _ in pairs], [target for _, target in pairs]


def _pair(sample: Any, where: str) -> tuple[Tensor, int]:
    if not isinstance(sample, Sequence) or len(sample) != 2 or not isinstance(sample[0], Tensor):
        raise DataError(f"{where} is not a pair (tensor, class index). Convert images, as by ToTensor().")
    target: Any = sample[1].item() if isinstance(sample[1], Tensor) and sample[1].numel() == 1 else sample[1]
    try:
        return sample[0].detach().cpu().contiguous(), int(target.__index__())
    except AttributeError:
        raise DataError(f"{where} has the target {target!r}, not a class index such as 0.") from None
