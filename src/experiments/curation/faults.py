"""What is wrong with one file of a folder of pictures, by a full decode. Imports no torch."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from PIL import Image

from experiments.data.decoding import open_file
from experiments.data.images import (
    BOMB,
    DAMAGED,
    EMPTY,
    FORMATS,
    NOT_AN_IMAGE,
    UnreadableImageError,
    read_rgb,
    reason_of,
)

TINY, PLAIN, ANIMATED, MISNAMED = "tiny", "single colour", "animated", "extension lies"

SHORTEST_SIDE = 8
"""Pixels: the handwritten digits have this size, and nothing is learnt from less."""

_TRAINS = {TINY, PLAIN, ANIMATED, MISNAMED}
_MOVABLE = {NOT_AN_IMAGE, DAMAGED, EMPTY, BOMB, TINY, PLAIN, ANIMATED}
_PLAIN_LEVELS = 2  # of 255: so far may the pixels of a single colour be apart after lossy compression
_UNREDUCED = 65_535  # keeps `read_rgb` from decoding a large JPEG smaller
_ANIMATIONS = {"GIF", "PNG", "WEBP", "AVIF"}  # in other formats further frames are pages, sizes or a preview
_SAME_FORMAT = {"MPO": "JPEG", "DIB": "BMP"}
_types = mimetypes.MimeTypes()  # what Python knows by itself, the same on every machine


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: its kind, by which files are counted, and the details of this one."""

    kind: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind

    @property
    def trains(self) -> bool:
        """Whether a fit uses such a file all the same."""
        return self.kind in _TRAINS

    @property
    def movable(self) -> bool:
        """Whether such a file belongs into quarantine: not a good picture, nor what the system did not let us read."""
        return self.kind in _MOVABLE


def faults_of(path: Path) -> tuple[Fault, ...]:
    """All that is wrong with a file; one fault at most if it cannot be decoded, none if it is a good picture."""
    try:
        with open_file(path) as file:
            return _look(file, path.suffix.lower())
    except UnreadableImageError as error:
        return (Fault(error.kind, str(error).removeprefix(error.kind).removeprefix(": ")),)
    except OSError as error:
        return (Fault(reason_of(error)),)


def _look(file: BufferedReader, suffix: str) -> tuple[Fault, ...]:
    picture = read_rgb(file, _UNREDUCED)
    file.seek(0)
    with Image.open(file, formats=FORMATS) as image:
        form = str(image.format)
        moves = form in _ANIMATIONS and getattr(image, "is_animated", False)
    found = [Fault(ANIMATED, "only the first frame trains")] if moves else []
    if min(picture.size) < SHORTEST_SIDE:
        found.append(Fault(TINY, f"{picture.width} x {picture.height} pixels"))
    if all(high - low <= _PLAIN_LEVELS for low, high in picture.getextrema()):  # type: ignore[misc]
        found.append(Fault(PLAIN))
    claimed = _claimed_format(suffix)
    if claimed and claimed != _SAME_FORMAT.get(form, form):
        found.append(Fault(MISNAMED, f"it is {form}, not {claimed}"))
    return tuple(found)


def _claimed_format(suffix: str) -> str | None:
    """What a file of this extension should be; None if the extension says nothing."""
    if form := Image.registered_extensions().get(suffix):
        return _SAME_FORMAT.get(form, form)
    return _types.guess_type("name" + suffix)[0]
