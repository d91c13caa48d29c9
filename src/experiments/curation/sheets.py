"""A contact sheet of each class of a folder, from the files as they are. Imports no torch."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import islice
from pathlib import Path

from PIL import Image

from experiments.curation.survey import ClassSurvey, Seen
from experiments.data.contact_sheet import LARGE_TILE, Tile, fitted, sheet
from experiments.data.images import UnreadableImageError, read_rgb
from experiments.data.split import by_hash

AT_MOST, COLUMNS = 48, 8


def class_sheet(one: ClassSurvey, root: Path) -> Image.Image | None:
    """Up to 48 pictures of a class, with name and size; None if none of them can be decoded.

    A hash of their names picks them, so that they come evenly from the whole class, and the same every time.
    """
    names = [os.fsencode(seen.found.path.relative_to(root)) for seen in one.pictures]
    order = by_hash(range(len(names)), [sha256(name).hexdigest() for name in names], "contact sheet")
    tiles = dict(islice(_decoded([one.pictures[row] for row in order]), AT_MOST))
    if not tiles:
        return None
    total = len(one.pictures)
    shown = f"{len(tiles)} of {total} pictures" if len(tiles) < total else f"{total} picture{'s' * (total > 1)}"
    return sheet([tiles[path] for path in sorted(tiles)], COLUMNS, f"{one.name}: {shown}")


def _decoded(seen: Sequence[Seen]) -> Iterator[tuple[Path, Tile]]:
    """The tiles of those that can be decoded, in this order; no more are decoded than are asked for at a time."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(seen), AT_MOST):
            some = seen[start : start + AT_MOST]
            # Pillow warns of large pictures and odd metadata. Filters are global: set outside the threads.
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", module="PIL")
                tiles = list(threads.map(_tile, some))
            yield from ((one.found.path, tile) for one, tile in zip(some, tiles, strict=True) if tile)


def _tile(seen: Seen) -> Tile | None:
    try:
        picture = fitted(read_rgb(seen.found.path, LARGE_TILE), LARGE_TILE)
    except UnreadableImageError:
        return None
    width, height = seen.size or (0, 0)
    return Tile(picture, seen.found.path.name, f"{width} x {height}")
