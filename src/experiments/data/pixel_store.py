"""Decoded pictures of one size on disk, found by the content of their files, for all jobs. Imports no torch."""

from __future__ import annotations

import contextlib
import mmap
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.data.cache_folder import cache_folder
from experiments.data.pixel_index import IDENTITY_BYTES, PixelIndex
from experiments.runs.files import write_bytes

KIND = "pixels"
FILES = ("index", "rows")
VERSION = 1
"""Of the decoding; one more whenever `images.decode` gives other pixels for the same file."""

MAPPED_BYTES = 256 * 2**20
"""When so much may be mapped, it is given back: a process that reads a large set stays small."""

_MAPPED_AROUND = 2 * 2**20  # the system may map so much around whatever is read

_ATTEMPTS = 3  # another process may replace both files between our reading of one and of the other


class StoredRows:
    """The rows of a store as they were at one moment, mapped into memory; later writers change nothing in them."""

    def __init__(self, index: PixelIndex, size: int, mapped: mmap.mmap | None = None) -> None:
        self.index = index
        self._mapped = mapped
        buffer = mapped if mapped is not None else bytes(IDENTITY_BYTES)
        pixels = np.frombuffer(buffer, np.uint8, len(index) * 3 * size**2, IDENTITY_BYTES)
        self._pixels = pixels.reshape(len(index), 3, size, size)
        self._checked = np.zeros(len(index), bool)
        self._mapped_bytes = 0

    def take(self, rows: NDArray[np.int64], out: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Copies rows (B,) to `out` (B, 3, size, size); -1 is no row.

        Returns:
            Which (B,) of `out` are right: present, and with the checksum that they were written with.
        """
        right = rows >= 0
        if right.all():
            np.take(self._pixels, rows, axis=0, out=out, mode="clip")  # the other modes copy twice
        elif right.any():
            out[right] = self._pixels[rows[right]]
        stored = np.flatnonzero(right)
        for place in stored[~self._checked[rows[stored]]]:
            row = rows[place]
            right[place] = self._checked[row] = zlib.crc32(out[place]) == self.index.records["crc32"][row]
        self._give_back(len(out) * max(_MAPPED_AROUND, out[:1].nbytes))
        return right

    def _give_back(self, more: int) -> None:
        self._mapped_bytes += more
        if self._mapped_bytes > MAPPED_BYTES and self._mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped_bytes = 0
            self._mapped.madvise(mmap.MADV_DONTNEED)  # the pages stay in the system's cache while there is room


class PixelStore:
    """A folder with a data file of rows (3, size, size) uint8, an index of them, and a lock for writers.

    Rows are appended and written to disk first, then the index is replaced in one step: what a killed writer
    left behind the last row is named by no index, and the next writer goes over it. Readers need no lock. The
    data file starts with the identity that the index repeats, so that no index is read with another's rows.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size

    @classmethod
    def open(cls, size: int) -> PixelStore:
        """The user's store for this size.

        Raises:
            OSError: if the cache folder cannot be made.
        """
        folder = cache_folder(KIND) / f"{size}px_v{VERSION}"
        folder.mkdir(exist_ok=True)
        return cls(folder, size)

    def rows(self) -> StoredRows | None:
        """What is stored now; None if the files are damaged.

        Raises:
            OSError: if they cannot be read.
        """
        for _ in range(_ATTEMPTS):
            try:
                index = PixelIndex.from_bytes((self.folder / "index").read_bytes())
                if mapped := _mapped(self.folder / "rows", index, self.size):
                    return StoredRows(index, self.size, mapped)
            except FileNotFoundError:
                if not (self.folder / "index").exists():
                    return StoredRows(PixelIndex.new(), self.size)
            except ValueError:
                pass
        return None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Waits until no other process writes. The system frees the lock of a process that died.

        Raises:
            OSError: if the folder cannot be written, or its file system has no locks.
        """
        from filelock import FileLock

        try:
            held = FileLock(self.folder / "lock").acquire()
        except NotImplementedError as error:
            raise OSError(str(error)) from error
        with held:
            yield

    def append(self, contents: Sequence[str], pixels: NDArray[np.uint8]) -> None:
        """Adds pictures (N, 3, size, size) under the SHA-256 of their files. Call it under the lock.

        Raises:
            OSError: if they cannot be written; nothing is added then.
        """
        if not contents:
            return
        rows = self.rows()
        index = rows.index if rows is not None else PixelIndex.new()
        if not len(index):
            # A new file beside the old one: who has mapped that goes on reading it.
            write_bytes(self.folder / "rows", index.identity)
        start = IDENTITY_BYTES + len(index) * 3 * self.size**2
        with (self.folder / "rows").open("r+b") as file:
            try:
                file.seek(start)
                file.write(np.ascontiguousarray(pixels).data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(file.fileno(), start)  # a full disk gets back what is of no use
                raise
        checksums = [zlib.crc32(picture) for picture in pixels]
        write_bytes(self.folder / "index", index.extended(contents, checksums).to_bytes())

    def clear(self) -> None:
        """Removes index and rows, once no process writes; whoever reads them keeps them until it ends.

        Raises:
            OSError: if they cannot be removed.
        """
        with self.lock():
            for name in FILES:
                (self.folder / name).unlink(missing_ok=True)
                for aside in self.folder.glob(f".{name}.*"):  # of a killed writer
                    aside.unlink()


def _mapped(path: Path, index: PixelIndex, size: int) -> mmap.mmap | None:
    """The data file, if it is the one of this index and holds all its rows."""
    length = IDENTITY_BYTES + len(index) * 3 * size**2
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < length or file.read(IDENTITY_BYTES) != index.identity:
            return None
        return mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ)
