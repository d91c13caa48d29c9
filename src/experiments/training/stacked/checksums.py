"""CRC-32C of many records at once, as TensorBoard's event files need it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

LONG = 400
"""Bytes; the few records that are longer are left to TensorBoard, a byte at a time."""

POLYNOMIAL = 0x82F63B78
"""Castagnoli's, bits reversed (RFC 3720, appendix B.4)."""


def masked_checksums(records: Sequence[bytes]) -> list[int]:
    """CRC-32C of each, rotated and with a constant added, as TensorFlow's TFRecord documents it."""
    short = [record for record in records if len(record) <= LONG]
    crc = _checksums(short)
    rotated = (crc >> np.uint32(15)) | (crc << np.uint32(17))
    masked = iter(((rotated.astype(np.uint64) + 0xA282EAD8) & 0xFFFFFFFF).tolist())
    return [next(masked) if len(record) <= LONG else masked_crc32c(record) for record in records]


def _checksums(records: Sequence[bytes]) -> NDArray[np.uint32]:
    """Byte by byte, but over all records at once: (records,)."""
    lengths = np.array([len(record) for record in records])
    order = np.argsort(-lengths, kind="stable")  # the longest first: those that go on are always at the front
    width = int(lengths.max(initial=0))
    padded = b"".join(records[n].ljust(width, b"\0") for n in order)
    columns = np.frombuffer(padded, dtype=np.uint8).reshape(len(records), width).T.copy()
    going = np.searchsorted(-lengths[order], -np.arange(width), side="left")
    crc = np.full(len(records), 0xFFFFFFFF, dtype=np.uint32)
    table = _table()
    for column, count in zip(columns, going.tolist(), strict=True):
        part = crc[:count]
        crc[:count] = table[(part ^ column[:count]) & np.uint32(0xFF)] ^ (part >> np.uint32(8))
    found = np.empty_like(crc)
    found[order] = crc ^ np.uint32(0xFFFFFFFF)
    return found


@cache
def _table() -> NDArray[np.uint32]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ POLYNOMIAL if value & 1 else value >> 1
        table.append(value)
    return np.array(table, dtype=np.uint32)
