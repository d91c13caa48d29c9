"""Tiles of noise that fur, plush and the camera's grain are cut from; made once in a process."""

from __future__ import annotations

import functools
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

TILE = 640
"""Pixels a side: wider than the widest canvas."""

DIRECTIONS = 6
"""In which the hair of `fur_tile` may lie, over half a turn."""


@functools.cache
def plain_tile(blur: float) -> Image.Image:
    """Noise without a direction, grey (mode L) with mean 128 and deviation 40; `blur` in pixels is its grain."""
    noise = _grey(np.random.default_rng(7).normal(0, 1, (TILE, TILE)))
    return _grey(np.asarray(noise.filter(ImageFilter.GaussianBlur(blur)), dtype=float))


@functools.cache
def fur_tile(direction: int) -> Image.Image:
    """Noise in streaks, as hair lies: direction 0 is upright, the next one is turned to the left."""
    upright = _streaks()
    turned = upright.rotate(180 * direction / DIRECTIONS, Image.Resampling.BILINEAR)
    edge = (upright.width - TILE) // 2
    return turned.crop((edge, edge, edge + TILE, edge + TILE))


@functools.cache
def _streaks() -> Image.Image:
    """Hair, tufts and locks: noise of three grains that is drawn out in height."""
    side = TILE * 3 // 2  # so that a square of TILE fits in, however it is turned
    random = np.random.default_rng(11)
    layers = [
        np.asarray(
            Image.fromarray(random.normal(0, 1, (side // long, side // wide)).astype(np.float32)).resize(
                (side, side), Image.Resampling.BICUBIC
            )
        )
        for long, wide in ((9, 2), (22, 5), (40, 16))
    ]
    return _grey(np.sum([layer / layer.std() for layer in layers], axis=0))


def piece(random: Random, tile: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A piece of this size from anywhere in the tile."""
    left, top = (random.randrange(max(1, TILE - side + 1)) for side in size)
    return tile.crop((left, top, left + size[0], top + size[1]))


def faint(texture: Image.Image, contrast: float) -> Image.Image:
    """The same with so many times its contrast."""
    return Image.blend(Image.new("L", texture.size, 128), texture, contrast)


def _grey(values: NDArray[np.floating]) -> Image.Image:
    scaled = 128 + 40 * (values - values.mean()) / values.std()
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))
