"""Rows that are computed once: found in a row store, or computed and stored there. Imports no torch."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data.cache_folder import VARIABLE, cache_root
from experiments.data.row_store import RowStore, StoredRows, locked

Compute = Callable[[list[int]], tuple[list[int], NDArray[Any]]]
"""Some rows -> those of them that can be computed, and their values (B, *shape)."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wording:
    """How notices speak of the rows.

    Attributes:
        kind: the folder of the cache.
        what: they are, at the start of a sentence.
        damaged: what happens now to those that were.
        not_kept: what every run does where none can be stored.
    """

    kind: str
    what: str
    damaged: str
    not_kept: str


class RowCache:
    """N rows by key; what cannot be stored is kept in memory.

    Args:
        keys: of the rows, SHA-256 in hexadecimal; an empty one is never found.
        shape: of a row.
        dtype: of its numbers.
        open_store: raises OSError if there can be none.
        wording: of the notices.
        memory_bytes: so much is kept in memory at most; the rest is computed whenever it is taken.
        kept: what is in memory already, by key; rows are added to it.

    Attributes:
        notices: what the user should know about the store, a sentence each.
    """

    def __init__(
        self,
        keys: Sequence[str],
        shape: tuple[int, ...],
        dtype: type[np.generic],
        open_store: Callable[[], RowStore],
        wording: Wording,
        *,
        memory_bytes: float = math.inf,
        kept: dict[str, NDArray[Any]] | None = None,
    ) -> None:
        self.notices: list[str] = []
        self._keys = list(keys)
        self._empty = np.empty((0, *shape), dtype)
        self._wording = wording
        self._memory_rows = memory_bytes / (math.prod(shape) * np.dtype(dtype).itemsize)
        self._kept = {} if kept is None else kept
        self._store = self._open(open_store)
        self._writable = self._store is not None
        self._stored: StoredRows | None = None
        self._places = np.full(len(self._keys), -1)
        self._look_up()

    def missing(self) -> list[int]:
        """The first row of each key that is neither stored nor in memory."""
        rows = [row for row, key in enumerate(self._keys) if self._places[row] < 0 and key not in self._kept]
        return sorted({self._keys[row] or row: row for row in reversed(rows)}.values())

    def fill(self, missing: Sequence[int], block: int, compute: Compute, done: Callable[[], None]) -> None:
        """Computes rows and stores them, so many at a time, unless another process did it meanwhile.

        The lock is held for one block at a time: many jobs share the work, and a killed one loses a block at most.

        Args:
            missing: the rows; those that cannot be computed must not be taken.
            block: how many are computed, then stored.
            compute: does it.
            done: called for each row that another process has stored by now.
        """
        waiting = deque(missing)
        while waiting and self._store is not None and self._writable:
            self._fill_block(self._store, waiting, block, compute, done)
        rest = list(waiting)
        for start in range(0, len(rest), block):
            self._keep(*compute(rest[start : start + block]))
        self._look_up()

    def take(self, rows: NDArray[np.int64], compute: Compute) -> NDArray[Any]:
        """Rows (B,) as (B, *shape); `compute` serves those that are lost or damaged, and raises if it cannot."""
        taken = np.empty((len(rows), *self._empty.shape[1:]), self._empty.dtype)
        right = np.zeros(len(rows), bool) if self._stored is None else self._stored.take(self._places[rows], taken)
        if not right.all():
            places = np.flatnonzero(~right)
            taken[places] = self._take_without_store(rows[places].tolist(), compute)
        return taken

    def _fill_block(
        self, store: RowStore, waiting: deque[int], block: int, compute: Compute, done: Callable[[], None]
    ) -> None:
        rows: list[int] = []
        computed: tuple[list[int], NDArray[Any]] | None = None
        try:
            with locked(store.folder):
                stored = store.rows()
                while waiting and len(rows) < block:
                    row = waiting.popleft()
                    if stored is not None and stored.index.find([self._keys[row]])[0] >= 0:
                        done()
                    else:
                        rows.append(row)
                computed = compute(rows) if rows else ([], self._empty)
                store.append(self._keys_of(computed[0]), computed[1])
        except OSError as error:
            self._say_not_kept(error)
            if computed is None:
                waiting.extendleft(reversed(rows))
            else:
                self._keep(*computed)

    def _keep(self, rows: Sequence[int], values: NDArray[Any]) -> None:
        if len(self._kept) + len(rows) <= self._memory_rows:
            self._kept.update(zip(self._keys_of(rows), values, strict=True))

    def _take_without_store(self, rows: list[int], compute: Compute) -> NDArray[Any]:
        keys = self._keys_of(rows)
        if all(key in self._kept for key in keys):
            return np.stack([self._kept[key] for key in keys])
        _, values = compute(rows)
        if (self._places[rows] >= 0).any():
            self._mend(keys, values)
        return values

    def _mend(self, keys: Sequence[str], values: NDArray[Any]) -> None:
        """Stores once more what was not as it had been written."""
        self._say_damaged()
        if self._store is None or not self._writable:
            return
        try:
            with locked(self._store.folder):
                self._store.append(keys, values)
        except OSError as error:
            self._say_not_kept(error)
        self._look_up()

    def _open(self, open_store: Callable[[], RowStore]) -> RowStore | None:
        try:
            return open_store()
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
        nowhere = np.full(len(self._keys), -1)
        self._places = nowhere if self._stored is None else self._stored.index.find(self._keys)

    def _keys_of(self, rows: Sequence[int]) -> list[str]:
        return [self._keys[row] for row in rows]

    def _say_damaged(self) -> None:
        words = self._wording
        self._say(f"{words.what} in {cache_root() / words.kind} were damaged: {words.damaged}.")

    def _say_not_kept(self, error: OSError) -> None:
        self._writable = False
        words = self._wording
        self._say(
            f"{words.what} cannot be kept in {cache_root() / words.kind} ({error.strerror or error}): every run "
            f"{words.not_kept}. Make room there, or set {VARIABLE}=FOLDER to keep them elsewhere."
        )

    def _say(self, notice: str) -> None:
        if notice not in self.notices:
            self.notices.append(notice)
            _log.info(notice)
