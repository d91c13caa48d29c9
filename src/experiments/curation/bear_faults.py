"""What may be wrong with a picture on purpose: a copy that is slightly changed, a file that cannot be decoded."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from random import Random

from PIL import Image, ImageEnhance, ImageOps

PAGE = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"


def slightly_changed(content: bytes, change: str, random: Random) -> bytes:
    """A JPEG file of nearly the same picture; `change` is one of CHANGES."""
    with Image.open(BytesIO(content)) as image:
        image.load()
        changed = CHANGES[change](image, random)
    quality = random.randint(35, 55) if change == "recompressed" else 90
    return _file(changed, "JPEG", quality=quality)


def corrupted(content: bytes, how: str, random: Random) -> bytes:
    """Bytes that no longer are a picture; `how` is one of CORRUPTIONS."""
    return CORRUPTIONS[how](content, random)


def _resized(image: Image.Image, random: Random) -> Image.Image:
    factor = random.choice([0.7, 0.8, 1.25])
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


def _recompressed(image: Image.Image, _random: Random) -> Image.Image:
    return image


def _brighter(image: Image.Image, random: Random) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(random.uniform(1.12, 1.25))


def _cropped(image: Image.Image, random: Random) -> Image.Image:
    left, top, right, bottom = (random.uniform(0.01, 0.03) for _ in range(4))
    return image.crop(
        (
            round(left * image.width),
            round(top * image.height),
            round((1 - right) * image.width),
            round((1 - bottom) * image.height),
        )
    )


def _mirrored(image: Image.Image, _random: Random) -> Image.Image:
    return ImageOps.mirror(image)


CHANGES: dict[str, Callable[[Image.Image, Random], Image.Image]] = {
    "resized": _resized,
    "recompressed": _recompressed,
    "brighter": _brighter,
    "cropped": _cropped,
    "mirrored": _mirrored,
}


def _truncated(content: bytes, random: Random) -> bytes:
    return content[: round(len(content) * random.uniform(0.3, 0.8))]


def _empty(_content: bytes, _random: Random) -> bytes:
    return b""


def _page(_content: bytes, _random: Random) -> bytes:
    return PAGE


def _noise(_content: bytes, random: Random) -> bytes:
    return random.randbytes(random.randint(2000, 9000))


def _half_png(content: bytes, _random: Random) -> bytes:
    with Image.open(BytesIO(content)) as image:
        whole = _file(image, "PNG")
    return whole[: len(whole) // 2]


CORRUPTIONS: dict[str, Callable[[bytes, Random], bytes]] = {
    "truncated": _truncated,
    "zero bytes": _empty,
    "HTML": _page,
    "random bytes": _noise,
    "half a PNG": _half_png,
}


def _file(image: Image.Image, form: str, **options: int) -> bytes:
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
