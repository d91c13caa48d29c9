"""Many picture files as uint8 arrays: decoded once, then found in the pixel store. Imports no torch."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.data.cache_folder import VARIABLE, cache_root
from experiments.data.decoding import decode_files
from experiments.data.images import UnreadableImageError
from experiments.data.pixel_store import KIND, PixelStore, StoredRows
from experiments.data.progress import progress

BLOCK_BYTES, BLOCK_FILES = 64 * 2**20, 2048  # decoded, then written: what a killed job loses at most
MEMORY_LIMIT_BYTES = 2 * 2**30  # where nothing can be stored, so much is kept in memory, and the rest not at all
THUMBNAIL = 32

_log = logging.getLogger(__name__)


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
        self.notices: list[str] = []
        self._contents = list(contents)
        self._kept: dict[str, NDArray[np.uint8]] = {}
        self._reasons: dict[int, str] = {}
        self._store = self._open_store()
        self._writable = self._store is not None
        self._stored: StoredRows | None = None
        self._places = np.full(len(self.paths), -1)
        self._look_up()
        self._decode_missing()
        self.failures = self._failures()

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Rows (B,) as (B, 3, size, size).

        Raises:
            UnreadableImageError: if a picture is not stored, or wrongly, and its file cannot be decoded any more.
        """
        batch = np.empty((len(rows), 3, self.size, self.size), np.uint8)
        right = np.zeros(len(rows), bool) if self._stored is None else self._stored.take(self._places[rows], batch)
        if not right.all():
            places = np.flatnonzero(~right)
            batch[places] = self._take_without_store(rows[places])
        return batch

    def _take_without_store(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        contents = [self._contents[row] for row in rows]
        if all(content in self._kept for content in contents):
            return np.stack([self._kept[content] for content in contents])
        pixels, reasons = decode_files([self.paths[row] for row in rows], contents, self.size)
        if reasons:
            raise UnreadableImageError("; ".join(f"{self.paths[rows[at]]}: {why}" for at, why in reasons.items()))
        if (self._places[rows] >= 0).any():
            self._mend(contents, pixels)
        return pixels

    def _mend(self, contents: Sequence[str], pixels: NDArray[np.uint8]) -> None:
        """Stores once more what was not as it had been written."""
        self._say_damaged()
        if self._store is None or not self._writable:
            return
        try:
            with self._store.lock():
                self._store.append(contents, pixels)
        except OSError as error:
            self._say_not_kept(error)
        self._look_up()

    def _open_store(self) -> PixelStore | None:
        try:
            return PixelStore.open(self.size)
        except OSError as error:
            self._say_not_kept(error)
            return None

    def _look_up(self) -> None:
        if self._store is None:
            return
        try:
            self._stored = self._store.rows()
            if self._stored is None:
                self._say_damaged()
        except OSError as error:
            self._stored = None
            self._say_not_kept(error)
        missing = np.full(len(self.paths), -1)
        self._places = missing if self._stored is None else self._stored.index.find(self._contents)

    def _decode_missing(self) -> None:
        """Each content once; the lock is held for one block at a time, so that many jobs share the work."""
        first = {self._contents[row] or row: row for row in reversed(range(len(self))) if self._places[row] < 0}
        missing = deque(sorted(first.values()))
        with progress("decoding pictures", len(missing)) as done:
            while missing and self._store is not None and self._writable:
                block: list[int] = []
                try:
                    with self._store.lock():
                        block = self._next_block(missing, self._store.rows(), done)
                        self._store.append(*self._decode(block, done))
                except OSError as error:
                    missing.extendleft(reversed(block))
                    self._say_not_kept(error)
            while missing:
                contents, pixels = self._decode(self._next_block(missing, None, done), done)
                if (len(self._kept) + len(contents)) * 3 * self.size**2 <= MEMORY_LIMIT_BYTES:
                    self._kept.update(zip(contents, pixels, strict=True))
        if first:
            self._look_up()

    def _next_block(self, missing: deque[int], stored: StoredRows | None, done: Callable[[], None]) -> list[int]:
        """Takes from `missing` so many rows as are decoded at once, passing over those that are stored by now."""
        most = max(1, min(BLOCK_FILES, BLOCK_BYTES // (3 * self.size**2)))
        block: list[int] = []
        while missing and len(block) < most:
            row = missing.popleft()
            if stored is not None and stored.index.find([self._contents[row]])[0] >= 0:
                done()
            else:
                block.append(row)
        return block

    def _decode(self, rows: Sequence[int], done: Callable[[], None]) -> tuple[list[str], NDArray[np.uint8]]:
        """Contents and pictures of those that can be decoded; notes why the others cannot."""
        contents = [self._contents[row] for row in rows]
        pixels, reasons = decode_files([self.paths[row] for row in rows], contents, self.size, done)
        self._reasons.update({rows[place]: reason for place, reason in reasons.items()})
        right = [place for place in range(len(rows)) if place not in reasons]
        return [contents[place] for place in right], pixels[right] if reasons else pixels

    def _failures(self) -> dict[int, str]:
        """As noted for the first file of a content, for all files of it."""
        of_content = {self._contents[row]: why for row, why in self._reasons.items() if self._contents[row]}
        reasons = {row: of_content.get(content) for row, content in enumerate(self._contents)} | self._reasons
        return {row: why for row, why in sorted(reasons.items()) if why is not None}

    def _say_damaged(self) -> None:
        self._say(f"Decoded pixels in {cache_root() / KIND} were damaged: those pictures are decoded again.")

    def _say_not_kept(self, error: OSError) -> None:
        self._writable = False
        self._say(
            f"Decoded pixels cannot be kept in {cache_root() / KIND} ({error.strerror or error}): every run decodes "
            f"its pictures again. Make room there, or set {VARIABLE}=FOLDER to keep them elsewhere."
        )

    def _say(self, notice: str) -> None:
        if notice not in self.notices:
            self.notices.append(notice)
            _log.info(notice)


def thumbnails(paths: Sequence[Path], contents: Sequence[str]) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """The files as (N, 3, 32, 32), through the same store, and by row why one cannot be decoded (it is black)."""
    pictures = Pictures(paths, contents, THUMBNAIL)
    small = np.zeros((len(pictures), 3, THUMBNAIL, THUMBNAIL), np.uint8)
    readable = np.array([row for row in range(len(pictures)) if row not in pictures.failures], np.int64)
    small[readable] = pictures.take(readable)
    return small, pictures.failures
