"""What lies in a folder of pictures: how many of each class, how large, in which formats. Imports no torch."""

from __future__ import annotations

import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from experiments.data.decoding import open_file
from experiments.data.errors import DataError
from experiments.data.images import FORMATS
from experiments.data.scan import Found, check_root, scan

ORIENTATION, SIDEWAYS = 0x0112, {5, 6, 7, 8}
"""EXIF's tag, and its values that turn a picture by a quarter (EXIF 2.3, 4.6.4 A)."""


@dataclass(frozen=True)
class Seen:
    """An image file, and what its head says.

    Attributes:
        found: the file, its class and its split.
        size: width and height in pixels, upright; None: not to be read.
        format: such as JPEG; empty if it cannot be read.
    """

    found: Found
    size: tuple[int, int] | None
    format: str


@dataclass(frozen=True)
class ClassSurvey:
    """One class: its pictures by number of pixels, and the files whose head cannot be read."""

    name: str
    pictures: list[Seen]
    unreadable: list[Path]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Width and height of each picture, the smallest first."""
        return [seen.size for seen in self.pictures if seen.size]

    @property
    def formats(self) -> list[str]:
        """The commonest first."""
        return [name for name, _ in Counter(seen.format for seen in self.pictures).most_common()]

    def count(self, split: str | None) -> int:
        """How many pictures lie in a split's folder; None: those that are still to be split."""
        return sum(seen.found.split == split for seen in self.pictures)


def survey(root: Path) -> list[ClassSurvey]:
    """The classes of a folder, by name. Heads of files are read, pictures are not decoded.

    Raises:
        DataError: there are no two classes with images in it.
        OSError: a folder cannot be listed.
    """
    if problem := check_root(root):
        raise DataError(problem.replace(f"dataset.root={root}", str(root)))
    of_class: dict[str, list[Seen]] = defaultdict(list)
    for seen in _look(scan(root.expanduser())):
        of_class[seen.found.label].append(seen)
    return [_of_class(name, files) for name, files in sorted(of_class.items())]


def splits(classes: Sequence[ClassSurvey]) -> list[str | None]:
    """The splits that the folders fix, in the order of use; None are pictures that are still to be split."""
    return [split for split in ("train", None, "valid", "test") if any(one.count(split) for one in classes)]


def _look(found: Sequence[Found]) -> list[Seen]:
    # Pillow warns of large pictures and odd metadata. Filters are global: set outside the threads.
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as threads:
        warnings.filterwarnings("ignore", module="PIL")
        return list(threads.map(_head, found))


def _head(found: Found) -> Seen:
    try:
        with open_file(found.path) as file, Image.open(file, formats=FORMATS) as picture:
            size, format_ = picture.size, picture.format or ""
            turned = _orientation(picture) in SIDEWAYS
    except Exception:  # Pillow's plugins raise nearly every type on broken bytes
        return Seen(found, None, "")
    return Seen(found, size[::-1] if turned else size, format_)


def _orientation(picture: Image.Image) -> object:
    try:
        return picture.getexif().get(ORIENTATION)
    except Exception:  # a broken EXIF block must not cost a sound picture
        return None


def _of_class(name: str, files: Sequence[Seen]) -> ClassSurvey:
    pictures = [seen for seen in files if seen.size]
    pictures.sort(key=lambda seen: (_pixels(seen), seen.found.path))
    return ClassSurvey(name, pictures, [seen.found.path for seen in files if not seen.size])


def _pixels(seen: Seen) -> int:
    width, height = seen.size or (0, 0)
    return width * height
