"""The training images of each class, as a picture and in numbers, for whoever watches a training."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import torch

from experiments.data.contact_sheet import draw
from experiments.data.split import by_hash

if TYPE_CHECKING:
    from PIL.Image import Image

    from experiments.data.pool import Pool, SampleTable

CLASSES, IMAGES = 20, 24
"""At most so many sheets, and so many images on each."""


def are_images(pool: Pool) -> bool:
    """Whether the samples are labelled and can be drawn: (1 or 3, H, W)."""
    return bool(pool.classes) and len(pool.input_shape) == 3 and pool.input_shape[0] in (1, 3)


def class_sheets(pool: Pool, table: SampleTable) -> dict[str, Image]:
    """By class, up to 24 of its training images as they are; of the first 20 classes.

    A hash of the content picks the images. Empty if the samples are no images.
    """
    if not are_images(pool):
        return {}
    train = by_hash(table.indices("train"), table.sha256, "contact sheet")
    sheets = {}
    for label in pool.classes[:CLASSES]:
        mine = [row for row in train if table.labels[row] == label]
        rows = sorted(mine[:IMAGES], key=table.paths.__getitem__)
        if rows:
            names = [table.paths[row].rsplit("/", 1)[-1] for row in rows]
            title = f"{label}: {len(rows)} of {len(mine)} training images"
            sheets[label] = draw(pool.inputs[torch.tensor(rows)], names, title=title)
    return sheets


def counts_by_class(pool: Pool, table: SampleTable) -> str:
    """A Markdown table: the images of each class in each split; below it their size, and how they came to it."""
    splits = [split for split in ("train", "valid", "test", "unused") if split in table.splits]
    counts = Counter(zip(table.labels, table.splits, strict=True))
    rows: list[list[object]] = [
        ["class", *splits],
        ["---", *["---:"] * len(splits)],
        *([label.replace("|", "\\|"), *(counts[label, split] for split in splits)] for label in pool.classes),
        ["**all**", *map(table.splits.count, splits)],
    ]
    shape = " x ".join(map(str, pool.input_shape))
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([*lines, "", f"Each is {shape}" + (f"; brought to size: {pool.resize}." if pool.resize else ".")])
