"""The head of a wild bear, from the front and from the side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experiments.curation.drawing_bears.brush import Canvas
from experiments.curation.drawing_bears.colours import mix, shade
from experiments.curation.drawing_bears.faces import BLACK, eye, nose
from experiments.curation.drawing_bears.shapes import Placement, ellipse, limb, smooth
from experiments.curation.drawing_bears.species import Bear

IRIS = (84, 50, 24)


def draw_front(canvas: Canvas, place: Placement, bear: Bear, look: float = 0.0) -> None:
    """Two units high and about the same wide, around its middle; `look` turns it to a side, -0.2 to 0.2."""
    wide = replace(place, wide=place.wide * bear.broad)
    _ears(canvas, wide, bear, look)
    skull = smooth(
        (0, 0.86), (0.5, 0.78), (0.86, 0.34), (1.02, -0.16), (0.8, -0.55), (0.4, -0.86), (0, -0.95),
        (-0.4, -0.86), (-0.8, -0.55), (-1.02, -0.16), (-0.86, 0.34), (-0.5, 0.78),
    )  # fmt: skip
    canvas.body([wide(skull)], bear.face)
    brow = replace(bear.face, gloss=bear.face.gloss + 0.15)
    for side in (-1, 1):
        canvas.body([wide(ellipse(side * 0.36 + look, 0.32, 0.3, 0.17, -14 * side))], brow)
    _muzzle(canvas, place, bear, look)
    for side in (-1, 1):
        x = side * 0.37 * bear.broad + look
        canvas.flat(place(ellipse(x, 0.12, 0.12, 0.085, 20 * side)), shade(bear.face.colour, 0.35))
        eye(canvas, place, x, 0.12, 0.075, IRIS)


def _ears(canvas: Canvas, place: Placement, bear: Bear, look: float) -> None:
    for side in (-1, 1):
        x, y = side * 0.74 - look * 0.5, 0.62 + 0.5 * bear.ears
        canvas.body([place(ellipse(x, y, bear.ears, 1.1 * bear.ears))], bear.face)
        inner = replace(bear.face, colour=shade(bear.face.colour, 0.5), gloss=0.1)
        canvas.body([place(ellipse(x, y - 0.05, 0.55 * bear.ears, 0.62 * bear.ears))], inner)


def _muzzle(canvas: Canvas, place: Placement, bear: Bear, look: float) -> None:
    tip = 1.7 * look
    bridge = limb((look, 0.2 + bear.dish, 0.15), (0.8 * tip, -0.2, 0.22))
    canvas.body(
        [place(part) for part in bridge], replace(bear.muzzle, colour=mix(bear.face.colour, bear.muzzle.colour, 0.55))
    )
    canvas.body([place(ellipse(tip, -0.42, 0.42, 0.36))], bear.muzzle)
    canvas.body([place(ellipse(tip, -0.7, 0.24, 0.13))], replace(bear.muzzle, colour=shade(bear.muzzle.colour, 0.8)))
    canvas.flat(place(ellipse(tip, -0.6, 0.3, 0.035)), shade(bear.muzzle.colour, 0.25))
    canvas.line(place(np.array([(tip, -0.3), (tip, -0.6)])), shade(bear.muzzle.colour, 0.3), 0.03 * place.unit)
    nose(canvas, place, tip, -0.28, 0.2)


def draw_profile(canvas: Canvas, place: Placement, bear: Bear) -> None:
    """Looking to the right, about one unit long; the origin is the middle of the skull."""
    _profile_ear(canvas, place, bear, far=True)
    stop = 0.16 - bear.dish
    long = 0.9 - 0.25 * bear.dish
    skull = smooth(
        (-0.4, 0.2), (-0.12, 0.37), (0.16, 0.34 + 0.5 * bear.dish), (0.36, stop + 0.1), (0.52, stop), (0.72, 0.06),
        (long, 0.02), (long - 0.02, -0.12), (0.66, -0.21), (0.36, -0.28), (0, -0.42), (-0.42, -0.34),
    )  # fmt: skip
    canvas.body([place(skull)], bear.face)
    muzzle = smooth(
        (0.44, stop - 0.02), (0.6, 0.06 + 0.3 * stop), (long - 0.05, 0.03), (long - 0.03, -0.1),
        (0.66, -0.2), (0.46, -0.2),
    )  # fmt: skip
    canvas.body([place(muzzle)], bear.muzzle)
    canvas.flat(place(ellipse(long - 0.05, -0.01, 0.075, 0.065, -20)), BLACK)
    lip = np.array([(long - 0.06, -0.1), (0.68, -0.14), (0.5, -0.13)])
    canvas.line(place(lip), shade(bear.muzzle.colour, 0.25), 0.022 * place.unit)
    canvas.flat(place(ellipse(0.31, 0.12, 0.07, 0.045)), shade(bear.face.colour, 0.35))
    eye(canvas, place, 0.32, 0.12, 0.042, IRIS)
    _profile_ear(canvas, place, bear, far=False)


def _profile_ear(canvas: Canvas, place: Placement, bear: Bear, *, far: bool) -> None:
    radius = 0.5 * bear.ears
    x, y = (0.1, 0.4) if far else (-0.12, 0.36)
    coat = replace(bear.face, colour=shade(bear.face.colour, 0.7)) if far else bear.face
    canvas.body([place(ellipse(x, y, radius, 1.15 * radius, 15))], coat)
    if not far:
        inner = replace(bear.face, colour=shade(bear.face.colour, 0.55), gloss=0.1)
        canvas.body([place(ellipse(x + 0.02, y - 0.01, 0.55 * radius, 0.7 * radius, 15))], inner)
