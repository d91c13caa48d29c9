"""What lies in the cache folder, and how it is removed. Imports no torch."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments.data.cache_folder import TAG, cache_root
from experiments.data.pixel_index import PixelIndex
from experiments.data.pixel_store import FILES, KIND, VERSION, PixelStore

_STORE = re.compile(r"(\d+)px_v(\d+)")
_ASIDE = ".removed"


@dataclass(frozen=True)
class Kept:
    """One thing in the cache.

    Attributes:
        kind: the folder that it lies in.
        name: of the thing, to be shown.
        path: file or folder.
        pictures: in a pixel store, else None.
        files: how many it is made of.
        size: bytes.
    """

    kind: str
    name: str
    path: Path
    pictures: int | None
    files: int
    size: int


def kinds() -> list[str]:
    """The kinds of things that are kept: folders of the cache that were made here."""
    try:
        return sorted(path.name for path in cache_root().iterdir() if (path / TAG).is_file())
    except OSError:
        return []


def kept(kind: str) -> list[Kept]:
    """All there is of a kind.

    Raises:
        OSError: if it cannot be listed.
    """
    things = [path for path in sorted((cache_root() / kind).iterdir()) if path.name != TAG and not _is_lock(path)]
    if kind == KIND:
        stores = [(path, match) for path in things if (match := _STORE.fullmatch(path.name))]
        stores.sort(key=lambda store: int(store[1][1]))
        used = [(path, match) for path, match in stores if any((path / name).exists() for name in FILES)]
        return [_store(path, int(match[1]), int(match[2])) for path, match in used]
    return [Kept(kind, path.name, path, None, *_extent(path)) for path in things]


def remove(thing: Kept) -> bool:
    """Removes it, unless another process is at work on it: then nothing is changed.

    Raises:
        OSError: if it cannot be removed.
    """
    if thing.kind == KIND:
        PixelStore(thing.path, 0).clear()  # a writer holds the lock for moments alone
        return True
    with _locks_of(thing.path) as free:
        if free:
            _remove(thing.path)
    return free


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    # Renamed first: nobody shall find half of a data set.
    aside = path.with_name(f"{_ASIDE}.{os.getpid()}.{path.name.removeprefix(_ASIDE)}")
    path.rename(aside)
    shutil.rmtree(aside)


@contextlib.contextmanager
def _locks_of(path: Path) -> Iterator[bool]:
    """Holds the lock files beside and in it; whether all of them were free."""
    from filelock import FileLock, Timeout

    found = [lock for folder in (path.parent, path) if folder.is_dir() for lock in folder.iterdir() if _is_lock(lock)]
    with contextlib.ExitStack() as stack:
        try:
            for lock in found:
                stack.enter_context(FileLock(lock, timeout=0))
        except Timeout:
            yield False
        else:
            yield True


def _is_lock(path: Path) -> bool:
    return path.name.endswith(".lock") and path.is_file()


def _store(path: Path, size: int, version: int) -> Kept:
    try:
        pictures = len(PixelIndex.from_bytes((path / "index").read_bytes()))
    except (OSError, ValueError):  # killed before its first block, or damaged: the next writer begins anew
        pictures = 0
    name = f"{size} px" if version == VERSION else f"{size} px (of another version)"
    return Kept(KIND, name, path, pictures, *_extent(path))


def _extent(path: Path) -> tuple[int, int]:
    """Files and bytes; what vanishes meanwhile does not count."""
    files = size = 0
    for one in [path, *path.rglob("*")] if not path.is_symlink() else []:
        with contextlib.suppress(OSError):
            if one.is_file():
                files, size = files + 1, size + one.lstat().st_size
    return files, size
