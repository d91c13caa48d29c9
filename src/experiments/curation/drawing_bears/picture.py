"""One picture of one bear, from its class and number alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from experiments.curation.drawing_bears import foreground, indoors, outdoors
from experiments.curation.drawing_bears.brush import Canvas
from experiments.curation.drawing_bears.camera import photograph
from experiments.curation.drawing_bears.shapes import Placement, ellipse
from experiments.curation.drawing_bears.species import Bear, some_black_bear, some_grizzly
from experiments.curation.drawing_bears.teddy import draw_teddy, some_teddy
from experiments.curation.drawing_bears.wild_body import (
    draw_coming,
    draw_portrait,
    draw_sitting,
    draw_upright,
    draw_walking,
)

CLASSES = ("black", "grizzly", "teddy")
VERSION = 1
"""Of the drawing: to be raised with every change that changes a picture."""

FINER = 1.5  # drawn at so many times the size, then made smaller, for smooth edges

Draw = Callable[[Canvas, Placement, Bear], None]


@dataclass(frozen=True)
class Pose:
    """How a figure is drawn, how often, its extent in its own units, and how large: 1 fills the picture."""

    draw: Draw
    often: int
    wide: float
    high: float
    middle: float
    sizes: tuple[float, float] = (0.74, 1.1)


POSES = {
    "walking": Pose(draw_walking, 38, 2.5, 1.35, 0.58),
    "coming": Pose(draw_coming, 18, 1.3, 1.6, 0.75),
    "sitting": Pose(draw_sitting, 16, 1.7, 2.1, 1.0),
    "upright": Pose(draw_upright, 8, 1.3, 2.5, 1.2),
    "portrait": Pose(draw_portrait, 20, 2.6, 2.6, -0.3, (0.8, 1.3)),
}
WILD_SCENES = {
    "grizzly": {"meadow": 9, "forest": 0.7, "autumn": 9, "river": 4, "rocks": 4, "snow": 0.6, "road": 0.3},
    "black": {"meadow": 4, "forest": 10, "autumn": 0.4, "river": 1, "rocks": 1, "snow": 0.3, "road": 3},
}
TOY_SCENES = {"studio": 7, "floor": 3, "sofa": 4, "bed": 4, "shelf": 2}
TOYS_OUTDOORS = 0.025


def draw_picture(kind: str, number: int, seed: int) -> bytes:
    """A JPEG file of about 160 to 320 pixels a side; `kind` is one of CLASSES."""
    random = Random(f"{seed}:{kind}:{number}")
    size = _some_size(random)
    fine = round(size[0] * FINER), round(size[1] * FINER)
    ground = random.uniform(0.4, 0.72)
    canvas, inside = _scene(random, kind, size, ground)
    canvas.light = random.uniform(-0.25, 0.25), random.uniform(-0.3, -0.12)
    centre = _teddy(canvas, random, inside) if kind == "teddy" else _wild(canvas, random, kind)
    if random.random() < 0.3:
        random.choice(foreground.INDOORS if inside else foreground.OUTDOORS)(canvas, random)
    return photograph(random, canvas.image, size, (centre[0] / fine[0], centre[1] / fine[1]))


def _some_size(random: Random) -> tuple[int, int]:
    long = random.randint(200, 320)
    short = max(160, round(long * random.choice([0.67, 0.75, 0.8, 1.0])))
    return (long, short) if random.random() < 0.68 else (short, long)


def _scene(random: Random, kind: str, size: tuple[int, int], ground: float) -> tuple[Canvas, bool]:
    inside = kind == "teddy" and random.random() > TOYS_OUTDOORS
    scenes = TOY_SCENES if inside else WILD_SCENES[random.choice(["grizzly", "black"]) if kind == "teddy" else kind]
    scene = random.choices(list(scenes), list(scenes.values()))[0]
    draw = indoors.draw_indoors if inside else outdoors.draw_outdoors
    image = draw(random, size, scene, ground)
    fine = round(size[0] * FINER), round(size[1] * FINER)
    return Canvas(image.resize(fine, Image.Resampling.BILINEAR), random), inside


def _wild(canvas: Canvas, random: Random, kind: str) -> tuple[float, float]:
    pose = random.choices(list(POSES.values()), [pose.often for pose in POSES.values()])[0]
    place, centre = _placed(canvas, random, pose.wide, pose.high, pose.middle, pose.sizes)
    near = pose.draw is draw_portrait
    bear = (some_grizzly if kind == "grizzly" else some_black_bear)(random, place.unit * (1.4 if near else 1))
    if not near:
        canvas.shadow(place(ellipse(0, 0.03, 0.42 * pose.wide, 0.14)), 0.6, 0.08 * place.unit)
    pose.draw(canvas, place, bear)
    return centre


def _teddy(canvas: Canvas, random: Random, inside: bool) -> tuple[float, float]:
    pose = random.choices(["sitting", "standing"], (4, 1))[0]
    lies = random.random() < 0.14
    place, centre = _placed(canvas, random, 1.6, 2.2, 0.9, (0.74, 1.2))
    if lies:
        turn = random.choice([-90, 90]) + random.uniform(-20, 20)
        place = Placement(*centre, place.unit, turn, place.wide).within(0, -0.9)
    teddy = some_teddy(random, place.unit)
    if not lies:
        foot = -0.42 if pose == "standing" else 0.0
        canvas.shadow(place(ellipse(0, foot, 0.8, 0.16)), 0.45 if inside else 0.6, 0.08 * place.unit)
    draw_teddy(canvas, place, teddy, pose)
    return centre


def _placed(
    canvas: Canvas, random: Random, wide: float, high: float, middle: float, sizes: tuple[float, float]
) -> tuple[Placement, tuple[float, float]]:
    """A figure of this extent, its middle anywhere near the picture's; large ones are cut at the edge."""
    width, height = canvas.size
    unit = min(width / wide, height / high) * random.uniform(*sizes)
    x = width * (0.5 + random.gauss(0, 0.09))
    y = height * (0.54 + random.gauss(0, 0.06))
    mirror = random.choice([-1, 1]) * random.uniform(0.92, 1.08)
    return Placement(x, y + middle * unit, unit, random.gauss(0, 2.5), mirror), (x, y)
