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
from experiments.data.pixel_store import KIND as PIXELS
from experiments.data.pixel_store import VERSION
from experiments.data.row_index import RowIndex
from experiments.data.row_store import INDEX, ROWS, clear

FEATURES, BODIES = "features", "bodies"

_STORES = {
    PIXELS: re.compile(r"(?P<size>\d+)px_v(?P<version>\d+)"),
    FEATURES: re.compile(r"(?P<architecture>\w+)_(?P<size>\d+(x\d+)?)px_(?P<hash>[0-9a-f]{12})"),
}
_ASIDE = ".removed"


@dataclass(frozen=True)
class Kept:
    """One thing in the cache.

    Attributes:
        kind: the folder that it lies in.
        name: of the thing, to be shown.
        path: file or folder.
        count: how many things it holds.
        noun: what they are, such as `picture`.
        size: bytes.
    """

    kind: str
    name: str
    path: Path
    count: int
    noun: str
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
    if pattern := _STORES.get(kind):
        stores = [_store(kind, path, match) for path in things if (match := pattern.fullmatch(path.name))]
        return sorted((store for store in stores if store), key=lambda store: _natural(store.name))
    return [_other(kind, path) for path in things]


def remove(thing: Kept) -> bool:
    """Removes it, unless another process is at work on it: then nothing is changed.

    Raises:
        OSError: if it cannot be removed.
    """
    if thing.kind in _STORES:
        clear(thing.path)  # a writer holds the lock for one block alone
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


def _store(kind: str, path: Path, match: re.Match[str]) -> Kept | None:
    """A row store; None if it is empty, as after clearing."""
    if not any((path / name).exists() for name in (INDEX, ROWS)):
        return None
    try:
        count = len(RowIndex.from_bytes((path / INDEX).read_bytes()))
    except (OSError, ValueError):  # killed before its first block, or damaged: the next writer begins anew
        count = 0
    _, size = _extent(path)
    if kind == FEATURES:
        name = f"{match['architecture']}, {match['size']} px, {match['hash']}"
        return Kept(kind, name, path, count, "image", size)
    of_another = "" if int(match["version"]) == VERSION else " (of another version)"
    return Kept(kind, f"{match['size']} px{of_another}", path, count, "picture", size)


def _other(kind: str, path: Path) -> Kept:
    files, size = _extent(path)
    # A body is named by its hash: as much of it as tells one from another.
    name = path.name[:12] if kind == BODIES and path.suffix == ".safetensors" else path.name
    return Kept(kind, name, path, files, "file", size)


def _natural(name: str) -> list[tuple[int, str]]:
    """To sort by numbers where there are numbers: 32 px before 224 px."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _extent(path: Path) -> tuple[int, int]:
    """Files and bytes; what vanishes meanwhile does not count."""
    files = size = 0
    for one in [path, *path.rglob("*")] if not path.is_symlink() else []:
        with contextlib.suppress(OSError):
            if one.is_file():
                files, size = files + 1, size + one.lstat().st_size
    return files, size
