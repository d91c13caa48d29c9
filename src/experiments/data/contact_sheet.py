"""A page of labelled training pictures, to look at before training. Drawn with Pillow alone."""

import math
from collections.abc import Sequence

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

TILE, GAP, CAPTION, MARGIN = 80, 8, 24, 12
PAPER, INK, FRAME = "white", "#333333", "#d8d8d8"


def draw(images: Tensor, labels: Sequence[str], columns: int = 8) -> Image.Image:
    """A grid of the images, each with its label under it, small ones enlarged to whole pixels.

    Args:
        images: (B, 1 or 3, H, W), 0 to 1; other ranges are stretched to it.
        labels: B texts.
        columns: at most so many side by side.
    """
    columns = min(columns, len(images))
    tiles = [_tile(image) for image in _stretched(images)]
    width, height = tiles[0].size
    cell = (width + GAP, height + CAPTION + GAP)
    rows = math.ceil(len(tiles) / columns)
    size = (2 * MARGIN + columns * cell[0] - GAP, 2 * MARGIN + rows * cell[1] - GAP)
    sheet = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=18)  # legible as a thumbnail, too
    for number, (tile, label) in enumerate(zip(tiles, labels, strict=True)):
        left = MARGIN + number % columns * cell[0]
        top = MARGIN + number // columns * cell[1]
        sheet.paste(tile, (left, top))
        pen.rectangle((left - 1, top - 1, left + width, top + height), outline=FRAME)
        caption = _fitted(label, font, width)
        pen.text((left + width / 2, top + height + CAPTION / 2 + 1), caption, INK, font, anchor="mm")
    return sheet


def _stretched(images: Tensor) -> Tensor:
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > 1:
        return (images - low) / max(high - low, 1e-9)
    return images


def _tile(image: Tensor) -> Image.Image:
    """About `TILE` pixels: tiny pictures enlarged by a whole factor with hard edges, others smoothly."""
    values = (image * 255).round().to(torch.uint8)
    picture = Image.fromarray(values.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy())
    factor = TILE / max(picture.size)
    if factor >= 4:  # so few pixels that each may be seen
        size = (picture.width * int(factor), picture.height * int(factor))
        return picture.resize(size, Image.Resampling.NEAREST)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _fitted(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    text = label
    while font.getlength(text) > width and len(label) > 1:
        label = label[:-1]
        text = label + "…"
    return text
