"""Pictures as torch wants them: small sets as one tensor, others gathered from the pixel store batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from experiments.data.pictures import Pictures
from experiments.data.pool import Inputs

GATHERED_VALUES = 2**24  # up to so many numbers lie in memory as one tensor


class PictureRows:
    """Some rows of `Pictures`, in this order: rows (B,) of long -> uint8 (B, 3, size, size)."""

    def __init__(self, pictures: Pictures, rows: Sequence[int]) -> None:
        self.pictures = pictures
        self.rows = torch.tensor(rows, dtype=torch.long)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        return torch.from_numpy(self.pictures.take(self.rows[rows].numpy()))


@dataclass(frozen=True)
class ReadPixels:
    """What `read_pixels` found.

    Attributes:
        inputs: the readable pictures, in the order of the files.
        failures: by row, why a file was left out.
        notices: what the user should know about the cache, a sentence each.
    """

    inputs: Inputs
    failures: dict[int, str]
    notices: list[str]


def read_pixels(paths: Sequence[Path], contents: Sequence[str], size: int) -> ReadPixels:
    """The files as (3, size, size) uint8, decoded only if no run did it before; see `Pictures`."""
    pictures = Pictures(paths, contents, size)
    rows = [row for row in range(len(pictures)) if row not in pictures.failures]
    inputs: Inputs = PictureRows(pictures, rows)
    if len(rows) * 3 * size**2 <= GATHERED_VALUES:
        inputs = inputs[torch.arange(len(rows))]
    return ReadPixels(inputs, pictures.failures, pictures.notices)
