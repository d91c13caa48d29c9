"""What a frozen body makes of the images: computed once, kept on disk, shared by all jobs and later runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor

from experiments.data.datamodule import DataModule
from experiments.features.extraction import Extraction, Image
from experiments.features.look_up import look_up
from experiments.features.provenance import Provenance

if TYPE_CHECKING:
    from experiments.models.transfer import Transfer

# The jobs of a sweep run in one process: the last result, by all that it was made from.
_last: dict[tuple[object, ...], HeadInputs] = {}


@dataclass(frozen=True)
class HeadInputs:
    """F numbers for each of a table's N samples, float32 on the CPU; NaN where none are needed.

    Attributes:
        plain: (N, F) of the samples as they are.
        views: (N, V, F) of V augmented variants of the training samples; None: they are not augmented.
        notices: what the user should know about the cache, a sentence each.
    """

    plain: Tensor
    views: Tensor | None
    notices: list[str]


class PickView:
    """A transform of batches (B, V, F) -> (B, F): one of the views of each sample, drawn anew in every batch."""

    def __call__(self, batch: Tensor, generator: Generator | None = None, /) -> Tensor:
        views = torch.randint(batch.shape[1], (len(batch),), generator=generator)
        return batch[torch.arange(len(batch)), views]


def head_inputs(network: Transfer, data: DataModule, *, views: int, device: torch.device, precision: str) -> HeadInputs:
    """`network.features` of the samples that train, validate or test, in evaluation mode.

    They are looked up by the image's content and all else that makes its features what they are (`Provenance`), and
    computed only where they are not found. Nobody may write into the tensors: later calls return them again.

    Args:
        network: with a frozen body; it stays where and as it is.
        data: normalised as the network's weights ask for (`DataModule.normalise`).
        views: of each training sample. Above 1 they are augmented, and only those training samples that are
            evaluated have plain features too. Data that are not augmented have one view.
        device: to compute on.
        precision: Lightning's name of it.

    Raises:
        ValueError: if the body's outputs are not fixed.
    """
    if not network.head_inputs_are_fixed:
        raise ValueError("the body, or its batch norm, is trained: the features of an image are not fixed")
    data.setup()
    varied = views if views > 1 and data.augments else 0
    provenance = Provenance.of(network, data, device, precision)
    known_by = (provenance.digest, varied, *data.table.sha256, *data.table.splits, *data.evaluated_rows[1])
    if known_by not in _last:
        extraction = Extraction(network, data, device, precision)
        _last.clear()  # first: there may not be room for two
        _last[known_by] = _head_inputs(data, varied, provenance, extraction)
    return _last[known_by]


def _head_inputs(data: DataModule, views: int, provenance: Provenance, extraction: Extraction) -> HeadInputs:
    train = data.table.indices("train")
    compared = data.evaluated_rows[1] if views else train
    plain = [*compared, *data.table.indices("valid"), *data.table.indices("test")]
    images: list[Image] = [(None, row) for row in plain]
    images += [(view, row) for view in range(views) for row in train]
    found, notices = look_up(images, data.table.sha256, provenance, extraction)
    features = torch.from_numpy(found)
    samples, width = len(data.table.sha256), provenance.feature_count
    of_samples = features.new_full((samples, width), torch.nan)
    of_samples[plain] = features[: len(plain)]
    if not views:
        return HeadInputs(of_samples, None, notices)
    of_views = features.new_full((samples, views, width), torch.nan)
    of_views[train] = features[len(plain) :].view(views, len(train), width).transpose(0, 1)
    return HeadInputs(of_samples, of_views, notices)
