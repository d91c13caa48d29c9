"""Decoded pictures of one size on disk, found by the content of their files. Imports no torch."""

from __future__ import annotations

import numpy as np

from experiments.data.cache_folder import cache_folder
from experiments.data.row_store import RowStore

KIND = "pixels"
VERSION = 1
"""Of the decoding; one more whenever `images.decode` gives other pixels for the same file."""


def open_pixels(size: int) -> RowStore:
    """The user's store of pictures (3, size, size) uint8, by the SHA-256 of their files.

    Raises:
        OSError: if the cache folder cannot be made.
    """
    folder = cache_folder(KIND) / f"{size}px_v{VERSION}"
    folder.mkdir(exist_ok=True)
    return RowStore(folder, (3, size, size), np.uint8)
