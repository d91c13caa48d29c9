"""A page of labelled pictures, to look at before training. Drawn with Pillow alone, without torch."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

TILE, LARGE_TILE = 80, 160
GAP, CAPTION, DETAIL, TITLE, MARGIN = 8, 24, 17, 44, 12
PAPER, INK, FAINT, FRAME = "white", "#333333", "#767676", "#d8d8d8"


@dataclass(frozen=True)
class Tile:
    """A picture on the sheet, the label under it and, smaller, a detail under that."""

    picture: Image.Image
    label: str
    detail: str = ""


def draw(images: Tensor, labels: Sequence[str], columns: int = 8, title: str = "") -> Image.Image:
    """A grid of the images, each with its label under it, tiny ones enlarged to whole pixels.

    Args:
        images: (B, 1 or 3, H, W), uint8, or float 0 to 1; other ranges are stretched to it.
        labels: B texts.
        columns: at most so many side by side.
        title: stands above the grid.
    """
    side = min(max(*images.shape[-2:], TILE), LARGE_TILE)  # a distortion is not to be seen in a thumbnail
    pictures = [fitted(picture, side) for picture in _pictures(images.numpy())]
    return sheet([Tile(picture, label) for picture, label in zip(pictures, labels, strict=True)], columns, title)


def sheet(tiles: Sequence[Tile], columns: int = 8, title: str = "") -> Image.Image:
    """The tiles row by row; each row is as high as its highest picture, with all on one line above their labels."""
    columns = min(columns, len(tiles))
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    width = max(max(tile.picture.size) for tile in tiles)  # room for the text below narrow pictures
    heights = [max(tile.picture.height for tile in row) for row in rows]
    below = CAPTION + (DETAIL if any(tile.detail for tile in tiles) else 0) + GAP
    top = MARGIN + (TITLE if title else 0)
    across = max(columns, 3 if title else 1) * (width + GAP) - GAP
    page = Image.new("RGB", (2 * MARGIN + across, top + sum(heights) + len(rows) * below - GAP + MARGIN), PAPER)
    pen = ImageDraw.Draw(page)
    _write(pen, title, (MARGIN, MARGIN + TITLE / 3), across, 26, INK, "lm")
    for row, height in zip(rows, heights, strict=True):
        for column, tile in enumerate(row):
            _place(page, pen, tile, MARGIN + column * (width + GAP), top + height, width)
        top += height + below
    return page


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """The picture in a square of `side` pixels, aspect kept: a tiny one enlarged by a whole factor with hard edges."""
    factor = side / max(picture.size)
    if factor >= 4:  # so few pixels that each may be seen
        size = (picture.width * int(factor), picture.height * int(factor))
        return picture.resize(size, Image.Resampling.NEAREST)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _pictures(images: NDArray[Any]) -> list[Image.Image]:
    """RGB pictures of (B, 1 or 3, H, W)."""
    if images.dtype != np.uint8:
        low, high = float(images.min()), float(images.max())
        if low < 0 or high > 1:
            images = (images - low) / max(high - low, 1e-9)
        images = np.rint(images * 255).astype(np.uint8)
    colours = np.broadcast_to(images, (len(images), 3, *images.shape[2:])).transpose(0, 2, 3, 1)
    return [Image.fromarray(np.ascontiguousarray(one)) for one in colours]


def _place(page: Image.Image, pen: ImageDraw.ImageDraw, tile: Tile, left: int, bottom: int, width: int) -> None:
    """The picture in the middle of `width` pixels from `left`, standing on `bottom`; its texts below."""
    picture = tile.picture
    x, y = left + (width - picture.width) // 2, bottom - picture.height
    page.paste(picture, (x, y))
    pen.rectangle((x - 1, y - 1, x + picture.width, bottom), outline=FRAME)
    middle, line = left + width / 2, bottom + CAPTION / 2 + 1
    # Large enough to be read where the whole sheet is a thumbnail; above a detail there is no room for that.
    _write(pen, tile.label, (middle, line), width - 4, 15 if tile.detail else 18, INK, "mm")
    _write(pen, tile.detail, (middle, line + DETAIL), width - 4, 13, FAINT, "mm")


def _write(
    pen: ImageDraw.ImageDraw, text: str, place: tuple[float, float], width: int, size: int, ink: str, anchor: str
) -> None:
    if text:
        font = _font(size)
        pen.text(place, _shortened(text, font, width), ink, font, anchor=anchor)


@functools.cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size=size)


def _shortened(text: str, font: Font, width: int) -> str:
    """Cut in the middle: names of files differ at their ends."""
    # A file's name may hold line ends and bytes that are no UTF-8; Pillow refuses both.
    text = short = "".join(sign if sign.isprintable() else "?" for sign in text)
    kept = len(text)
    while font.getlength(short) > width and kept > 2:
        kept -= 1
        short = text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]
    return short
