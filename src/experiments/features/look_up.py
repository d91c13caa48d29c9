"""Features of images, found in the cache folder or computed and kept there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data.cache_contents import FEATURES
from experiments.data.progress import progress
from experiments.data.row_cache import RowCache, Wording
from experiments.features.extraction import Extraction, Image
from experiments.features.provenance import Provenance

BLOCK, BLOCKS = 128, 64
"""Stored after so many images, or a 64th of all: what a killed process loses at most."""

_WORDING = Wording(FEATURES, "Features of images", "those are computed again", "computes them again")

# The jobs of a sweep run in one process: what no disk could keep, of the last body.
_in_memory: dict[str, dict[str, NDArray[Any]]] = {}


def look_up(
    images: Sequence[Image], contents: Sequence[str], provenance: Provenance, extraction: Extraction
) -> tuple[NDArray[np.float32], list[str]]:
    """Features (B, F) of images, and what the user should know about the cache.

    Args:
        images: B of them.
        contents: SHA-256 of each row of the table.
        provenance: of the features.
        extraction: computes what is not found.
    """
    keys = [_key(view, contents[row]) for view, row in images]
    shape = (provenance.feature_count,)
    kept = _kept(provenance)
    cache = RowCache(keys, shape, np.float32, provenance.open_store, _WORDING, kept=kept)

    def compute(places: list[int], done: Callable[[], None] = lambda: None) -> tuple[list[int], NDArray[Any]]:
        return places, extraction([images[place] for place in places], done)

    if missing := cache.missing():
        label = f"computing features of {len(missing)} images by {provenance.architecture}"
        with progress(label, len(missing), "images") as done:
            block = max(BLOCK, len(missing) // BLOCKS)
            cache.fill(missing, block, lambda places: compute(places, done), done)
    return cache.take(np.arange(len(images)), compute), cache.notices


def _key(view: int | None, content: str) -> str:
    return sha256(f"{content}:{'plain' if view is None else view}".encode()).hexdigest()


def _kept(provenance: Provenance) -> dict[str, NDArray[Any]]:
    if provenance.digest not in _in_memory:
        _in_memory.clear()
    return _in_memory.setdefault(provenance.digest, {})
