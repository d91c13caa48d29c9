"""Which files the drawn bears are to be, and the truth about each: decided by hashes, picture by picture.

So nothing about one picture depends on how many there are, and a larger share of a fault only adds faulty ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random

from experiments.curation.bear_faults import CHANGES, CORRUPTIONS, corrupted, slightly_changed
from experiments.curation.drawing_bears.picture import CLASSES
from experiments.curation.drawing_bears.workers import Draw

COLUMNS = ("file", "class", "true_class", "kind", "of", "what")
_FAMILY = 10
_MAY_BE_FAULTY = 1 - 1 / _FAMILY


@dataclass(frozen=True)
class Shares:
    """Of all pictures, 0 to 0.9: see the keys of `dataset=toy_bears`."""

    wrong_labels: float = 0.0
    near_duplicates: float = 0.0
    corrupt_files: float = 0.0


@dataclass(frozen=True)
class PlannedPicture:
    """One file to be.

    Attributes:
        true_class: of the bear in it.
        number: within its class, from 0.
        folder: the class that it is said to be of.
        copied: the number of the picture that it is nearly a duplicate of, or None.
        change: how it differs from that, one of CHANGES, or empty.
        corruption: how it was corrupted, one of CORRUPTIONS, or empty.
    """

    true_class: str
    number: int
    folder: str
    copied: int | None = None
    change: str = ""
    corruption: str = ""

    @property
    def file(self) -> str:
        """Below the root. The name tells nothing of what is in it."""
        return f"{self.folder}/{self.number * len(CLASSES) + CLASSES.index(self.true_class):06d}.jpg"

    @property
    def kind(self) -> str:
        """`drawn`, `near_duplicate` or `corrupt`, which may have been a duplicate, too."""
        return "corrupt" if self.corruption else "near_duplicate" if self.change else "drawn"

    def content(self, draw: Draw, seed: int) -> bytes:
        """The file's bytes."""
        number = self.number if self.copied is None else self.copied
        content = draw(self.true_class, number, seed)
        random = Random(f"{seed}:{self.true_class}:{self.number}:fault")
        if self.change:
            content = slightly_changed(content, self.change, random)
        return corrupted(content, self.corruption, random) if self.corruption else content


def plan(counts: Mapping[str, int], shares: Shares, seed: int) -> list[PlannedPicture]:
    """So many pictures of each class."""
    return [_planned(kind, number, shares, seed) for kind, count in counts.items() for number in range(count)]


def truth(pictures: list[PlannedPicture]) -> list[tuple[str, ...]]:
    """The rows of truth.csv, by file."""
    files = {(picture.true_class, picture.number): picture.file for picture in pictures}
    rows = []
    for one in pictures:
        original = "" if one.copied is None else files[one.true_class, one.copied]
        rows.append((one.file, one.folder, one.true_class, one.kind, original, one.corruption or one.change))
    return sorted(rows)


def _planned(kind: str, number: int, shares: Shares, seed: int) -> PlannedPicture:
    def chance(of: str) -> float:
        digest = sha256(f"{seed}:{kind}:{number}:{of}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    others = [name for name in CLASSES if name != kind]
    folder = others[int(chance("other class") * len(others))] if chance("label") < shares.wrong_labels else kind
    # The first of each ten is what it is, so that there is something to copy, and a copy has an original in the folder.
    first = number % _FAMILY == 0
    copy = not first and chance("copy") < shares.near_duplicates / _MAY_BE_FAULTY
    corrupt = not first and chance("corrupt") < shares.corrupt_files / _MAY_BE_FAULTY
    return PlannedPicture(
        true_class=kind,
        number=number,
        folder=folder,
        copied=number - number % _FAMILY if copy else None,
        change=list(CHANGES)[int(chance("change") * len(CHANGES))] if copy else "",
        corruption=list(CORRUPTIONS)[int(chance("corruption") * len(CORRUPTIONS))] if corrupt else "",
    )
