"""A canvas, and the two ways to paint on it: flat shapes, and soft bodies of fur or plush in the light."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from experiments.curation.drawing_bears.colours import Colour, mix, shade
from experiments.curation.drawing_bears.shapes import Points
from experiments.curation.drawing_bears.textures import DIRECTIONS, faint, fur_tile, piece, plain_tile

Box = tuple[int, int, int, int]

_VALUES = np.arange(256)


@dataclass(frozen=True)
class Coat:
    """What a body is covered with.

    Attributes:
        colour: in plain light.
        rough: how far the hair stands out at the edge, in pixels.
        contrast: of the texture, 0 to 1.
        direction: of the hair, see `fur_tile`; None for plush.
        gloss: how much lighter than `colour` it is where the light falls.
    """

    colour: Colour
    rough: float = 3.0
    contrast: float = 0.5
    direction: int | None = 0
    gloss: float = 0.3


class Canvas:
    """A picture in the making, RGB.

    Args:
        image: painted on, and changed.
        random: what all chance comes from.
        light: where the light comes from, as a share of a body's size: (-0.2, -0.3) is from above left.
    """

    def __init__(self, image: Image.Image, random: Random, light: tuple[float, float] = (-0.1, -0.25)) -> None:
        self.image = image
        self.random = random
        self.light = light
        self._draw = ImageDraw.Draw(image)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.image.size

    def flat(self, outline: Points, colour: Colour) -> None:
        """One colour, hard edges."""
        self._draw.polygon(_corners(outline), fill=colour)

    def line(self, points: Points, colour: Colour, width: float) -> None:
        """An open line of so many pixels."""
        self._draw.line(_corners(points), fill=colour, width=max(1, round(width)), joint="curve")

    def body(self, outlines: Sequence[Points], coat: Coat) -> None:
        """The outlines together as one round, hairy body: light where the light falls, dark at the far edge."""
        area = self._around(outlines, coat.rough)
        if area is None:
            return
        mask = _mask(outlines, area)
        texture = self._texture(coat, mask.size)
        soft = mask.filter(ImageFilter.BoxBlur(max(0.7, coat.rough)))
        tone = self._tone(mask, soft, texture, coat.contrast)
        tone.putpalette(_ramp(coat.colour, coat.gloss))
        self.image.paste(tone.convert("RGB"), area[:2], _frayed(soft, texture, coat.rough))

    def shadow(self, outline: Points, strength: float, blur: float) -> None:
        """Darkens what is there already, softly."""
        area = self._around([outline], 2 * blur)
        if area is None:
            return
        mask = _mask([outline], area).filter(ImageFilter.BoxBlur(blur))
        self.image.paste((0, 0, 0), area, mask.point(_scaled(strength)))

    def _around(self, outlines: Sequence[Points], margin: float) -> Box | None:
        """The box of pixels around the outlines; None where nothing of it is in the picture."""
        everything = np.concatenate(outlines)
        left, top = np.floor(everything.min(0) - margin).astype(int).tolist()
        right, bottom = np.ceil(everything.max(0) + margin).astype(int).tolist()
        # A body that reaches far out is cut a little outside, so that its shading does not end at the picture's edge.
        width, height = self.size
        out = max(width, height) // 8
        area = max(left, -out), max(top, -out), min(right, width + out), min(bottom, height + out)
        return area if area[0] + 2 < area[2] and area[1] + 2 < area[3] else None

    def _texture(self, coat: Coat, size: tuple[int, int]) -> Image.Image:
        tile = plain_tile(1.6) if coat.direction is None else fur_tile(coat.direction % DIRECTIONS)
        return piece(self.random, tile, size)

    def _tone(self, mask: Image.Image, soft: Image.Image, texture: Image.Image, contrast: float) -> Image.Image:
        """How light each pixel is: 0 in the shadow, 255 in the light."""
        side = min(mask.size)
        across, down = (round(-share * side) for share in self.light)
        lit = ImageChops.offset(mask, across, down).filter(ImageFilter.BoxBlur(0.2 * side))
        both = Image.blend(lit, soft, 0.35)
        return ImageChops.add(both, faint(texture, contrast), 1, -128)


def _corners(points: Points) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points.tolist()]


def _mask(outlines: Sequence[Points], area: Box) -> Image.Image:
    mask = Image.new("L", (area[2] - area[0], area[3] - area[1]))
    draw = ImageDraw.Draw(mask)
    for outline in outlines:
        draw.polygon(_corners(outline - area[:2]), fill=255)
    return mask


def _frayed(soft: Image.Image, texture: Image.Image, rough: float) -> Image.Image:
    """The blurred mask with hair at its edge: where it and the texture together are light enough."""
    if rough < 1:
        return soft
    # Five times what their sum is above 228, which is where hair of mean length ends.
    return ImageChops.add(soft, texture, 0.2, -5 * 228)


@functools.lru_cache(64)
def _scaled(factor: float) -> list[int]:
    return [round(value * factor) for value in range(256)]


@functools.lru_cache(64)
def _ramp(colour: Colour, gloss: float) -> bytes:
    """From shadow over the colour itself to light: a palette of 256."""
    stops = (0, 70, 175, 255)
    dark, deep = shade(colour, 0.18), shade(colour, 0.5)
    light = mix(shade(colour, 1 + gloss), (255, 248, 232), gloss * 0.35)
    channels = [np.interp(_VALUES, stops, channel) for channel in zip(dark, deep, colour, light, strict=True)]
    return np.stack(channels, axis=1).round().astype(np.uint8).tobytes()
