"""Every odd kind of file that we could think of, made from bytes: what is a good picture, what is bad and why."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pictures import noise
from PIL import Image, ImageFilter

SIZE = 24


def photo(seed: int) -> Image.Image:
    """Smooth and colourful, and unlike that of any other seed."""
    return noise(seed, (SIZE, SIZE)).filter(ImageFilter.GaussianBlur(2))


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def grey(seed: int) -> Image.Image:
    return photo(seed).convert("L")


def wide_grey(seed: int) -> Image.Image:
    """16 bits a pixel."""
    return Image.fromarray(np.asarray(grey(seed)).astype(np.uint16) * 257)


def see_through(seed: int) -> Image.Image:
    image = photo(seed).convert("RGBA")
    image.putalpha(grey(seed + 1))
    return image


def rotated(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def png_of(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of this size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data)) for tag, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def frames(seed: int, form: str) -> bytes:
    return encoded(photo(seed), form, save_all=True, append_images=[photo(seed + 1)], duration=50)


JPEG = encoded(noise(1, (200, 200)), "JPEG")
PNG = encoded(noise(2, (200, 200)))

GOOD: dict[str, bytes] = {
    "plain.jpg": encoded(photo(10), "JPEG"),
    "progressive.jpg": encoded(photo(11), "JPEG", progressive=True),
    "cmyk.jpg": encoded(photo(12).convert("CMYK"), "JPEG"),
    "grey.jpg": encoded(grey(13), "JPEG"),
    "trailing bytes.jpg": encoded(photo(14), "JPEG") + b"\0\0camera maker's notes" * 9,
    "upside down.jpg": encoded(photo(15), "JPEG", exif=rotated(3)),
    "on its side.jpg": encoded(photo(16), "JPEG", exif=rotated(6)),
    "broken exif.jpg": encoded(photo(17), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f"),
    "two pictures of a phone.jpg": encoded(photo(18), "MPO", save_all=True, append_images=[photo(19)]),
    "UPPER CASE.JPG": encoded(photo(20), "JPEG"),
    "photo.jpeg": encoded(photo(21), "JPEG"),
    "photo.jfif": encoded(photo(22), "JPEG"),
    "no extension": encoded(photo(23), "JPEG"),
    "photo.jpg_large": encoded(photo(24), "JPEG"),
    "grey.png": encoded(grey(25)),
    "grey and alpha.png": encoded(see_through(26).convert("LA")),
    "transparent.png": encoded(see_through(27)),
    "palette.png": encoded(photo(28).quantize(16)),
    "palette and transparency.png": encoded(photo(29).quantize(16), transparency=0),
    "one bit.png": encoded(grey(30).convert("1")),
    "sixteen bits.png": encoded(wide_grey(31)),
    "interlaced looks.png": encoded(photo(32), optimize=True),
    "sixteen bits.tif": encoded(wide_grey(33), "TIFF"),
    "floats.tiff": encoded(Image.fromarray(np.asarray(grey(34)).astype(np.float32) / 255), "TIFF"),
    "packed.tif": encoded(photo(35), "TIFF", compression="tiff_deflate"),
    "two pages.tif": encoded(photo(36), "TIFF", save_all=True, append_images=[photo(37)]),
    "lab.tif": encoded(Image.merge("LAB", photo(38).split()), "TIFF"),
    "photo.webp": encoded(photo(39), "WEBP"),
    "lossless.webp": encoded(see_through(40), "WEBP", lossless=True),
    "photo.bmp": encoded(photo(41), "BMP"),
    "still.gif": encoded(photo(42), "GIF"),
    "icon.ico": encoded(photo(43), "ICO", sizes=[(SIZE, SIZE)]),
    "map.ppm": encoded(photo(44), "PPM"),
    "photo.jp2": encoded(photo(45), "JPEG2000"),
    "very wide.png": encoded(noise(46, (2000, 9))),
    "very high.png": encoded(noise(47, (9, 2000))),
    " space at both ends .jpg": encoded(photo(48), "JPEG"),
    "line\nend.jpg": encoded(photo(49), "JPEG"),
    "bär 🐻.jpg": encoded(photo(50), "JPEG"),
    os.fsdecode(b"not utf-8 \xff\xfe.jpg"): encoded(photo(51), "JPEG"),
    "quote ' \" $HOME;,.jpg": encoded(photo(52), "JPEG"),
    "-rf.jpg": encoded(photo(53), "JPEG"),
    "deeper/and deeper/photo.jpg": encoded(photo(54), "JPEG"),
}

TRAINED_ALL_THE_SAME: dict[str, tuple[bytes, str]] = {
    "says png.png": (encoded(photo(60), "JPEG"), "extension lies"),
    "says heic.heic": (encoded(photo(61), "JPEG"), "extension lies"),
    "says text.txt": (encoded(photo(62)), "extension lies"),
    "moving.gif": (frames(63, "GIF"), "animated"),
    "moving.webp": (frames(65, "WEBP"), "animated"),
    "moving.png": (frames(67, "PNG"), "animated"),
    "one pixel.png": (encoded(Image.new("RGB", (1, 1), "red")), "tiny"),
    "spacer.gif": (encoded(Image.new("RGB", (200, 2), "red"), "GIF"), "tiny"),
    "blue.jpg": (encoded(Image.new("RGB", (50, 50), "blue"), "JPEG"), "single colour"),
    "invisible.png": (encoded(Image.new("RGBA", (50, 50), (9, 9, 9, 0))), "single colour"),
}

LEFT_OUT: dict[str, tuple[bytes, str]] = {
    "empty.jpg": (b"", "zero bytes"),
    "half.jpg": (JPEG[: len(JPEG) // 2], "truncated"),
    "half.png": (PNG[: len(PNG) // 2], "truncated"),
    "half.webp": (encoded(noise(70, (200, 200)), "WEBP")[:9000], "truncated"),
    "half.bmp": (encoded(noise(71, (200, 200)), "BMP")[:9000], "truncated"),
    "half.tif": (encoded(noise(72, (200, 200)), "TIFF")[:9000], "truncated"),
    "head alone.jpg": (JPEG[:20], "truncated"),
    "signature alone.png": (PNG[:8], "truncated"),
    "wrong sum.png": (PNG[:600] + bytes([PNG[600] ^ 255]) + PNG[601:], "truncated"),
    "bomb.png": (png_of(30_000, 30_000), "decompression bomb"),
    "page.jpg": (b"<!DOCTYPE html><html><body>404 Not Found</body></html>", "not an image: it seems to be a web page"),
    "drawing.png": (b'<?xml version="1.0"?><svg/>', "not an image: it seems to be an SVG drawing"),
    "phone.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "not an image: it seems to be HEIC"),
    "film.jpg": (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "not an image: it seems to be a video"),
    "paper.jpg": (b"%PDF-1.7\n%", "not an image: it seems to be a PDF document"),
    "script.jpg": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "not an image: it seems to be a PostScript drawing",
    ),
    "zeros.jpg": (bytes(5000), "not an image: it seems to be nothing but zeros"),
    "random.jpg": (bytes(range(7, 256)) * 9, "not an image"),
    "story.png": (b"Once upon a time there was a bear.", "not an image"),
}

NEVER_LOOKED_AT: dict[str, bytes] = {
    ".hidden.jpg": JPEG[:99],
    "._resource fork.jpg": b"\0\5\x16\7",
    ".thumbnails/small.jpg": b"",
}

SPECIAL: dict[str, tuple[Callable[[Path], object], str | None]] = {
    "link to a picture.jpg": (lambda path: path.symlink_to("plain.jpg"), None),
    "second name.jpg": (lambda path: path.hardlink_to(path.with_name("grey.jpg")), None),
    "link to nowhere.jpg": (lambda path: path.symlink_to("nowhere"), "No such file or directory"),
    "link to itself.jpg": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "pipe.jpg": (os.mkfifo, "not an image: not a regular file"),
}
"""How each is made, and why it is bad (None: good)."""

REASONS = {name: reason for name, (_, reason) in (TRAINED_ALL_THE_SAME | LEFT_OUT).items()} | {
    name: reason for name, (_, reason) in SPECIAL.items() if reason
}
USED = {*GOOD, *TRAINED_ALL_THE_SAME, *(name for name, (_, reason) in SPECIAL.items() if reason is None)}


def write_all(folder: Path) -> None:
    """All of them, in one class folder."""
    files = {name: content for name, (content, _) in (TRAINED_ALL_THE_SAME | LEFT_OUT).items()}
    for name, content in (GOOD | NEVER_LOOKED_AT | files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for name, (make, _) in SPECIAL.items():
        make(folder / name)
