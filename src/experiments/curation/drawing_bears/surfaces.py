"""What scenes are made of: gradients with a grain, grass, foliage."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from experiments.curation.drawing_bears.colours import Colour, mix, shade
from experiments.curation.drawing_bears.textures import faint, fur_tile, piece, plain_tile

Size = tuple[int, int]


def gradient(
    random: Random, size: Size, above: Colour, below: Colour, grain: float = 2.0, contrast: float = 0.2
) -> Image.Image:
    """From one colour at the top to another at the bottom, with noise whose grain is so many pixels wide."""
    return _coloured(random, size, plain_tile(grain), (above, below), contrast)


def strands(
    random: Random, size: Size, above: Colour, below: Colour, contrast: float = 0.5, direction: int = 0
) -> Image.Image:
    """The same with streaks: grass, water (direction 3), the grain of wood (3)."""
    return _coloured(random, size, fur_tile(direction), (above, below), contrast)


def foliage(random: Random, size: Size, dark: Colour, light: Colour, grain: float) -> Image.Image:
    """Leaves out of focus: patches of all shades from dark to light."""
    fine = _coloured(random, size, plain_tile(grain), (dark, light), 1.1, falls=False)
    coarse = _coloured(random, size, plain_tile(4 * grain), (dark, light), 1.3, falls=False)
    return Image.blend(fine, coarse, random.uniform(0.3, 0.7))


def paste_below(
    image: Image.Image, ground: Image.Image, outline: Callable[[np.ndarray], np.ndarray] | None = None
) -> None:
    """Puts `ground` at the bottom of the image; `outline` bends its upper edge (columns -> pixels lower)."""
    top = image.height - ground.height
    mask = Image.new("L", ground.size, 255)
    if outline is not None:
        columns = np.arange(0, ground.width + 8, 8)
        edge = [(float(x), float(y)) for x, y in zip(columns, outline(columns), strict=True)]
        ImageDraw.Draw(mask).polygon([*edge, (ground.width, -1), (0, -1)], fill=0)
    image.paste(ground, (0, top), mask)


def blades(
    image: Image.Image,
    random: Random,
    base: tuple[float, float, float, float],
    colour: Colour,
    count: int,
    length: float,
) -> None:
    """Blades of grass whose feet lie in the box `base` (left, top, right, bottom)."""
    draw = ImageDraw.Draw(image)
    for _ in range(count):
        x, y = random.uniform(base[0], base[2]), random.uniform(base[1], base[3])
        tip, high = random.gauss(0, 0.35) * length, random.uniform(0.5, 1.1) * length
        tone = shade(mix(colour, (220, 210, 120), random.uniform(0, 0.25)), random.uniform(0.55, 1.25))
        draw.line(
            [(x, y), (x + 0.3 * tip, y - 0.6 * high), (x + tip, y - high)], fill=tone, width=max(1, round(length / 14))
        )


def rolling(random: Random, high: float) -> Callable[[np.ndarray], np.ndarray]:
    """An edge of gentle waves, 0 to `high` pixels below the straight one."""
    parts = [(random.uniform(0.004, 0.03), random.uniform(0, 6.3), random.uniform(0.3, 1)) for _ in range(3)]
    whole = sum(weight for *_, weight in parts)

    def edge(columns: np.ndarray) -> np.ndarray:
        waves = sum(weight * (1 + np.sin(columns * speed + start)) for speed, start, weight in parts)
        return np.asarray(waves) / whole / 2 * high

    return edge


def _coloured(
    random: Random, size: Size, tile: Image.Image, ends: tuple[Colour, Colour], contrast: float, falls: bool = True
) -> Image.Image:
    """Noise over a gradient from one end to the other, or over their mean."""
    base = _falling(size) if falls else Image.new("L", size, 128)
    tone = ImageChops.add(base, faint(piece(random, tile, size), contrast), 1, -128)
    channels = [np.linspace(above, below, 256) for above, below in zip(*ends, strict=True)]
    tone.putpalette(np.stack(channels, axis=1).round().astype(np.uint8).tobytes())
    return tone.convert("RGB")


def _falling(size: Size) -> Image.Image:
    """From black at the top to white."""
    column = Image.linear_gradient("L").resize((1, size[1]), Image.Resampling.BILINEAR)
    return column.resize(size, Image.Resampling.NEAREST)
