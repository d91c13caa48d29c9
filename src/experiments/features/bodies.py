"""Frozen bodies on disk: one copy of the bytes, and a hard link to it in every run that has that body.

A hard link is a whole file of its own name: a run that is copied or moved takes the bytes along, and clearing the
cache takes them from no run. What links share, beside the bytes, is the permissions. The file may only be read, as
git's objects may, so that no program that opens a run's file to write into it changes the body of all the others;
replacing or removing a run's file changes nothing but that run.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from experiments.data.cache_folder import cache_folder
from experiments.data.errors import DataError
from experiments.runs.files import link_file, write_bytes

KIND = "bodies"

log = logging.getLogger(__name__)

_Identity = tuple[int, int, int, int]

_known: dict[str, dict[Path, _Identity]] = {}
"""Files that this process wrote or compared byte by byte, by the hash of the body, as they were then."""


def share_body(state: Mapping[str, Tensor], body_hash: str, to: Path) -> None:
    """Write a body's state to the safetensors file `to`, sharing the bytes on disk with all that have the same.

    They are kept in the cache folder. Where that lies on another file system, the runs of this process share one
    copy; where nothing can be shared at all, the file is one of its own.

    Args:
        state: contiguous tensors on the CPU, by name.
        body_hash: of the content, 64 hex digits; the same hash says the same state.
        to: the file; one that is there is replaced.

    Raises:
        OSError: if it cannot be written.
    """
    for copy in _copies(state, body_hash):
        with contextlib.suppress(OSError):  # another file system, or one without hard links
            link_file(copy, to)
            return
    _write(to, state, body_hash)


def _copies(state: Mapping[str, Tensor], body_hash: str) -> Iterator[Path]:
    """Files with exactly this state: the cache's, then those that runs of this process wrote."""
    cached = _cached(state, body_hash)
    if cached is not None:
        yield cached
    yield from [path for path in _known.get(body_hash, {}) if path != cached and _is_known(path, body_hash)]


def _cached(state: Mapping[str, Tensor], body_hash: str) -> Path | None:
    """The copy in the cache, written if it is not there or damaged; None where nothing can be kept."""
    try:
        copy = cache_folder(KIND) / f"{body_hash}.safetensors"
        if not _is_known(copy, body_hash):
            if _holds(copy, state):
                _remember(copy, body_hash)
            else:
                if copy.exists():
                    log.warning("%s is damaged; it is written again", copy)
                _write(copy, state, body_hash)
    except (OSError, DataError) as error:
        log.warning("the frozen body is not kept in the cache: %s", error)
        return None
    return copy


def _write(path: Path, state: Mapping[str, Tensor], body_hash: str) -> None:
    write_bytes(path, save(dict(state)))
    with contextlib.suppress(OSError):  # not every file system has permissions
        path.chmod(path.stat().st_mode & 0o444)
    _remember(path, body_hash)


def _holds(path: Path, state: Mapping[str, Tensor]) -> bool:
    """Whether a file holds this state, byte for byte: 0.1 s for the 94 MB of a resnet50."""
    if path.is_symlink() or not path.is_file():  # a link to a symbolic link would be one
        return False
    try:
        with safe_open(path, framework="pt") as file:
            return set(file.keys()) == set(state) and all(
                _same_bytes(file.get_tensor(name), tensor) for name, tensor in state.items()
            )
    except (OSError, SafetensorError):
        return False


def _same_bytes(one: Tensor, other: Tensor) -> bool:
    # As bytes, since a NaN does not equal itself.
    return (one.dtype, one.shape) == (other.dtype, other.shape) and torch.equal(
        one.reshape(-1).view(torch.uint8), other.reshape(-1).view(torch.uint8)
    )


def _remember(path: Path, body_hash: str) -> None:
    identity = _identity(path)
    if identity is not None:
        _known.setdefault(body_hash, {})[path] = identity


def _is_known(path: Path, body_hash: str) -> bool:
    """Whether it is still the file that was written or compared, and nobody has written into it."""
    known = _known.get(body_hash, {}).get(path)
    return known is not None and known == _identity(path)


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
