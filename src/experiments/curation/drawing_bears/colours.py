"""Colours and what light makes of them."""

from __future__ import annotations

from random import Random

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour in the one; beyond 0 to 1 it goes on, and is cut to what a picture can show."""
    red, green, blue = (_byte(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def shade(colour: Colour, factor: float) -> Colour:
    """Lighter (above 1) or darker."""
    return mix((0, 0, 0), colour, factor)


def varied(random: Random, colour: Colour, by: float = 0.08) -> Colour:
    """A little lighter or darker, warmer or cooler."""
    light, warm = random.gauss(1, by), random.gauss(0, by / 2)
    red, green, blue = colour
    return _byte(red * (light + warm)), _byte(green * light), _byte(blue * (light - warm))


def between(random: Random, one: Colour, other: Colour) -> Colour:
    """Anything from one to the other, then a little varied."""
    return varied(random, mix(one, other, random.random()), 0.05)


def _byte(value: float) -> int:
    return max(0, min(255, round(value)))
