"""What a downloaded file really is: by its first bytes and a full decode, whatever its name and its server say."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from experiments.data.images import NOT_AN_IMAGE, UnreadableImageError, decode
from experiments.data.scan import HEAD, image_suffix

_SIDE = 32  # pixels: the whole file is read all the same, and large JPEGs are decoded at reduced scale
_decoding = threading.Semaphore(os.cpu_count() or 1)  # a picture takes memory; more than the cores gain nothing


def picture_suffix(path: Path) -> str:
    """The extension for a picture that can be decoded to its last row, such as `.jpg`.

    Raises:
        UnreadableImageError: it is no picture, or a broken one; the message is the reason, its details in brackets.
        OSError: the file cannot be opened.
    """
    try:
        with _decoding:
            decode(path, _SIDE)
    except UnreadableImageError as error:
        kind, _, detail = str(error).partition(": ")
        raise UnreadableImageError(f"{kind} ({detail})" if detail else kind) from error
    with path.open("rb") as file:
        suffix = image_suffix(file.read(HEAD))
    if suffix is None:
        raise UnreadableImageError(NOT_AN_IMAGE)
    return suffix
