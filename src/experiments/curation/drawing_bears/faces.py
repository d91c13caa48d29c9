"""Eyes, noses and mouths."""

from __future__ import annotations

import numpy as np

from experiments.curation.drawing_bears.brush import Canvas
from experiments.curation.drawing_bears.colours import Colour, mix, shade
from experiments.curation.drawing_bears.shapes import Placement, ellipse, smooth

BLACK: Colour = (16, 14, 14)


def eye(canvas: Canvas, place: Placement, x: float, y: float, radius: float, iris: Colour = BLACK) -> None:
    """A dark, shining ball."""
    canvas.flat(place(ellipse(x, y, radius, radius)), shade(iris, 0.55))
    canvas.flat(place(ellipse(x, y, 0.8 * radius, 0.8 * radius)), iris)
    canvas.flat(place(ellipse(x, y, 0.5 * radius, 0.5 * radius)), BLACK)
    spark = place(ellipse(x - 0.3 * radius, y + 0.35 * radius, 0.26 * radius, 0.26 * radius))
    canvas.flat(spark, (235, 235, 230))


def nose(canvas: Canvas, place: Placement, x: float, y: float, radius: float, colour: Colour = BLACK) -> None:
    """A bear's nose from the front: broad above, narrow below, two nostrils and a shine."""
    r = radius
    outline = smooth(
        (x - r, y + 0.45 * r), (x, y + 0.7 * r), (x + r, y + 0.45 * r), (x + 0.55 * r, y - 0.45 * r),
        (x, y - 0.7 * r), (x - 0.55 * r, y - 0.45 * r),
    )  # fmt: skip
    canvas.flat(place(outline), colour)
    canvas.flat(place(ellipse(x, y + 0.38 * r, 0.55 * r, 0.16 * r)), mix(colour, (150, 150, 155), 0.45))
    for side in (-1, 1):
        canvas.flat(place(ellipse(x + side * 0.42 * r, y - 0.08 * r, 0.2 * r, 0.14 * r)), shade(colour, 0.3))


def mouth(canvas: Canvas, place: Placement, x: float, y: float, size: float, colour: Colour = BLACK) -> None:
    """From under the nose down, then to both sides."""
    width = 0.09 * size * place.unit
    canvas.line(place(np.array([(x, y), (x, y - 0.45 * size)])), colour, width)
    bend = np.array([(0, -0.45), (0.3, -0.62), (0.62, -0.62), (0.9, -0.4)]) * size
    for side in (-1, 1):
        canvas.line(place(bend * (side, 1) + (x, y)), colour, width)
