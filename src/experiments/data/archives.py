"""Files that torchvision knows the address and checksum of: fetched, checked and unpacked, or left as they are."""

from __future__ import annotations

import contextlib
import io
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock

from experiments.data.errors import DataError
from experiments.data.progress import at_terminal

INCOMING = ".incoming"
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Archive:
    """One file to fetch.

    Attributes:
        addresses: where it can be had, the best first.
        md5: of its content.
        folder: where it belongs and is unpacked, relative to the data set's root.
    """

    addresses: Sequence[str]
    md5: str
    folder: str

    @property
    def name(self) -> str:
        """Of the file: the same at all addresses."""
        return self.addresses[0].rsplit("/", 1)[-1]


def ensure(name: str, root: Path, archives: Sequence[Archive], whole: Callable[[], bool]) -> None:
    """Does nothing if the data set is `whole`; else fetches what is missing, once, whatever number of jobs ask.

    An archive in its place is not fetched. What is fetched is checked and unpacked aside, then renamed.

    Args:
        name: of the option, for the message.
        root: the folder of the data set.
        archives: all that it is made of.
        whole: whether all unpacked files are there.

    Raises:
        DataError: a file is missing and cannot be fetched; the message says where to put it.
    """
    if whole():  # a folder that may only be read needs no lock
        return
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        if whole():
            return
        incoming = root / INCOMING
        incoming.mkdir(exist_ok=True)
        try:
            _complete(name, root, archives, incoming)
        finally:
            shutil.rmtree(incoming)
    if not whole():
        raise DataError(
            f"dataset={name}: {root} lacks files even now that its archives are unpacked. "
            "Move the folder away and run the same command again."
        )


def _complete(name: str, root: Path, archives: Sequence[Archive], incoming: Path) -> None:
    for archive in archives:
        try:
            _fetch(archive, root, incoming)
        except (OSError, RuntimeError, HTTPException) as error:
            raise DataError(_missing(name, root, archives, error)) from error
    for archive in archives:
        _unpack(root / archive.folder / archive.name, incoming / "unpacked")


def _fetch(archive: Archive, root: Path, incoming: Path) -> None:
    """To its place, checked; nothing if a file with the right checksum is there."""
    place = root / archive.folder / archive.name
    if _is_right(place, archive):
        return
    print(f"fetching {archive.addresses[0]}", file=sys.stderr)
    with _quiet(), _time_limit():
        _download(archive, incoming)
    place.parent.mkdir(parents=True, exist_ok=True)
    (incoming / archive.name).replace(place)


def _download(archive: Archive, folder: Path) -> None:
    from torchvision.datasets.utils import download_url

    for address in archive.addresses:
        try:
            download_url(address, str(folder), archive.name, archive.md5)
            return
        except (OSError, RuntimeError, HTTPException):
            if address == archive.addresses[-1]:
                raise


def _unpack(archive: Path, aside: Path) -> None:
    """Each file of the archive, whole, to its place beside the archive."""
    from torchvision.datasets.utils import extract_archive

    shutil.rmtree(aside, ignore_errors=True)  # a killed process may have left half a file there
    aside.mkdir()
    extract_archive(str(archive), str(aside))
    for file in [path for path in aside.rglob("*") if path.is_file()]:
        place = archive.parent / file.relative_to(aside)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)


def _is_right(path: Path, archive: Archive) -> bool:
    from torchvision.datasets.utils import check_integrity

    return bool(check_integrity(str(path), archive.md5))


def _missing(name: str, root: Path, archives: Sequence[Archive], error: BaseException) -> str:
    absent = [one for one in archives if not _is_right(root / one.folder / one.name, one)]
    if type(error) is RuntimeError:  # torchvision's word for a wrong checksum
        why = "what came is damaged (its MD5 is not the known one)"
    else:
        why = str(getattr(error, "reason", None) or error) or type(error).__name__
    lines = [f"      {one.addresses[0]}\n        to {root / one.folder / one.name}" for one in absent]
    files = f"{len(absent)} files are" if len(absent) > 1 else "a file is"
    return "\n".join(
        [
            f"dataset={name}: {files} missing, and could not be fetched: {why}.",
            "    Fetch on a machine that has a network, and copy, not unpacked:",
            *lines,
            "    Then the same command goes on. Or name a folder that has the files: dataset.root=FOLDER",
        ]
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """torchvision's progress bar, on standard error, is for terminals alone."""
    if at_terminal():
        yield
        return
    with contextlib.redirect_stderr(io.StringIO()):
        yield


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """A server that says nothing for so long has failed; torchvision would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
