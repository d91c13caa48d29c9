"""One picture, decoded right whatever its format: upright, opaque, 8-bit RGB, square. Imports no torch."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

RESIZE = "EXIF rotation applied, transparency over white, shorter side to {size} (bilinear), centre crop"
_SIXTEEN_BIT = {"I", "I;16", "I;16B", "I;16L", "I;16N"}


class UnreadableImageError(Exception):
    """The bytes cannot be decoded to the last row; the message is the reason."""


def decode(source: bytes | str | Path, size: int) -> NDArray[np.uint8]:
    """The picture as (3, size, size), red, green, blue, 0 to 255.

    Args:
        source: a file, or its bytes.
        size: pixels a side, after the shorter side is resized to it and the centre is cut out.

    Raises:
        UnreadableImageError: if the file is missing, truncated, broken, too large or no picture.
    """
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source) as image:
            # JPEG alone: decode at 1/2, 1/4 or 1/8 where that still leaves `size` pixels; else no effect.
            image.draft(None, (size, size))
            image.load()
            square = _square(_to_rgb(_upright(image)), size)
    except Exception as error:  # Pillow's plugins raise nearly every type on broken bytes
        raise UnreadableImageError(_reason(error)) from error
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block must not cost a sound picture
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in _SIXTEEN_BIT:
        wide = np.asarray(image).astype(np.float64)
        return Image.fromarray(np.clip(np.rint(wide / 257), 0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")


def _square(image: Image.Image, size: int) -> Image.Image:
    """Resizes the centred square; the same as resizing the shorter side and cropping, in one pass."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.BILINEAR, box=box)


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
