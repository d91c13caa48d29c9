"""From the scene to the file: light, lens, sensor, JPEG."""

from __future__ import annotations

from io import BytesIO
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from experiments.curation.drawing_bears.textures import faint, piece, plain_tile

LIGHTS: dict[str, tuple[float, float, float]] = {
    "day": (1.02, 1.0, 0.97),
    "warm": (1.1, 0.98, 0.8),
    "dusk": (0.8, 0.7, 0.72),
    "overcast": (0.88, 0.92, 0.98),
    "night": (0.46, 0.52, 0.64),
}
"""Gains of red, green and blue."""
HOW_OFTEN = (62, 16, 4, 17, 1)


def photograph(random: Random, scene: Image.Image, size: tuple[int, int], focus: tuple[float, float]) -> bytes:
    """A JPEG file of this size. By night a flash lights what is near `focus` (shares of width and height)."""
    light = random.choices(list(LIGHTS), HOW_OFTEN)[0]
    image = scene.resize(size, Image.Resampling.BOX)
    image = _lit(random, image, light)
    if light == "night":
        image = _flashed(image, focus)
    if random.random() < 0.2:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.4, 1.6)))
    image = _grained(random, image, random.uniform(0.02, 0.25 if light in ("night", "dusk") else 0.11))
    if random.random() < 0.015:
        image = image.convert("L")
    file = BytesIO()
    image.save(file, "JPEG", quality=random.randint(60, 95))
    return file.getvalue()


def _lit(random: Random, image: Image.Image, light: str) -> Image.Image:
    exposure = random.gauss(0.98, 0.06)
    contrast = random.uniform(0.8, 1.12)
    values = np.arange(256) / 255
    tables = [np.clip(255 * ((gain * exposure * values - 0.45) * contrast + 0.45), 0, 255) for gain in LIGHTS[light]]
    return image.point(np.concatenate(tables).round().astype(int).tolist())


def _flashed(image: Image.Image, focus: tuple[float, float]) -> Image.Image:
    """What is near the middle of the flash is brighter, all else darker."""
    side = max(image.size)
    glow = Image.radial_gradient("L").resize((2 * side, 2 * side), Image.Resampling.BILINEAR)
    left, top = (round(side - share * length) for share, length in zip(focus, image.size, strict=True))
    reach = glow.crop((left, top, left + image.width, top + image.height))
    bright = image.point([min(255, round(value * 1.9)) for value in range(256)] * 3)
    dark = image.point([round(value * 0.45) for value in range(256)] * 3)
    return Image.composite(dark, bright, reach.point([min(255, round(value * 2.2)) for value in range(256)]))


def _grained(random: Random, image: Image.Image, strength: float) -> Image.Image:
    noise = faint(piece(random, plain_tile(0.5), image.size), strength)
    return ImageChops.add(image, Image.merge("RGB", [noise] * 3), 1, -128)
