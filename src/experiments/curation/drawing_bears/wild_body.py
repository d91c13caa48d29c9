"""A wild bear's body: walking, seen from the side; coming nearer; sitting; upright; or the shoulders of a portrait."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experiments.curation.drawing_bears.brush import Canvas
from experiments.curation.drawing_bears.colours import shade
from experiments.curation.drawing_bears.shapes import Placement, ellipse, limb, mirrored, smooth
from experiments.curation.drawing_bears.species import Bear
from experiments.curation.drawing_bears.wild_head import draw_front, draw_profile


def draw_walking(canvas: Canvas, place: Placement, bear: Bear) -> None:
    """From the side, to the right: about 2.1 units long, its back one unit high."""
    random = canvas.random
    step = random.uniform(-0.17, 0.17)
    head = place.within(0.86, random.uniform(0.62, 1.04), random.uniform(0.62, 0.74), random.uniform(-18, 8))
    low = head.y > place.y - 0.78 * place.unit
    _leg(canvas, place, replace(bear, coat=bear.far), -0.56, -step - 0.04, hind=True)
    _leg(canvas, place, replace(bear, coat=bear.far), 0.42, step + 0.04, hind=False)
    neck = limb((0.38, 0.76, 0.34), (0.84, 0.68 if low else 0.88, 0.26))
    canvas.body([place(part) for part in neck], bear.coat)
    shoulder, rump = 0.94 + bear.hump, 0.98 - 0.5 * max(0, bear.hump)
    trunk = smooth(
        (-0.92, 0.62), (-0.84, rump - 0.1), (-0.52, rump + 0.02), (-0.12, 0.93), (0.12, 0.95 + 0.45 * bear.hump),
        (0.32, shoulder), (0.5, 0.94 + 0.75 * bear.hump), (0.7, 0.76), (0.72, 0.6),
        (0.54, 0.42), (0.1, 0.34), (-0.3, 0.38), (-0.8, 0.36),
    )  # fmt: skip
    canvas.body([place(trunk)], bear.coat)
    _leg(canvas, place, bear, -0.6, step, hind=True)
    _leg(canvas, place, bear, 0.42, -step, hind=False)
    if random.random() < 0.3:
        draw_front(canvas, replace(head, turn=place.turn, unit=0.5 * head.unit).within(0.1, 0.05), bear, 0.1)
    else:
        draw_profile(canvas, head, bear)


def _leg(canvas: Canvas, place: Placement, bear: Bear, x: float, step: float, *, hind: bool) -> None:
    if hind:
        joints = (
            (x, 0.6, 0.27),
            (x + 0.08 + 0.4 * step, 0.36, 0.175),
            (x - 0.04 + step, 0.15, 0.115),
            (x + 0.02 + step, 0.06, 0.1),
        )
    else:
        joints = (x, 0.62, 0.21), (x + 0.4 * step, 0.36, 0.155), (x + step, 0.12, 0.125), (x + 0.02 + step, 0.06, 0.105)
    foot = x + 0.1 + step
    dull = replace(bear.coat, gloss=0.4 * bear.coat.gloss)
    canvas.body([place(part) for part in [*limb(*joints), ellipse(foot, 0.05, 0.15, 0.065)]], dull)
    _claws(canvas, place, bear, foot + 0.08, 0.055, gap=0.03, ahead=0.8)


def _claws(canvas: Canvas, place: Placement, bear: Bear, x: float, y: float, gap: float, ahead: float) -> None:
    """Four claws side by side that point down, and to the right by `ahead` of their length."""
    length, colour = bear.claws
    curve = np.array([(0, 0), (0.6 * ahead, -0.3), (ahead, -1)]) * length
    for number in range(4):
        start = np.array([x + (number - 1.5) * gap, y])
        canvas.line(place(start + curve), shade(colour, 1 - 0.08 * number), 0.018 * place.unit)


def draw_coming(canvas: Canvas, place: Placement, bear: Bear) -> None:
    """From the front on four legs, its head low: about 1.5 units high."""
    canvas.body([place(ellipse(0.08, 0.78, 0.56, 0.5))], bear.far)
    for side in (-1, 1):
        hind = limb((0.42 * side + 0.06, 0.5, 0.2), (0.44 * side + 0.06, 0.12, 0.12))
        canvas.body([place(part) for part in hind], bear.far)
    canvas.body([place(ellipse(0, 0.92, 0.5, 0.42 + 0.9 * bear.hump))], bear.coat)
    ahead = canvas.random.choice([-1, 1])
    for side in (-1, 1):
        low = 0.06 if side == ahead else 0.12
        leg = [
            *limb((0.3 * side, 0.75, 0.24), (0.32 * side, 0.4, 0.17), (0.28 * side, low + 0.08, 0.13)),
            ellipse(0.28 * side, low, 0.18, 0.09),
        ]
        canvas.body([place(part) for part in leg], bear.coat)
        _claws(canvas, place, bear, 0.28 * side, low - 0.02, gap=0.075, ahead=0)
    head = place.within(canvas.random.uniform(-0.1, 0.1), canvas.random.uniform(0.78, 1.12), 0.4)
    draw_front(canvas, head, bear, canvas.random.uniform(-0.12, 0.12))


def draw_sitting(canvas: Canvas, place: Placement, bear: Bear) -> None:
    """On its haunches, from the front: two units high."""
    for side in (-1, 1):
        canvas.body([place(ellipse(0.46 * side, 0.32, 0.34, 0.36))], bear.far)
    trunk = smooth(
        (0, 1.5 + 0.3 * bear.hump),
        (0.36, 1.32),
        (0.56, 0.7),
        (0.46, 0.16),
        (0, 0.05),
        (-0.46, 0.16),
        (-0.56, 0.7),
        (-0.36, 1.32),
    )
    canvas.body([place(trunk)], bear.coat)
    for side in (-1, 1):
        foot = [ellipse(0.62 * side, 0.12, 0.17, 0.15)]
        canvas.body([place(part) for part in foot], bear.coat)
        canvas.body(
            [place(ellipse(0.63 * side, 0.1, 0.1, 0.09))], replace(bear.muzzle, colour=shade(bear.coat.colour, 0.45))
        )
        arm = limb((0.3 * side, 1.12, 0.21), (0.36 * side, 0.66, 0.15), (0.2 * side, 0.22, 0.12))
        canvas.body([place(part) for part in [*arm, ellipse(0.2 * side, 0.12, 0.16, 0.09)]], bear.coat)
        _claws(canvas, place, bear, 0.2 * side, 0.08, gap=0.07, ahead=0)
    _head_on_top(canvas, place, bear, 1.58)


def draw_upright(canvas: Canvas, place: Placement, bear: Bear) -> None:
    """Standing on its hind legs, from the front: about 2.4 units high."""
    for side in (-1, 1):
        leg = [*limb((0.24 * side, 0.7, 0.26), (0.27 * side, 0.16, 0.15)), ellipse(0.31 * side, 0.08, 0.2, 0.09)]
        canvas.body([place(part) for part in leg], bear.far)
    trunk = smooth((0, 1.85), (0.34, 1.7), (0.5, 1.1), (0.44, 0.6), (0, 0.45), (-0.44, 0.6), (-0.5, 1.1), (-0.34, 1.7))
    canvas.body([place(trunk)], bear.coat)
    for side in (-1, 1):
        low = canvas.random.uniform(0.8, 1.05)
        arm = limb((0.34 * side, 1.55, 0.18), (0.52 * side, 1.2, 0.14), (0.4 * side, low, 0.12))
        canvas.body([place(part) for part in arm], bear.coat)
        _claws(canvas, place, bear, 0.4 * side, low - 0.08, gap=0.06, ahead=0)
    _head_on_top(canvas, place, bear, 1.95)


def _head_on_top(canvas: Canvas, place: Placement, bear: Bear, height: float) -> None:
    if canvas.random.random() < 0.35:
        draw_profile(canvas, place.within(-0.1, height, 0.78, canvas.random.uniform(-10, 15)), bear)
    else:
        draw_front(
            canvas, place.within(0, height, 0.42, canvas.random.uniform(-8, 8)), bear, canvas.random.uniform(-0.2, 0.2)
        )


def draw_portrait(canvas: Canvas, place: Placement, bear: Bear) -> None:
    """Head and shoulders; the head is two units high, its middle at the origin."""
    shoulders = smooth((0, 0.5), (0.8, 0.35 + bear.hump), (1.5, -0.5), (1.8, -2.5), (1.9, -5), (0, -5))
    both = [shoulders, *mirrored([shoulders])]
    canvas.body([place(part) for part in both], bear.coat)
    if canvas.random.random() < 0.35:
        draw_profile(canvas, place.within(-0.1, 0.1, 1.75, canvas.random.uniform(-8, 12)), bear)
    else:
        draw_front(canvas, place, bear, canvas.random.uniform(-0.22, 0.22))
