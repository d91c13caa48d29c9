"""Where wild bears live. A scene is drawn at the picture's own size, and blurred and enlarged behind the figure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from experiments.curation.drawing_bears.colours import Colour, between, mix, shade, varied
from experiments.curation.drawing_bears.surfaces import Size, blades, foliage, gradient, paste_below, rolling, strands

GREENS: tuple[Colour, Colour] = ((58, 92, 38), (128, 158, 62))
LEAVES: list[tuple[Colour, Colour]] = [
    ((18, 38, 18), (112, 150, 66)),
    ((34, 52, 30), (150, 176, 96)),
    ((22, 34, 28), (84, 110, 84)),
]
AUTUMN: list[tuple[Colour, Colour]] = [
    ((92, 50, 18), (226, 148, 48)),
    ((76, 60, 24), (206, 182, 84)),
    ((70, 34, 22), (190, 84, 44)),
]


def draw_outdoors(random: Random, size: Size, scene: str, ground: float) -> Image.Image:
    """One of SCENES; `ground` is how far down the ground begins, 0 to 1."""
    image = SCENES[scene](random, size, round(ground * size[1]))
    return image.filter(ImageFilter.BoxBlur(random.choice([0.3, 0.7, 1.4])))


def _meadow(random: Random, size: Size, horizon: int) -> Image.Image:
    image = _sky(random, size)
    _hills(image, random, horizon)
    if random.random() < 0.6:
        _conifers(image, random, horizon)
    _lawn(image, random, horizon, between(random, *GREENS))
    _flowers(image, random, horizon)
    return image


def _forest(random: Random, size: Size, horizon: int) -> Image.Image:
    dark, light = random.choice(LEAVES)
    image = foliage(random, size, dark, varied(random, light), random.choice([3.0, 6.0, 9.0]))
    _trunks(image, random, horizon)
    if random.random() < 0.5:
        _lawn(image, random, horizon, between(random, *GREENS))
    else:
        floor = between(random, (74, 60, 40), (124, 100, 66))
        paste_below(
            image,
            gradient(random, (size[0], size[1] - horizon), shade(floor, 0.7), floor, 1.6, 0.6),
            rolling(random, 8),
        )
    return image


def _autumn(random: Random, size: Size, horizon: int) -> Image.Image:
    dark, light = random.choice(AUTUMN)
    image = foliage(random, size, dark, varied(random, light), random.choice([3.0, 6.0]))
    _trunks(image, random, horizon)
    _lawn(image, random, horizon, between(random, (122, 96, 44), (184, 146, 76)))
    return image


def _river(random: Random, size: Size, horizon: int) -> Image.Image:
    dark, light = random.choice([*LEAVES[1:2], *AUTUMN])
    image = foliage(random, size, dark, varied(random, light), 6.0)
    _boulders(image, random, horizon)
    water = between(random, (52, 78, 92), (124, 148, 158))
    lake = strands(random, (size[0], size[1] - horizon), mix(water, light, 0.4), shade(water, 0.75), 0.7, 3)
    paste_below(image, lake)
    return image


def _rocks(random: Random, size: Size, horizon: int) -> Image.Image:
    image = _sky(random, size)
    _hills(image, random, horizon)
    stone = between(random, (112, 108, 102), (160, 152, 140))
    paste_below(
        image, gradient(random, (size[0], size[1] - horizon), stone, shade(stone, 0.7), 3.0, 0.6), rolling(random, 10)
    )
    _boulders(image, random, horizon + 6)
    return image


def _snow(random: Random, size: Size, horizon: int) -> Image.Image:
    image = _sky(random, size)
    _hills(image, random, horizon)
    _conifers(image, random, horizon)
    field = gradient(random, (size[0], size[1] - horizon), (206, 214, 226), (240, 243, 248), 4.0, 0.25)
    paste_below(image, field, rolling(random, 8))
    return image


def _road(random: Random, size: Size, horizon: int) -> Image.Image:
    image = _forest(random, size, horizon)
    grey = between(random, (96, 96, 98), (140, 138, 134))
    top = round(horizon + 0.25 * (size[1] - horizon))
    paste_below(image, gradient(random, (size[0], size[1] - top), shade(grey, 1.1), shade(grey, 0.8), 0.8, 0.3))
    if random.random() < 0.6:
        line = round(top + random.uniform(0.1, 0.6) * (size[1] - top))
        ImageDraw.Draw(image).line([(0, line), (size[0], line + random.randint(-6, 6))], fill=(206, 190, 120), width=3)
    return image


SCENES: dict[str, Callable[[Random, Size, int], Image.Image]] = {
    "meadow": _meadow,
    "forest": _forest,
    "autumn": _autumn,
    "river": _river,
    "rocks": _rocks,
    "snow": _snow,
    "road": _road,
}


def _sky(random: Random, size: Size) -> Image.Image:
    above, below = random.choice(
        [((96, 146, 206), (196, 218, 236)), ((168, 176, 186), (214, 218, 220)), ((104, 118, 150), (232, 186, 140))]
    )
    return gradient(random, size, varied(random, above, 0.04), varied(random, below, 0.04), 14.0, 0.35)


def _hills(image: Image.Image, random: Random, horizon: int) -> None:
    tone = between(random, (92, 116, 122), (84, 110, 70))
    for nearer in range(2):
        top = round(horizon * random.uniform(0.35, 0.6) + nearer * horizon * 0.2)
        ridge = gradient(
            random, (image.width, image.height - top), shade(tone, 1.15 - 0.25 * nearer), shade(tone, 0.9), 3.0, 0.35
        )
        paste_below(image, ridge, rolling(random, 0.35 * horizon))


def _conifers(image: Image.Image, random: Random, horizon: int) -> None:
    draw = ImageDraw.Draw(image)
    tone = between(random, (24, 44, 32), (52, 78, 52))
    for _ in range(random.randint(6, 16)):
        x, high = random.uniform(0, image.width), random.uniform(0.25, 0.8) * horizon
        colour = shade(tone, random.uniform(0.75, 1.2))
        for level in range(4):
            top, wide = horizon + 4 - high + level * high * 0.22, high * (0.1 + 0.06 * level)
            draw.polygon([(x, top), (x + wide, top + high * 0.34), (x - wide, top + high * 0.34)], fill=colour)


def _trunks(image: Image.Image, random: Random, horizon: int) -> None:
    for _ in range(random.randint(1, 6)):
        wide = round(random.uniform(0.02, 0.09) * image.width) + 2
        bark = between(random, (44, 36, 30), (120, 102, 86))
        trunk = strands(
            random, (wide, horizon + random.randint(4, 14)), bark, shade(bark, 0.8), 0.8, random.choice([0, 5])
        )
        image.paste(trunk, (random.randint(-wide, image.width), 0))


def _lawn(image: Image.Image, random: Random, horizon: int, green: Colour) -> None:
    lawn = strands(random, (image.width, image.height - horizon), shade(green, 0.8), green, 0.6)
    paste_below(image, lawn, rolling(random, 6))
    blades(image, random, (0, horizon, image.width, image.height), green, 70, 0.07 * image.height)


def _flowers(image: Image.Image, random: Random, horizon: int) -> None:
    if random.random() < 0.5:
        return
    draw, petal = ImageDraw.Draw(image), random.choice([(240, 214, 70), (236, 236, 240), (196, 110, 190)])
    for _ in range(random.randint(6, 30)):
        x, y, r = random.uniform(0, image.width), random.uniform(horizon, image.height), random.uniform(1, 2.6)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=petal)


def _boulders(image: Image.Image, random: Random, horizon: int) -> None:
    for _ in range(random.randint(1, 4)):
        wide, high = (round(random.uniform(*share) * image.width) for share in ((0.15, 0.5), (0.08, 0.25)))
        grey = between(random, (92, 90, 88), (156, 150, 140))
        stone = gradient(random, (wide, high), shade(grey, 1.15), shade(grey, 0.5), 2.0, 0.6)
        mask = Image.new("L", (wide, 2 * high))
        ImageDraw.Draw(mask).ellipse((0, 0, wide, 2 * high), fill=255)
        image.paste(
            stone,
            (random.randint(-wide // 2, image.width - wide // 2), horizon - high // 2),
            mask.crop((0, 0, wide, high)),
        )
