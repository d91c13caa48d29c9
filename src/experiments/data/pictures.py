"""Many picture files as uint8 arrays: decoded once, then found in the pixel store. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.data.decoding import decode_files
from experiments.data.images import UnreadableImageError
from experiments.data.pixel_store import KIND, open_pixels
from experiments.data.progress import progress
from experiments.data.row_cache import RowCache, Wording

BLOCK_BYTES, BLOCK_FILES = 64 * 2**20, 2048  # decoded, then written: what a killed job loses at most
MEMORY_LIMIT_BYTES = 2 * 2**30  # where nothing can be stored, so much is kept in memory, and the rest not at all
THUMBNAIL = 32

_WORDING = Wording(KIND, "Decoded pixels", "those pictures are decoded again", "decodes its pictures again")


class Pictures:
    """N files as (3, size, size) uint8; the constructor decodes what is not stored yet, and stores it.

    Args:
        paths: N files.
        contents: the SHA-256 of each in hexadecimal; empty for one that cannot be read.
        size: pixels a side.

    Attributes:
        failures: by row, why a file cannot be decoded. These rows must not be taken.
        notices: what the user should know about the store, a sentence each.
    """

    def __init__(self, paths: Sequence[Path], contents: Sequence[str], size: int) -> None:
        self.paths = list(paths)
        self.size = size
        self._contents = list(contents)
        self._reasons: dict[int, str] = {}
        self._cache = RowCache(
            contents,
            (3, size, size),
            np.uint8,
            partial(open_pixels, size),
            _WORDING,
            memory_bytes=MEMORY_LIMIT_BYTES,
        )
        self._decode_missing()
        self.failures = self._failures()

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def notices(self) -> list[str]:
        """More of them once damaged pictures were taken."""
        return self._cache.notices

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Rows (B,) as (B, 3, size, size).

        Raises:
            UnreadableImageError: if a picture is not stored, or wrongly, and its file cannot be decoded any more.
        """
        return self._cache.take(rows, self._decode_again)

    def _decode_missing(self) -> None:
        missing = self._cache.missing()
        if not missing:
            return
        block = max(1, min(BLOCK_FILES, BLOCK_BYTES // (3 * self.size**2)))
        with progress("decoding pictures", len(missing)) as done:
            self._cache.fill(missing, block, partial(self._decode, done), done)

    def _decode(self, done: Callable[[], None], rows: list[int]) -> tuple[list[int], NDArray[np.uint8]]:
        """Those that can be decoded; notes why the others cannot."""
        pixels, reasons = self._decode_files(rows, done)
        self._reasons.update({rows[place]: reason for place, reason in reasons.items()})
        right = [place for place in range(len(rows)) if place not in reasons]
        return [rows[place] for place in right], pixels[right] if reasons else pixels

    def _decode_again(self, rows: list[int]) -> tuple[list[int], NDArray[np.uint8]]:
        pixels, reasons = self._decode_files(rows)
        if reasons:
            raise UnreadableImageError("; ".join(f"{self.paths[rows[at]]}: {why}" for at, why in reasons.items()))
        return rows, pixels

    def _decode_files(
        self, rows: Sequence[int], done: Callable[[], None] = lambda: None
    ) -> tuple[NDArray[np.uint8], dict[int, str]]:
        return decode_files([self.paths[row] for row in rows], [self._contents[row] for row in rows], self.size, done)

    def _failures(self) -> dict[int, str]:
        """As noted for the first file of a content, for all files of it."""
        of_content = {self._contents[row]: why for row, why in self._reasons.items() if self._contents[row]}
        reasons = {row: of_content.get(content) for row, content in enumerate(self._contents)} | self._reasons
        return {row: why for row, why in sorted(reasons.items()) if why is not None}


def thumbnails(paths: Sequence[Path], contents: Sequence[str]) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """The files as (N, 3, 32, 32), through the same store, and by row why one cannot be decoded (it is black)."""
    pictures = Pictures(paths, contents, THUMBNAIL)
    small = np.zeros((len(pictures), 3, THUMBNAIL, THUMBNAIL), np.uint8)
    readable = np.array([row for row in range(len(pictures)) if row not in pictures.failures], np.int64)
    small[readable] = pictures.take(readable)
    return small, pictures.failures
