"""The index of a pixel store: which picture lies in which row of its data file. Imports no torch."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

MAGIC = b"pixels 1"
IDENTITY_BYTES = 16
_CHECKSUM_BYTES = 4
_RECORD = np.dtype([("sha256", "V32"), ("crc32", "<u4")])


@dataclass(frozen=True)
class PixelIndex:
    """Record n is about row n; where two are about the same picture, the later one counts.

    Attributes:
        identity: the first bytes of the data file that this index belongs to.
        records: (N,) with `sha256`, of the picture's file, and `crc32`, of the row.
    """

    identity: bytes
    records: NDArray[np.void]

    @classmethod
    def new(cls) -> PixelIndex:
        """Of no picture, for a new data file."""
        return cls(os.urandom(IDENTITY_BYTES), np.empty(0, _RECORD))

    @classmethod
    def from_bytes(cls, content: bytes) -> PixelIndex:
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: if it is anything else, or damaged.
        """
        head = len(MAGIC) + _CHECKSUM_BYTES
        body = content[head:]
        checksum = zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little")
        if len(body) < IDENTITY_BYTES or content[:head] != MAGIC + checksum:
            raise ValueError("not the index of a pixel store, or damaged")
        return cls(body[:IDENTITY_BYTES], np.frombuffer(body, _RECORD, offset=IDENTITY_BYTES))

    def to_bytes(self) -> bytes:
        """Magic bytes, CRC-32 of the rest, identity, records."""
        body = self.identity + self.records.tobytes()
        return MAGIC + zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body

    def __len__(self) -> int:
        return len(self.records)

    def find(self, contents: Sequence[str]) -> NDArray[np.int64]:
        """The row of each content (SHA-256 in hexadecimal, or empty); -1 where there is none."""
        rows = [self._rows.get(bytes.fromhex(content), -1) for content in contents]
        return np.array(rows, np.int64)

    def extended(self, contents: Sequence[str], crc32: Sequence[int]) -> PixelIndex:
        """With so many rows more."""
        more = np.empty(len(contents), _RECORD)
        more["sha256"] = [np.void(bytes.fromhex(content)) for content in contents]
        more["crc32"] = crc32
        return PixelIndex(self.identity, np.concatenate([self.records, more]))

    @cached_property
    def _rows(self) -> dict[bytes, int]:
        return {sha256: row for row, sha256 in enumerate(self.records["sha256"].tolist())}
