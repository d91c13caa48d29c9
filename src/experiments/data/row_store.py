"""Rows of numbers on disk, found by a hash of what they were computed from, for all jobs. Imports no torch."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from experiments.data.row_index import IDENTITY_BYTES, RowIndex
from experiments.runs.files import write_bytes

INDEX, ROWS, LOCK = "index", "rows", "lock"

MAPPED_BYTES = 256 * 2**20
"""When so much may be mapped, it is given back: a process that reads a large set stays small."""

_MAPPED_AROUND = 2 * 2**20  # the system may map so much around whatever is read

_ATTEMPTS = 3  # another process may replace both files between our reading of one and of the other


class StoredRows:
    """The rows of a store as they were at one moment, mapped into memory; later writers change nothing in them."""

    def __init__(self, index: RowIndex, store: RowStore, mapped: mmap.mmap | None = None) -> None:
        self.index = index
        self._mapped = mapped
        buffer = mapped if mapped is not None else bytes(IDENTITY_BYTES)
        numbers = np.frombuffer(buffer, store.dtype, len(index) * math.prod(store.shape), IDENTITY_BYTES)
        self._rows = numbers.reshape(len(index), *store.shape)
        self._checked = np.zeros(len(index), bool)
        self._mapped_bytes = 0

    def take(self, rows: NDArray[np.int64], out: NDArray[Any]) -> NDArray[np.bool_]:
        """Copies rows (B,) to `out` (B, *shape); -1 is no row.

        Returns:
            Which (B,) of `out` are right: present, and with the checksum that they were written with.
        """
        right = rows >= 0
        if right.all():
            np.take(self._rows, rows, axis=0, out=out, mode="clip")  # the other modes copy twice
        elif right.any():
            out[right] = self._rows[rows[right]]
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


class RowStore:
    """A folder with a data file of rows of one shape and type, an index of them, and a lock for writers.

    Rows are appended and written to disk first, then the index is replaced in one step: what a killed writer
    left behind the last row is named by no index, and the next writer goes over it. Readers need no lock. The
    data file starts with the identity that the index repeats, so that no index is read with another's rows.

    Args:
        folder: there already.
        shape: of a row.
        dtype: of its numbers.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.folder = folder
        self.shape = shape
        self.dtype = np.dtype(dtype)

    def rows(self) -> StoredRows | None:
        """What is stored now; None if the files are damaged.

        Raises:
            OSError: if they cannot be read.
        """
        for _ in range(_ATTEMPTS):
            try:
                index = RowIndex.from_bytes((self.folder / INDEX).read_bytes())
                if mapped := self._map(index):
                    return StoredRows(index, self, mapped)
            except FileNotFoundError:
                if not (self.folder / INDEX).exists():
                    return StoredRows(RowIndex.new(), self)
            except ValueError:
                pass
        return None

    def append(self, keys: Sequence[str], rows: NDArray[Any]) -> None:
        """Adds rows (N, *shape) under their keys, SHA-256 in hexadecimal. Call it under the lock.

        Raises:
            OSError: if they cannot be written; nothing is added then.
        """
        if not keys:
            return
        rows = np.ascontiguousarray(rows, self.dtype)
        stored = self.rows()
        index = stored.index if stored is not None else RowIndex.new()
        if not len(index):
            # A new file beside the old one: who has mapped that goes on reading it.
            write_bytes(self.folder / ROWS, index.identity)
        start = self._length(index)
        with (self.folder / ROWS).open("r+b") as file:
            try:
                file.seek(start)
                file.write(rows.data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(file.fileno(), start)  # a full disk gets back what is of no use
                raise
        write_bytes(self.folder / INDEX, index.extended(keys, [zlib.crc32(row) for row in rows]).to_bytes())

    def _map(self, index: RowIndex) -> mmap.mmap | None:
        """The data file, if it is the one of this index and holds all its rows."""
        length = self._length(index)
        with (self.folder / ROWS).open("rb") as file:
            if os.fstat(file.fileno()).st_size < length or file.read(IDENTITY_BYTES) != index.identity:
                return None
            return mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ)

    def _length(self, index: RowIndex) -> int:
        return IDENTITY_BYTES + len(index) * math.prod(self.shape) * self.dtype.itemsize


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Waits until no other process writes to the store here. The system frees the lock of a process that died.

    Raises:
        OSError: if the folder cannot be written, or its file system has no locks.
    """
    from filelock import FileLock

    try:
        held = FileLock(folder / LOCK).acquire()
    except NotImplementedError as error:
        raise OSError(str(error)) from error
    with held:
        yield


def clear(folder: Path) -> None:
    """Empties a store, once no process writes; whoever reads its rows keeps them until it ends.

    Raises:
        OSError: if its files cannot be removed.
    """
    with locked(folder):
        (folder / INDEX).unlink(missing_ok=True)  # first: without it there are no rows
        for path in folder.iterdir():
            if path.name != LOCK:
                path.unlink()
