"""What stands in the way: grass, a branch, a fence, another toy."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import numpy as np

from experiments.curation.drawing_bears.brush import Canvas, Coat
from experiments.curation.drawing_bears.colours import Colour, between, shade, varied
from experiments.curation.drawing_bears.shapes import box, ellipse
from experiments.curation.drawing_bears.surfaces import blades

TOYS: tuple[Colour, ...] = ((200, 50, 46), (46, 92, 180), (236, 190, 60), (70, 150, 90))


def draw_grass(canvas: Canvas, random: Random) -> None:
    """Tall grass along the lower edge."""
    width, height = canvas.size
    green = between(random, (70, 100, 44), (176, 160, 84))
    left, right = sorted((random.uniform(-0.3, 0.7) * width, random.uniform(0.3, 1.3) * width))
    foot = height * random.uniform(1.0, 1.08)
    count = round((right - left) / width * 150)
    blades(
        canvas.image,
        random,
        (left, foot - 0.06 * height, right, foot),
        green,
        count,
        height * random.uniform(0.16, 0.34),
    )


def draw_branch(canvas: Canvas, random: Random) -> None:
    """A branch with leaves from a side."""
    width, height = canvas.size
    start = np.array([random.choice([-0.05, 1.05]) * width, random.uniform(0.0, 0.8) * height])
    aim = np.array([(0.5 - start[0] / width) * random.uniform(0.9, 1.8) * width, random.uniform(-0.2, 0.2) * height])
    bark, leaf = between(random, (52, 40, 30), (96, 76, 56)), between(random, (44, 78, 34), (150, 164, 70))
    along = [start + aim * share + (0, 10 * math.sin(7 * share)) for share in np.linspace(0, 1, 9)]
    canvas.line(np.array(along), bark, width * random.uniform(0.012, 0.03))
    for _ in range(random.randint(14, 40)):
        x, y = random.choice(along) + np.array((random.gauss(0, 0.05) * width, random.gauss(0, 0.04) * height))
        size = width * random.uniform(0.014, 0.032)
        leaf_outline = ellipse(x, y, size, 0.42 * size, random.uniform(0, 180))
        canvas.flat(leaf_outline, shade(leaf, random.uniform(0.6, 1.2)))


def draw_fence(canvas: Canvas, random: Random) -> None:
    """Rails and posts, or wire."""
    width, height = canvas.size
    if random.random() < 0.5:
        wood = between(random, (110, 84, 58), (176, 160, 140))
        for share in (0.62, 0.82):
            y, thick = (share + random.uniform(-0.04, 0.04)) * height, random.uniform(0.025, 0.045) * height
            canvas.body([box(-20, y, width + 20, y + thick)], Coat(wood, 0.8, 0.5, 3, 0.2))
        x = random.uniform(0, width)
        canvas.body([box(x, 0.5 * height, x + 0.05 * width, height + 20)], Coat(shade(wood, 0.9), 0.8, 0.5, 0, 0.2))
        return
    wire, gap = between(random, (110, 114, 118), (170, 172, 172)), random.uniform(0.1, 0.16) * width
    for number in range(-12, 24):
        for lean in (-1, 1):
            x = number * gap
            canvas.line(np.array([(x, 0.0), (x + lean * height, float(height))]), wire, 2)


def draw_toy(canvas: Canvas, random: Random) -> None:
    """A ball or a block at the lower edge."""
    width, height = canvas.size
    colour, size = varied(random, random.choice(TOYS)), random.uniform(0.07, 0.14) * width
    x, y = random.uniform(0.1, 0.9) * width, height * random.uniform(0.84, 0.98)
    canvas.shadow(ellipse(x, y + size, 1.2 * size, 0.3 * size), 0.4, 6)
    smooth_coat = Coat(colour, 0.5, 0.05, None, 0.6)
    if random.random() < 0.5:
        canvas.body([ellipse(x, y, size, size)], smooth_coat)
        canvas.line(ellipse(x, y, 0.5 * size, 0.96 * size, 20)[:19], shade(colour, 0.6), 3)
    else:
        canvas.flat(box(x - size, y - size, x + size, y + size), colour)
        canvas.flat(box(x - 0.8 * size, y - 0.8 * size, x + 0.8 * size, y + 0.8 * size), shade(colour, 1.25))
        canvas.line(ellipse(x, y, 0.4 * size, 0.45 * size), shade(colour, 0.6), 0.15 * size)


Hide = Callable[[Canvas, Random], None]
OUTDOORS: tuple[Hide, ...] = (draw_grass, draw_grass, draw_branch, draw_branch, draw_fence)
INDOORS: tuple[Hide, ...] = (draw_toy,)
