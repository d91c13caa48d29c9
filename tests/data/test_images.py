from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import noise
from PIL import Image

from experiments.data.images import UnreadableImageError, decode


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def pixel(data: bytes, size: int = 2, x: int = 0, y: int = 0) -> tuple[int, ...]:
    return tuple(decode(data, size)[:, y, x].tolist())


def test_rgb_at_its_own_size_is_unchanged(tmp_path: Path) -> None:
    image = noise(1, (6, 6))
    image.save(tmp_path / "a.webp", lossless=True)
    expected = np.asarray(image).transpose(2, 0, 1)
    for source in (encoded(image), tmp_path / "a.webp", str(tmp_path / "a.webp")):
        np.testing.assert_array_equal(decode(source, 6), expected)


def test_centre_of_the_longer_side_is_kept() -> None:
    image = Image.new("RGB", (12, 4), "red")
    image.paste("blue", (4, 0, 8, 4))
    for picture in (image, image.rotate(90, expand=True)):
        assert (decode(encoded(picture), 4).reshape(3, -1).T == (0, 0, 255)).all()


def test_transparency_goes_over_white() -> None:
    image = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 255))
    image.putpixel((0, 1), (0, 0, 0, 51))
    data = encoded(image)
    assert pixel(data) == (255, 255, 255)
    assert pixel(data, x=1) == (255, 0, 0)
    assert pixel(data, y=1) == (204, 204, 204)
    assert pixel(encoded(Image.new("LA", (2, 2), (0, 0)))) == (255, 255, 255)


def test_transparent_palette_colour_goes_over_white() -> None:
    image = Image.new("P", (2, 2), 0)
    image.putpalette([0, 128, 0, 200, 100, 50])
    image.putpixel((1, 1), 1)
    for form in ("PNG", "GIF"):
        data = encoded(image, form, transparency=0)
        assert pixel(data) == (255, 255, 255)
        assert pixel(data, x=1, y=1) == (200, 100, 50)
    assert pixel(encoded(image)) == (0, 128, 0)


@pytest.mark.parametrize(("mode", "colour", "grey"), [("L", 77, 77), ("1", 1, 255)])
def test_grey(mode: str, colour: int, grey: int) -> None:
    assert pixel(encoded(Image.new(mode, (3, 3), colour))) == (grey, grey, grey)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(form: str) -> None:
    values = np.array([[0, 257 * 100], [257 * 200, 65535]], dtype=np.uint16)
    assert decode(encoded(Image.fromarray(values), form), 2)[0].tolist() == [[0, 100], [200, 255]]


def test_cmyk_jpeg() -> None:
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    red, green, blue = pixel(data, size=16)
    assert red >= 253
    assert max(green, blue) <= 2


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (1, 1)), (6, (1, 0)), (8, (0, 1)), (2, (1, 0))])
def test_exif_rotation_is_applied(orientation: int, corner: tuple[int, int]) -> None:
    image = Image.new("RGB", (2, 2), "black")
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, exif=exif)
    assert pixel(data, x=corner[0], y=corner[1]) == (255, 255, 255)
    assert decode(data, 2).sum() == 3 * 255


def test_broken_exif_costs_no_picture() -> None:
    data = encoded(noise(2, (8, 8)), exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert decode(data, 8).shape == (3, 8, 8)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_truncated_files_are_unreadable_at_any_size(form: str) -> None:
    data = encoded(noise(3, (200, 200)), form)
    for size in (8, 200):
        with pytest.raises(UnreadableImageError, match=r"\w"):
            decode(data[: len(data) // 2], size)


def test_other_bytes_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="not an image"):
        decode(b"<html>", 8)
    with pytest.raises(UnreadableImageError, match="No such file"):
        decode(tmp_path / "none.jpg", 8)


def test_reduced_jpeg_decoding_looks_the_same() -> None:
    ramp = np.linspace(0, 255, 256, dtype=np.uint8)
    image = Image.fromarray(np.stack([np.tile(ramp, (256, 1))] * 3, axis=-1))
    difference = decode(encoded(image, "JPEG", quality=95), 16).astype(int) - decode(encoded(image), 16)
    assert abs(difference).max() <= 3
