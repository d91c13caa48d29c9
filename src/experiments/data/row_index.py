"""The index of a row store: which key has which row of its data file. Imports no torch."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

MAGIC = b"pixels 1"  # what was kept first; whatever the rows hold
IDENTITY_BYTES = 16
_CHECKSUM_BYTES = 4
_RECORD = np.dtype([("sha256", "V32"), ("crc32", "<u4")])


@dataclass(frozen=True)
class RowIndex:
    """Record n is about row n; where two have the same key, the later one counts.

    Attributes:
        identity: the first bytes of the data file that this index belongs to.
        records: (N,) with `sha256`, the key, and `crc32`, of the row.
    """

    identity: bytes
    records: NDArray[np.void]

    @classmethod
    def new(cls) -> RowIndex:
        """Of no row, for a new data file."""
        return cls(os.urandom(IDENTITY_BYTES), np.empty(0, _RECORD))

    @classmethod
    def from_bytes(cls, content: bytes) -> RowIndex:
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: if it is anything else, or damaged.
        """
        head = len(MAGIC) + _CHECKSUM_BYTES
        body = content[head:]
        checksum = zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little")
        if len(body) < IDENTITY_BYTES or content[:head] != MAGIC + checksum:
            raise ValueError("not the index of a row store, or damaged")
        return cls(body[:IDENTITY_BYTES], np.frombuffer(body, _RECORD, offset=IDENTITY_BYTES))

    def to_bytes(self) -> bytes:
        """Magic bytes, CRC-32 of the rest, identity, records."""
        body = self.identity + self.records.tobytes()
        return MAGIC + zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body

    def __len__(self) -> int:
        return len(self.records)

    def find(self, keys: Sequence[str]) -> NDArray[np.int64]:
        """The row of each key (SHA-256 in hexadecimal, or empty); -1 where there is none."""
        rows = [self._rows.get(bytes.fromhex(key), -1) for key in keys]
        return np.array(rows, np.int64)

    def extended(self, keys: Sequence[str], crc32: Sequence[int]) -> RowIndex:
        """With so many rows more."""
        more = np.empty(len(keys), _RECORD)
        more["sha256"] = [np.void(bytes.fromhex(key)) for key in keys]
        more["crc32"] = crc32
        return RowIndex(self.identity, np.concatenate([self.records, more]))

    @cached_property
    def _rows(self) -> dict[bytes, int]:
        return {sha256: row for row, sha256 in enumerate(self.records["sha256"].tolist())}
