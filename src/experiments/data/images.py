"""One picture, decoded right whatever its format: upright, opaque, 8-bit RGB, square. Imports no torch."""

from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from experiments.data.scan import HEAD, image_suffix
from experiments.data.seeming import TELLING, seeming

RESIZE = "EXIF rotation applied, transparency over white, shorter side to {size} (bilinear), centre crop"
_SIXTEEN_BIT = {"I", "I;16", "I;16B", "I;16L", "I;16N"}


FORMATS = ("AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""What counts as an image, by Pillow's names. It knows more: some start programs (EPS), some are guessed at (TGA)."""

NOT_AN_IMAGE = "not an image"
DAMAGED = "truncated or damaged"
EMPTY = "zero bytes"
BOMB = "decompression bomb"
FORBIDDEN = "unreadable by permission"


class UnreadableImageError(Exception):
    """The bytes cannot be decoded to the last row; the message is the reason."""

    @property
    def kind(self) -> str:
        """The reason without details: as above, or what the system says."""
        return str(self).partition(":")[0]


def decode(source: bytes | str | Path | BinaryIO, size: int) -> NDArray[np.uint8]:
    """The picture as (3, size, size), red, green, blue, 0 to 255.

    Args:
        source: a file by its path or open, or its bytes.
        size: pixels a side, after the shorter side is resized to it and the centre is cut out.

    Raises:
        UnreadableImageError: if the file is missing, truncated, broken, too large or no picture.
    """
    return np.ascontiguousarray(np.asarray(_square(read_rgb(source, size), size)).transpose(2, 0, 1))


def read_rgb(source: bytes | str | Path | BinaryIO, size: int) -> Image.Image:
    """The whole picture, upright, opaque, in RGB; a large JPEG smaller, but with both sides of at least `size`.

    Raises:
        UnreadableImageError: as `decode`.
    """
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            # JPEG alone: decode at 1/2, 1/4 or 1/8 where that still leaves `size` pixels; else no effect.
            image.draft(None, (size, size))
            image.load()
            return _to_rgb(_upright(image))
    except Exception as error:  # Pillow's plugins raise nearly every type on broken bytes
        raise UnreadableImageError(_reason(error, source)) from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block must not cost a sound picture
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in _SIXTEEN_BIT:
        return _eight_bit(np.asarray(image).astype(np.float64), 65535)
    if image.mode == "F":
        # Nothing in the file says what is white: 1 and 255 are usual.
        values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0, neginf=0)
        return _eight_bit(values, next(white for white in (1, 255, 65535, np.inf) if values.max() <= white))
    if image.mode == "LAB":
        return _from_lab(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")


def _eight_bit(values: NDArray[np.float64], white: float) -> Image.Image:
    scaled = values * (255 / (white if np.isfinite(white) else values.max()))
    return Image.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8)).convert("RGB")


def _from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms  # here, since few need it

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    return converted or image


def _square(image: Image.Image, size: int) -> Image.Image:
    """Resizes the centred square; the same as resizing the shorter side and cropping, in one pass."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.BILINEAR, box=box)


def _reason(error: Exception, source: bytes | str | Path | BinaryIO) -> str:
    if isinstance(error, UnidentifiedImageError):
        return _unidentified(_head(source))
    if isinstance(error, OSError) and error.strerror:
        return reason_of(error)
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, Image.DecompressionBombError | MemoryError) or "Decompressed data too large" in text:
        return f"{BOMB}: {text.partition(', could be')[0]}"
    return f"{DAMAGED}: {text}"


def reason_of(error: OSError) -> str:
    """Why the system did not give a file's bytes."""
    if isinstance(error, PermissionError):
        return FORBIDDEN
    return error.strerror or str(error)


def _unidentified(head: bytes) -> str:
    if not head:
        return EMPTY
    if suffix := image_suffix(head[:HEAD]):
        return f"{DAMAGED}: it begins like a {suffix}"
    what = seeming(head)
    return f"{NOT_AN_IMAGE}: it seems to be {what}" if what else NOT_AN_IMAGE


def _head(source: bytes | str | Path | BinaryIO) -> bytes:
    if isinstance(source, bytes):
        return source[:TELLING]
    try:
        with Path(source).open("rb") if isinstance(source, str | Path) else nullcontext(source) as file:
            file.seek(0)
            return file.read(TELLING)
    except OSError:  # it could be read a moment ago
        return b"?"
