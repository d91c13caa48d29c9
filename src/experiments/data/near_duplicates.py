"""Pictures that are nearly the same: copies resized, recompressed, brightened, mirrored or cut by up to 3 %.

A perceptual hash, the grey sketch of a picture as 256 numbers, proposes pairs by one matrix product; `likeness`
then compares the colours and the shapes of each pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.data.likeness import THRESHOLD, Sketches, likeness

_PROPOSED = 0.64  # correlation of the hashes, as a share of the threshold; changed copies of photographs had more

# By single links alone, a class of simple drawings would be chained into one cluster, a little further each time.
# So two clusters join only where their first pictures are nearly as alike as the two pictures that link them.
_SLACK = 0.02

_BLOCK = 1024
_MOST_PER_BLOCK = 16  # proposals a picture: bounds time and memory where thousands of pictures are alike


@dataclass(frozen=True)
class Link:
    """Two pictures, by their place in the input, and their likeness (0 to 1; 1: the same)."""

    first: int
    second: int
    likeness: float


@dataclass(frozen=True)
class NearDuplicates:
    """What belongs together.

    Attributes:
        groups: for each picture the smallest SHA-256 of its cluster; its own where nothing is like it.
        links: the pairs that hold the clusters of different contents together, the most alike first.
    """

    groups: list[str]
    links: list[Link]


def near_duplicates(
    thumbnails: NDArray[np.uint8], sha256: Sequence[str], threshold: float = THRESHOLD
) -> NearDuplicates:
    """Clusters of equal and of nearly equal pictures, whatever their order. Meant for a few 10,000 of them.

    Pictures with next to no structure, such as a plain colour, are like nothing but their exact copies.

    Args:
        thumbnails: (N, 3, 32, 32), as `images.decode(path, 32)` gives them.
        sha256: the contents of the N files; equal ones are compared once.
        threshold: likeness from which two pictures belong together, 0 to 1.
    """
    places = _one_of_each_content(sha256)
    sketches = Sketches.of(thumbnails[places])
    pairs, mirrored = _proposals(sketches, _PROPOSED * threshold)
    alike = likeness(sketches, pairs, mirrored)
    clusters = _Clusters(sketches, threshold - _SLACK)
    links = []
    for number in np.lexsort((pairs[:, 1], pairs[:, 0], -alike)):
        if alike[number] < threshold or not alike[number]:
            break
        first, second = (int(row) for row in pairs[number])
        if clusters.join(first, second):
            links.append(Link(int(places[first]), int(places[second]), float(alike[number])))
    group = {sha256[place]: sha256[places[clusters.smallest(row)]] for row, place in enumerate(places)}
    return NearDuplicates([group[content] for content in sha256], links)


def _one_of_each_content(sha256: Sequence[str]) -> NDArray[np.int64]:
    """Where each content is first met, in the order of the contents: row 0 has the smallest."""
    first: dict[str, int] = {}
    for place, content in enumerate(sha256):
        first.setdefault(content, place)
    return np.array([first[content] for content in sorted(first)], np.int64)


class _Clusters:
    """Union-find over rows of sketches, in which clusters join only if their roots are alike."""

    def __init__(self, sketches: Sketches, threshold: float) -> None:
        self._sketches, self._threshold = sketches, threshold
        self._parent = list(range(len(sketches.bands)))
        self._members = [[row] for row in self._parent]
        self._apart: set[tuple[int, int]] = set()

    def root(self, row: int) -> int:
        return self._parent[row]

    def smallest(self, row: int) -> int:
        """The first row of a row's cluster."""
        return min(self._members[self.root(row)])

    def join(self, first: int, second: int) -> bool:
        """Whether two clusters became one."""
        # The root of the larger cluster stays: what it is about does not wander.
        large, small = sorted((self.root(first), self.root(second)), key=lambda row: (-len(self._members[row]), row))
        if large == small or not self._alike(large, small):
            return False
        for row in self._members[small]:
            self._parent[row] = large
        self._members[large] += self._members[small]
        return True

    def _alike(self, large: int, small: int) -> bool:
        if len(self._members[large]) == 1:
            return True  # they are the pair that is asked about
        if (large, small) not in self._apart:
            both_ways = likeness(self._sketches, np.array([[large, small]] * 2), np.array([False, True]))
            if both_ways.max() >= self._threshold:
                return True
            self._apart.add((large, small))
        return False


def _proposals(sketches: Sketches, least: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Pairs of rows (P, 2), the smaller first, whose hashes correlate, and whether with one of them mirrored."""
    rows = np.flatnonzero(sketches.structured())
    even, odd = _hashes(sketches.bands[rows])
    pairs, mirrored = [np.zeros((0, 2), np.int64)], [np.zeros(0, bool)]
    for top, left in _blocks(len(rows)):
        # Mirroring one picture turns the sign of its odd part alone: the better of both correlations is this sum.
        turned = odd[top : top + _BLOCK] @ odd[left : left + _BLOCK].T
        alike = even[top : top + _BLOCK] @ even[left : left + _BLOCK].T + np.abs(turned)
        row, column = _strongest(np.triu(alike, 1) if top == left else alike, least)
        pairs.append(np.stack([rows[top + row], rows[left + column]], axis=1))
        mirrored.append(turned[row, column] < 0)
    return np.concatenate(pairs), np.concatenate(mirrored)


def _blocks(count: int) -> Iterator[tuple[int, int]]:
    """The corners of the blocks on and above the diagonal."""
    return ((top, left) for top in range(0, count, _BLOCK) for left in range(top, count, _BLOCK))


def _strongest(alike: NDArray[np.float32], least: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns above `least`; of each row, the largest few."""
    row, column = np.nonzero(alike > least)
    crowded = np.flatnonzero(np.bincount(row, minlength=1) > _MOST_PER_BLOCK)
    if not len(crowded):
        return row, column
    bound = np.full(len(alike), least, np.float32)
    bound[crowded] = np.partition(alike[crowded], -_MOST_PER_BLOCK, axis=1)[:, -_MOST_PER_BLOCK]
    kept = alike[row, column] >= bound[row]
    return row[kept], column[kept]


def _hashes(bands: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The grey bands' even and odd part (N, 128) under mirroring, together of length 1."""
    grey = bands.mean(axis=1)
    left, right = np.split(grey / np.maximum(np.linalg.norm(grey, axis=(1, 2), keepdims=True), 1e-6), 2, axis=2)
    even, odd = (left + right[..., ::-1]) / np.sqrt(2), (left - right[..., ::-1]) / np.sqrt(2)
    return _rows(even), _rows(odd)


def _rows(halves: NDArray[np.float32]) -> NDArray[np.float32]:
    return halves.reshape(len(halves), int(np.prod(halves.shape[1:]))).astype(np.float32)
