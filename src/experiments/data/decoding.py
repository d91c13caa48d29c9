"""Many picture files decoded at once, by threads. Imports no torch."""

from __future__ import annotations

import errno
import os
import stat
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.data.images import NOT_AN_IMAGE, UnreadableImageError, decode, reason_of

LINKED_FOLDER = "a link to a folder is not followed"


def decode_files(
    paths: Sequence[Path], contents: Sequence[str], size: int, done: Callable[[], None] = lambda: None
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Pictures (N, 3, size, size), and for each place that could not be decoded the reason.

    Args:
        paths: N files.
        contents: their SHA-256 in hexadecimal; a file that has another one by now counts as unreadable.
        size: pixels a side.
        done: called, from any thread, after each file.
    """
    pixels = np.empty((len(paths), 3, size, size), np.uint8)

    def fill(place: int) -> str | None:
        try:
            pixels[place] = _decode_file(paths[place], contents[place], size)
        except UnreadableImageError as error:
            return str(error)
        finally:
            done()
        return None

    # Pillow warns of large pictures and odd metadata. Filters are global: set outside the threads.
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as threads:
        warnings.filterwarnings("ignore", module="PIL")
        reasons = list(threads.map(fill, range(len(paths))))
    return pixels, {place: reason for place, reason in enumerate(reasons) if reason is not None}


def hash_files(paths: Sequence[Path]) -> list[str]:
    """The SHA-256 of each file in hexadecimal; empty where it cannot be read: decoding names the reason."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(_hash_file, paths))


def _hash_file(path: Path) -> str:
    try:
        with open_file(path) as file:
            return file_digest(file, "sha256").hexdigest()
    except (OSError, UnreadableImageError):
        return ""


def _decode_file(path: Path, content: str, size: int) -> NDArray[np.uint8]:
    """From the very bytes that were hashed: a file replaced in between must not pass for the old one."""
    try:
        with open_file(path) as file:
            now = file_digest(file, "sha256").hexdigest()
            file.seek(0)
            picture = decode(file, size)
    except OSError as error:
        raise UnreadableImageError(reason_of(error)) from error
    if now != content:
        raise UnreadableImageError("it was changed while it was read")
    return picture


def open_file(path: Path) -> BufferedReader:
    """To be read.

    Raises:
        OSError: it cannot be opened, or is a folder that cannot be listed or is not to be followed.
        UnreadableImageError: it is a pipe or a device.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        next(path.iterdir(), None)  # says why it was not looked into
        raise IsADirectoryError(errno.EISDIR, LINKED_FOLDER)
    if not stat.S_ISREG(mode):  # a pipe would keep us waiting for ever
        raise UnreadableImageError(f"{NOT_AN_IMAGE}: not a regular file")
    return path.open("rb")
