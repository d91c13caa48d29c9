"""What the data sets that torchvision knows have in common."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from experiments.data.archives import Archive, ensure
from experiments.data.cache_folder import data_folder
from experiments.data.errors import DataError
from experiments.data.pool import Pool, sample_order

PARTS = ("train", "test")
"""The splits of the official parts; the first is still to be split into training and validation."""


@dataclass(frozen=True)
class TorchvisionSource(ABC):
    """What the three have in common; the official test part is the test set, the rest is still to be split.

    Attributes:
        root: the folder of the files, as torchvision lays them out; `~` is expanded. None: the cache folder.
    """

    root: str | None = None

    @property
    def folder(self) -> Path:
        """Where the files are, or are put."""
        return Path(self.root).expanduser().absolute() if self.root else data_folder("torchvision")

    def prepare(self) -> None:
        """Downloads what is missing, once however many jobs ask; nothing where all files are in place.

        Raises:
            DataError: a file is missing and cannot be had, or cannot be written; the message says where to put it.
        """
        folder = self.folder
        try:
            ensure(type(self).__name__.lower(), folder, self.archives(), self.is_whole)
        except OSError as error:
            reason = error.strerror or str(error)
            raise DataError(f"dataset.root={folder} cannot be used: {reason}. Name a folder for its files.") from error

    def load(self) -> Pool:
        """All samples of both parts.

        Raises:
            DataError: as `prepare`.
        """
        self.prepare()
        return _load(self, self.folder)

    @abstractmethod
    def archives(self) -> list[Archive]:
        """The files to download, by torchvision's own constants."""

    @abstractmethod
    def is_whole(self) -> bool:
        """Whether all unpacked files are there."""

    @abstractmethod
    def read(self) -> Pool:
        """The samples, from whole files."""


@functools.lru_cache(maxsize=1)
def _load(source: TorchvisionSource, folder: Path) -> Pool:  # noqa: ARG001 - the cache folder may become another
    # Once for the jobs of a sweep, which run in one process.
    return source.read()


def pool_of_parts(
    name: str,
    pixels: Sequence[Tensor],
    targets: Sequence[Tensor],
    classes: list[str],
    mean: list[float],
    std: list[float],
    photographs: bool,
) -> Pool:
    """A pool of arrays; samples are called `NAME/SPLIT/NUMBER`, by their place in the part.

    Args:
        name: of the data set.
        pixels: of each of the PARTS, (N, C, H, W) uint8.
        targets: of each of the PARTS, (N,) class indices.
        classes: their names.
        mean: per channel, in 0..1.
        std: as `mean`.
        photographs: whether they may be augmented.
    """
    everything, indices = torch.cat(list(pixels)), torch.cat(list(targets))
    places = [(split, number) for split, part in zip(PARTS, pixels, strict=True) for number in range(len(part))]
    paths = [f"{name}/{split}/{number:05d}" for split, number in places]
    contents = [sha256(picture.tobytes()).hexdigest() for picture in everything.numpy()]
    order = sample_order([classes[target] for target in indices.tolist()], contents, paths)
    shape = tuple(everything.shape[1:])
    return Pool(
        inputs=everything[order],
        targets=indices[order],
        paths=[paths[row] for row in order],
        sha256=[contents[row] for row in order],
        classes=classes,
        splits=[places[row][0] for row in order],
        input_shape=shape,
        mean=mean,
        std=std,
        resize=f"none: {' x '.join(map(str, shape))} as they come",
        photographs=photographs,
    )
