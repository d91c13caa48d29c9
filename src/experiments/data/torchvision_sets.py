"""The sources `mnist`, `cifar10` and `pets`: data sets that torchvision knows, downloaded at first use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.data.archives import Archive
from experiments.data.folder import IMAGENET_MEAN, IMAGENET_STD
from experiments.data.images import RESIZE
from experiments.data.pixels import read_pixels
from experiments.data.pool import Pool, sample_order
from experiments.data.torchvision_source import PARTS, TorchvisionSource, pool_of_parts

MNIST_MEAN, MNIST_STD = [0.1307], [0.3081]
"""Of the 60,000 training images, in 0..1. Source: PyTorch's example `mnist`."""

CIFAR10_MEAN, CIFAR10_STD = [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]
"""Of the 50,000 training images, in 0..1, red, green, blue: computed from them, as commonly given."""


@dataclass(frozen=True)
class MNIST(TorchvisionSource):
    """70,000 handwritten digits, 1 x 28 x 28 uint8.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.
    """

    def archives(self) -> list[Archive]:
        """Four files, each of images or of labels."""
        from torchvision import datasets

        return [
            Archive([mirror + name for mirror in datasets.MNIST.mirrors], md5, "MNIST/raw")
            for name, md5 in datasets.MNIST.resources
        ]

    def is_whole(self) -> bool:
        """Whether the four unpacked files are as long as their heads say; torchvision asks for the names alone."""
        return all(
            _is_whole_idx(self.folder / archive.folder / archive.name.removesuffix(".gz"))
            for archive in self.archives()
        )

    def read(self) -> Pool:
        """Both parts; `mnist/train/00007` is the eighth of the training part."""
        from torchvision import datasets

        parts = [datasets.MNIST(str(self.folder), train=part == "train") for part in PARTS]
        pixels = [part.data.unsqueeze(1) for part in parts]
        targets = [part.targets for part in parts]
        return pool_of_parts(
            "mnist", pixels, targets, [str(digit) for digit in range(10)], MNIST_MEAN, MNIST_STD, False
        )


@dataclass(frozen=True)
class CIFAR10(TorchvisionSource):
    """60,000 photographs of animals and vehicles, 3 x 32 x 32 uint8.

    Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """

    def archives(self) -> list[Archive]:
        """One archive of pickled arrays; torchvision reads them after their MD5 is found to be the known one."""
        from torchvision import datasets

        return [Archive([datasets.CIFAR10.url], datasets.CIFAR10.tgz_md5, "")]

    def is_whole(self) -> bool:
        """Whether all batches have their MD5."""
        from torchvision import datasets
        from torchvision.datasets.utils import check_integrity

        folder = self.folder / datasets.CIFAR10.base_folder
        known = [
            *datasets.CIFAR10.train_list,
            *datasets.CIFAR10.test_list,
            (datasets.CIFAR10.meta["filename"], datasets.CIFAR10.meta["md5"]),
        ]
        return all(check_integrity(str(folder / name), md5) for name, md5 in known)

    def read(self) -> Pool:
        """Both parts; `cifar10/train/00007` is the eighth of the training part."""
        from torchvision import datasets

        parts = [datasets.CIFAR10(str(self.folder), train=part == "train") for part in PARTS]
        pixels = [torch.from_numpy(part.data.transpose(0, 3, 1, 2).copy()) for part in parts]
        targets = [torch.tensor(part.targets) for part in parts]
        return pool_of_parts("cifar10", pixels, targets, parts[0].classes, CIFAR10_MEAN, CIFAR10_STD, True)


@dataclass(frozen=True)
class Pets(TorchvisionSource):
    """7,349 photographs of 37 breeds of cats and dogs, as (3, image_size, image_size) uint8.

    Source: Parkhi, Vedaldi, Zisserman and Jawahar, "Cats and dogs", CVPR 2012 (Oxford-IIIT Pet).

    Attributes:
        image_size: pixels a side.
    """

    image_size: int = 224

    def archives(self) -> list[Archive]:
        """The pictures, and the lists of who is in which part."""
        from torchvision import datasets

        return [Archive([address], md5, "oxford-iiit-pet") for address, md5 in datasets.OxfordIIITPet._RESOURCES]

    def is_whole(self) -> bool:
        """Whether both lists are there, and each picture that they name; torchvision asks for the folders alone."""
        try:
            return all(path.is_file() for part in self._parts() for path in part._images)
        except (OSError, RuntimeError, ValueError):  # no folder, no list, half a list
            return False

    def read(self) -> Pool:
        """Both parts; paths are relative to `folder`. What cannot be decoded is left out and named."""
        parts = self._parts()
        files = [path for part in parts for path in part._images]
        targets = [target for part in parts for target in part._labels]
        splits = [split for part, split in zip(parts, PARTS, strict=True) for _ in part._images]
        contents = [sha256(path.read_bytes()).hexdigest() for path in files]
        names = [path.relative_to(self.folder).as_posix() for path in files]
        classes = parts[0].classes
        order = sample_order([classes[target] for target in targets], contents, names)
        read = read_pixels([files[row] for row in order], [contents[row] for row in order], self.image_size)
        kept = [row for place, row in enumerate(order) if place not in read.failures]
        left_out = [f"{names[order[place]]} is left out: {reason}." for place, reason in read.failures.items()]
        return Pool(
            inputs=read.inputs,
            targets=torch.tensor([targets[row] for row in kept]),
            paths=[names[row] for row in kept],
            sha256=[contents[row] for row in kept],
            classes=classes,
            splits=[splits[row] for row in kept],
            input_shape=(3, self.image_size, self.image_size),
            mean=IMAGENET_MEAN,
            std=IMAGENET_STD,
            resize=RESIZE.format(size=self.image_size),
            photographs=True,
            notices=[*read.notices, *left_out],
        )

    def _parts(self) -> list[Any]:
        from torchvision import datasets

        return [datasets.OxfordIIITPet(str(self.folder), split=part) for part in ("trainval", "test")]


def _is_whole_idx(path: Path) -> bool:
    """Whether a file of the MNIST format is as long as its head says: a count of axes, their lengths, then bytes."""
    try:
        with path.open("rb") as file:
            axes = int.from_bytes(file.read(4), "big") % 256
            lengths = np.frombuffer(file.read(4 * axes), ">u4")
        return len(lengths) == axes > 0 and path.stat().st_size == 4 + 4 * axes + math.prod(lengths.tolist())
    except (OSError, ValueError):
        return False
