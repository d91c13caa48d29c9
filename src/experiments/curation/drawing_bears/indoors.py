"""Where toys live. Drawn at the picture's own size, like `outdoors`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from experiments.curation.drawing_bears.colours import Colour, between, mix, shade, varied
from experiments.curation.drawing_bears.surfaces import Size, gradient, paste_below, strands

WALLS: tuple[Colour, ...] = (
    (232, 226, 214),
    (206, 220, 230),
    (228, 210, 212),
    (204, 218, 204),
    (214, 202, 186),
    (242, 240, 238),
)
CLOTHS: tuple[Colour, ...] = (
    (168, 66, 70),
    (92, 122, 168),
    (188, 182, 176),
    (132, 158, 150),
    (214, 200, 182),
    (112, 110, 122),
    (176, 150, 190),
)
WOODS: tuple[Colour, Colour] = ((150, 108, 72), (216, 186, 148))


def draw_indoors(random: Random, size: Size, scene: str, ground: float) -> Image.Image:
    """One of SCENES; `ground` is how far down the floor or seat begins, 0 to 1."""
    image = SCENES[scene](random, size, round(ground * size[1]))
    return image.filter(ImageFilter.BoxBlur(random.choice([0.3, 0.7, 1.2])))


def _studio(random: Random, size: Size, _horizon: int) -> Image.Image:
    paper = random.choice([(250, 250, 250), (250, 250, 250), (236, 232, 226), (176, 180, 186), (206, 186, 160)])
    return gradient(random, size, paper, shade(paper, random.uniform(0.84, 0.99)), 1.0, 0.02)


def _floor(random: Random, size: Size, horizon: int) -> Image.Image:
    image = _wall(random, size)
    wood = between(random, *WOODS)
    if random.random() < 0.6:
        paste_below(image, _planks(random, (size[0], size[1] - horizon), wood))
    else:
        carpet = varied(random, random.choice(CLOTHS))
        paste_below(
            image, gradient(random, (size[0], size[1] - horizon), shade(carpet, 0.9), shade(carpet, 1.1), 1.2, 0.6)
        )
    ImageDraw.Draw(image).rectangle((0, horizon - 5, size[0], horizon), fill=(232, 228, 220))
    return image


def _sofa(random: Random, size: Size, horizon: int) -> Image.Image:
    image = _wall(random, size)
    cloth = varied(random, random.choice(CLOTHS))
    top, cushions = round(horizon * random.uniform(0.2, 0.5)), random.randint(1, 3)
    wide = size[0] // cushions + 1
    for number in range(cushions):
        left = number * wide
        _cushion(image, random, (left - 2, top, left + wide - 2, horizon + 8), cloth)
    _cushion(image, random, (-12, horizon, size[0] + 12, size[1] + 20), shade(cloth, 1.12))
    if random.random() < 0.5:
        pillow = varied(random, random.choice(CLOTHS + WALLS))
        side, left = round(0.32 * size[0]), random.choice([-8, round(0.72 * size[0])])
        _cushion(image, random, (left, horizon - side + 10, left + side, horizon + 14), pillow)
    return image


def _bed(random: Random, size: Size, horizon: int) -> Image.Image:
    image = _wall(random, size)
    linen = varied(random, random.choice([(230, 230, 236), (196, 206, 222), (226, 200, 204), (214, 206, 186)]), 0.04)
    back = round(0.75 * horizon)
    board = between(random, *WOODS)
    image.paste(strands(random, (size[0], horizon - back + 20), board, shade(board, 0.8), 0.6, 3), (0, back - 20))
    for left in (0.04, 0.54):
        place = (round(left * size[0]), back - 4, round((left + 0.42) * size[0]), horizon + 16)
        _cushion(image, random, place, shade(linen, 1.05))
    blanket = gradient(random, (size[0], size[1] - horizon), linen, shade(linen, 0.85), 9.0, 0.5)
    if random.random() < 0.6:
        _checks(blanket, varied(random, random.choice(CLOTHS)))
    paste_below(image, blanket)
    return image


def _shelf(random: Random, size: Size, horizon: int) -> Image.Image:
    wood = between(random, *WOODS)
    image = gradient(random, size, shade(wood, 0.9), shade(wood, 0.8), 3.0, 0.2)
    draw = ImageDraw.Draw(image)
    x = 0.0
    while x < size[0]:
        wide, high = random.uniform(0.03, 0.09) * size[0], random.uniform(0.45, 0.85) * horizon
        colour = varied(random, random.choice(CLOTHS + WALLS), 0.15)
        draw.rectangle((x, horizon - high, x + wide - 1, horizon), fill=colour)
        draw.line(
            [(x + wide * 0.3, horizon - high * 0.85), (x + wide * 0.7, horizon - high * 0.85)],
            fill=shade(colour, 1.5),
            width=2,
        )
        x += wide
    paste_below(image, strands(random, (size[0], size[1] - horizon), shade(wood, 1.15), wood, 0.4, 3))
    return image


SCENES: dict[str, Callable[[Random, Size, int], Image.Image]] = {
    "studio": _studio,
    "floor": _floor,
    "sofa": _sofa,
    "bed": _bed,
    "shelf": _shelf,
}


def _wall(random: Random, size: Size) -> Image.Image:
    paint = varied(random, random.choice(WALLS), 0.05)
    image = gradient(random, size, paint, shade(paint, 0.86), 1.5, 0.06)
    draw, kind = ImageDraw.Draw(image), random.random()
    pattern = shade(paint, random.choice([0.9, 1.07]))
    if kind < 0.25:
        wide = random.randint(6, 16)
        for x in range(0, size[0], 2 * wide):
            draw.rectangle((x, 0, x + wide, size[1]), fill=pattern)
    elif kind < 0.45:
        x, y = (round(random.uniform(0.05, 0.7) * side) for side in size)
        wide, high = round(random.uniform(0.15, 0.35) * size[0]), round(random.uniform(0.2, 0.4) * size[1])
        draw.rectangle(
            (x, y // 3, x + wide, y // 3 + high),
            fill=between(random, (90, 120, 140), (220, 226, 232)),
            outline=shade(paint, 0.5),
            width=4,
        )
    return image


def _planks(random: Random, size: Size, wood: Colour) -> Image.Image:
    floor = strands(random, size, shade(wood, 0.85), wood, 0.35, 3)
    draw = ImageDraw.Draw(floor)
    y, step = 0.0, 4.0
    while y < size[1]:
        draw.line([(0, y), (size[0], y)], fill=shade(wood, 0.6), width=1)
        y, step = y + step, step * 1.35
    return floor


def _cushion(image: Image.Image, random: Random, place: tuple[int, int, int, int], cloth: Colour) -> None:
    size = max(2, place[2] - place[0]), max(2, place[3] - place[1])
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), min(size) * 0.22, fill=255)
    image.paste(shade(cloth, 0.45), (place[0] + 1, place[1] + 2), mask)
    stuff = gradient(random, size, shade(cloth, 1.12), shade(cloth, 0.72), 2.0, 0.25)
    image.paste(stuff, place[:2], mask.filter(ImageFilter.BoxBlur(2)))


def _checks(cloth: Image.Image, colour: Colour) -> None:
    size = 14
    stripes = Image.new("L", cloth.size)
    draw = ImageDraw.Draw(stripes)
    for x in range(0, cloth.width, 2 * size):
        draw.rectangle((x, 0, x + size, cloth.height), fill=70)
    for y in range(0, cloth.height, 2 * size):
        draw.rectangle((0, y, cloth.width, y + size), fill=110)
    cloth.paste(mix(colour, (255, 255, 255), 0.15), (0, 0), stripes)
