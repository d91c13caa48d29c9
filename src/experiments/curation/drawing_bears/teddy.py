"""The toy: a plush bear that sits, stands or lies."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from experiments.curation.drawing_bears.brush import Canvas, Coat
from experiments.curation.drawing_bears.colours import Colour, between, mix, shade, varied
from experiments.curation.drawing_bears.faces import BLACK, eye, mouth, nose
from experiments.curation.drawing_bears.shapes import Placement, Points, ellipse, limb, mirrored, smooth

PLUSH: list[tuple[Colour, Colour]] = [
    ((150, 96, 52), (104, 62, 34)),  # brown
    ((208, 150, 86), (184, 122, 62)),  # honey
    ((226, 200, 160), (205, 174, 130)),  # beige
    ((96, 60, 40), (62, 40, 30)),  # chocolate
    ((240, 236, 226), (214, 208, 198)),  # white
    ((168, 164, 160), (120, 118, 118)),  # grey
    ((236, 168, 182), (222, 130, 160)),  # pink
    ((52, 48, 48), (36, 32, 34)),  # black
    ((128, 164, 196), (110, 146, 118)),  # blue, green
]
OFTEN = (10, 28, 24, 5, 13, 6, 9, 2, 3)
CLOTH: list[Colour] = [(176, 30, 40), (30, 60, 130), (34, 110, 70), (120, 60, 130), (214, 170, 60), (230, 226, 220)]


@dataclass(frozen=True)
class Teddy:
    """What one teddy looks like; `coat` is the plush, `pale` that of snout, soles and inner ears."""

    coat: Coat
    pale: Coat
    eye: Colour
    cloth: Colour
    fat: float
    head: float
    ears: float
    dress: str


def some_teddy(random: Random, scale: float) -> Teddy:
    """Any teddy; `scale` is the length of its unit in pixels, which its fur is fitted to."""
    colour = between(random, *random.choices(PLUSH, OFTEN)[0])
    pale = mix(colour, between(random, (238, 216, 178), (250, 242, 230)), random.uniform(0.25, 0.75))
    if random.random() < 0.2:
        pale = varied(random, colour, 0.04)
    rough = random.uniform(0.008, 0.028) * scale
    shaggy = random.random() < 0.3
    coat = Coat(colour, rough * (1.6 if shaggy else 1), random.uniform(0.35, 0.8), 0 if shaggy else None, 0.25)
    return Teddy(
        coat=coat,
        pale=Coat(pale, rough * 0.6, 0.35, None, 0.2),
        eye=random.choices([BLACK, (96, 52, 20)], (3, 1))[0],
        cloth=varied(random, random.choice(CLOTH)),
        fat=random.uniform(0.88, 1.14),
        head=random.uniform(0.9, 1.14),
        ears=random.uniform(0.85, 1.2),
        dress=random.choices(["nothing", "bow", "ribbon", "shirt"], (5, 3, 2, 2))[0],
    )


def draw_teddy(canvas: Canvas, place: Placement, teddy: Teddy, pose: str) -> None:
    """Two units high; `pose` is `sitting` or `standing`."""
    random = canvas.random
    lean = random.uniform(-12, 12)
    if pose == "standing":
        _standing_legs(canvas, place, teddy)
    _trunk(canvas, place, teddy)
    _arms(canvas, place, teddy)
    if pose == "sitting":
        _sitting_legs(canvas, place, teddy)
    neck = place.within(0, 1.12, teddy.head, lean)
    _head(canvas, neck, teddy, look=random.uniform(-0.1, 0.1))
    if teddy.dress in ("bow", "ribbon"):
        _bow(canvas, place.within(0, 1.08), teddy)


def _trunk(canvas: Canvas, place: Placement, teddy: Teddy) -> None:
    wide = 0.47 * teddy.fat
    trunk = smooth(
        (0, 1.24), (0.3, 1.12), (wide, 0.6), (0.38, 0.12), (0, 0.02), (-0.38, 0.12), (-wide, 0.6), (-0.3, 1.12)
    )
    canvas.body([place(trunk)], teddy.coat)
    if teddy.dress == "shirt":
        top = smooth(
            (0, 1.25),
            (0.34, 1.12),
            (wide + 0.03, 0.62),
            (0.4, 0.36),
            (0, 0.3),
            (-0.4, 0.36),
            (-wide - 0.03, 0.62),
            (-0.34, 1.12),
        )
        canvas.body([place(top)], Coat(teddy.cloth, 0.5, 0.12, 2, 0.15))
    elif teddy.pale.colour != teddy.coat.colour and teddy.fat > 1:
        canvas.body([place(ellipse(0, 0.55, 0.3, 0.38))], teddy.pale)
    else:
        seam = np.array([(0.0, 1.1), (0.02, 0.7), (0.02, 0.4), (0, 0.1)])
        canvas.line(place(seam), shade(teddy.coat.colour, 0.62), 0.012 * place.unit)


def _arms(canvas: Canvas, place: Placement, teddy: Teddy) -> None:
    random = canvas.random
    sleeve = Coat(teddy.cloth, 0.5, 0.12, 2, 0.15)
    for side in (-1, 1):
        raised = random.random() < 0.12
        hand = (0.82, random.uniform(1.2, 1.45)) if raised else (random.uniform(0.5, 0.78), random.uniform(0.42, 0.7))
        shoulder = (0.33 * teddy.fat, 1.0)
        middle = ((shoulder[0] + hand[0]) / 2 + 0.06, (shoulder[1] + hand[1]) / 2 + 0.02)
        arm = limb((*shoulder, 0.17), (*middle, 0.165), (*hand, 0.17))
        canvas.body(_on(place, arm, side), teddy.coat)
        if teddy.dress == "shirt":
            upper = limb((*shoulder, 0.185), (*middle, 0.185))
            canvas.body(_on(place, upper, side), sleeve)
        if random.random() < 0.5:
            canvas.body(_on(place, [ellipse(hand[0] + 0.02, hand[1] - 0.03, 0.09, 0.1)], side), teddy.pale)


def _sitting_legs(canvas: Canvas, place: Placement, teddy: Teddy) -> None:
    for side in (-1, 1):
        x, y = canvas.random.uniform(0.5, 0.66), canvas.random.uniform(0.12, 0.2)
        canvas.body(_on(place, limb((0.26, 0.24, 0.2), (x - 0.05, y + 0.02, 0.21)), side), teddy.coat)
        canvas.body(_on(place, [ellipse(x, y, 0.21, 0.25, -12)], side), teddy.coat)
        canvas.body(_on(place, [ellipse(x + 0.01, y - 0.01, 0.15, 0.19, -12)], side), teddy.pale)
        if teddy.ears > 1.05:
            _paw_print(canvas, place, side, x, y, teddy)


def _paw_print(canvas: Canvas, place: Placement, side: int, x: float, y: float, teddy: Teddy) -> None:
    dark = Coat(shade(teddy.coat.colour, 0.5), 0.5, 0.2, None, 0.1)
    toes = [ellipse(x + dx, y + dy, 0.035, 0.042) for dx, dy in ((-0.08, 0.07), (0, 0.11), (0.08, 0.07))]
    canvas.body(_on(place, [ellipse(x, y - 0.05, 0.075, 0.065), *toes], side), dark)


def _standing_legs(canvas: Canvas, place: Placement, teddy: Teddy) -> None:
    for side in (-1, 1):
        canvas.body(_on(place, limb((0.22, 0.3, 0.21), (0.25, -0.22, 0.18)), side), teddy.coat)
        canvas.body(_on(place, [ellipse(0.28, -0.36, 0.24, 0.14)], side), teddy.coat)
        canvas.body(_on(place, [ellipse(0.29, -0.39, 0.18, 0.08)], side), teddy.pale)


def _head(canvas: Canvas, place: Placement, teddy: Teddy, look: float) -> None:
    """Its origin is the neck; `look` turns it a little to a side."""
    ear = 0.2 * teddy.ears
    for side in (-1, 1):
        x, y = 0.4 * side - look * 0.4, 0.76
        canvas.body([place(ellipse(x, y, ear, ear))], teddy.coat)
        canvas.body([place(ellipse(x + look * 0.2, y - 0.02, 0.62 * ear, 0.62 * ear))], teddy.pale)
    face = smooth(
        (0, 0.88), (0.34, 0.78), (0.53, 0.4), (0.42, 0.07), (0, -0.05), (-0.42, 0.07), (-0.53, 0.4), (-0.34, 0.78)
    )
    canvas.body([place(face)], teddy.coat)
    snout = (1.6 * look, 0.25)
    canvas.body([place(ellipse(*snout, 0.25, 0.195))], teddy.pale)
    for side in (-1, 1):
        eye(canvas, place, 0.2 * side + look, 0.47, 0.052, teddy.eye)
    nose(canvas, place, snout[0] + look * 0.2, 0.33, 0.095)
    mouth(canvas, place, snout[0] + look * 0.2, 0.27, 0.16, shade(BLACK, 1.6))


def _bow(canvas: Canvas, place: Placement, teddy: Teddy) -> None:
    silk = Coat(teddy.cloth, 0.6, 0.1, 3, 0.5)
    loop = smooth((0, 0), (0.2, 0.13), (0.3, 0.1), (0.3, -0.1), (0.2, -0.13))
    tail = smooth((0, 0), (0.08, -0.1), (0.24, -0.42), (0.12, -0.46), (0.0, -0.12))
    parts = [tail, loop] if teddy.dress == "ribbon" else [loop]
    for part in parts:
        for outline in (part, *mirrored([part])):
            canvas.body([place(outline)], silk)
    canvas.body([place(ellipse(0, 0, 0.075, 0.085))], silk)


def _on(place: Placement, outlines: list[Points], side: int) -> list[Points]:
    return [place(outline) for outline in (outlines if side > 0 else mirrored(outlines))]
