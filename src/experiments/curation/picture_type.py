"""What a downloaded file really is: by its first bytes and a full decode, whatever its name and its server say."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from experiments.data.images import UnreadableImageError, decode
from experiments.data.scan import HEAD, image_suffix

_SIDE = 32  # pixels: the whole file is read all the same, and large JPEGs are decoded at reduced scale
_decoding = threading.Semaphore(os.cpu_count() or 1)  # a picture takes memory; more than the cores gain nothing
_WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")


def picture_suffix(path: Path) -> str:
    """The extension for a picture that can be decoded to its last row, such as `.jpg`.

    Raises:
        UnreadableImageError: it is no picture, or a broken one; the message is the reason.
        OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(512)
    suffix = image_suffix(head[:HEAD])
    if suffix is None:
        raise UnreadableImageError(_what_it_is(head))
    try:
        with _decoding:
            decode(path, _SIDE)
    except UnreadableImageError as error:
        raise UnreadableImageError(f"broken picture ({error})") from error
    return suffix


def _what_it_is(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text:
        return "empty file"
    if text.startswith(_WEB_PAGE):
        return "a web page, not a picture"
    return "an SVG drawing, not a picture of pixels" if b"<svg" in text else "not a picture"
