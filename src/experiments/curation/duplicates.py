"""Pictures of a folder that are the same, or nearly: clusters of them, the harmful ones first. Imports no torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.curation.verify import files_of
from experiments.data.decoding import decode_files, hash_files
from experiments.data.likeness import SIDE
from experiments.data.near_duplicates import NearDuplicates, near_duplicates
from experiments.data.progress import progress
from experiments.data.scan import scan


@dataclass(frozen=True)
class Picture:
    """A picture, by its name below the root (with forward slashes).

    Attributes:
        name: such as `teddy/0309.jpg`.
        label: its class.
        split: `train`, `valid` or `test` where the folders say so, else None.
        sha256: of the file.
    """

    name: str
    label: str
    split: str | None
    sha256: str


@dataclass(frozen=True)
class Cluster:
    """Pictures that belong together, by name.

    Attributes:
        pictures: two or more.
        likeness: of the two that are least alike of those that hold the cluster together; 1: the same.
    """

    pictures: list[Picture]
    likeness: float

    @property
    def exact(self) -> bool:
        """Whether all are copies of one file."""
        return len({picture.sha256 for picture in self.pictures}) == 1

    @property
    def labels(self) -> list[str]:
        """The classes that claim them."""
        return sorted({picture.label for picture in self.pictures})

    @property
    def splits(self) -> list[str]:
        """The splits that the folders put them into."""
        return sorted({picture.split for picture in self.pictures if picture.split})

    @property
    def straddles(self) -> bool:
        """Whether it lies in more than one split. What is not in `test/` is trained on, or chosen by."""
        return len({picture.split for picture in self.pictures}) > 1


@dataclass(frozen=True)
class Duplicates:
    """What was found among the pictures of a folder.

    Attributes:
        clusters: first those with different labels, then those that straddle splits, then the others; each the
            most alike first.
        compared: how many pictures.
        skipped: how many files could not be decoded.
        fixed: whether the folders say which pictures validate.
    """

    clusters: list[Cluster]
    compared: int
    skipped: int
    fixed: bool


def find_duplicates(root: Path, threshold: float) -> Duplicates:
    """All clusters below a folder.

    Args:
        root: the folder above the classes, or above `train/`, `valid/`, `test/`.
        threshold: likeness from which two pictures belong together, 0 to 1.

    Raises:
        DataError: there is no such folder, or nothing in it.
        OSError: a folder cannot be listed.
    """
    files_of(root)  # refuses what is no folder of pictures
    found = scan(root)
    paths = [item.path for item in found]
    with progress("comparing", len(paths)) as advance:
        contents = hash_files(paths)
        thumbnails, failures = decode_files(paths, contents, SIDE, advance)
    kept = [place for place in range(len(found)) if place not in failures]
    pictures = [
        Picture(found[place].path.relative_to(root).as_posix(), found[place].label, found[place].split, contents[place])
        for place in kept
    ]
    clusters = _clusters(pictures, near_duplicates(thumbnails[kept], [contents[place] for place in kept], threshold))
    fixed = any(picture.split == "valid" for picture in pictures)
    return Duplicates(clusters, len(pictures), len(failures), fixed)


def _clusters(pictures: Sequence[Picture], near: NearDuplicates) -> list[Cluster]:
    members: dict[str, list[Picture]] = defaultdict(list)
    for picture, group in zip(pictures, near.groups, strict=True):
        members[group].append(picture)
    likeness = {near.groups[link.first]: link.likeness for link in near.links}  # the last one is the lowest
    clusters = [
        Cluster(sorted(alike, key=lambda picture: picture.name), likeness.get(group, 1.0))
        for group, alike in members.items()
        if len(alike) > 1
    ]
    return sorted(clusters, key=_importance)


def _importance(cluster: Cluster) -> tuple[bool, bool, float, str]:
    return len(cluster.labels) == 1, not cluster.straddles, -cluster.likeness, cluster.pictures[0].name
