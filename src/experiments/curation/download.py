"""From lists of addresses to class folders and a manifest; may be killed at any moment and started again."""

from __future__ import annotations

import os
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from experiments.curation.addresses import Address, Lists
from experiments.curation.background import in_background
from experiments.curation.failures import FetchError
from experiments.curation.fetch import Fetcher
from experiments.curation.journal import Journal, Outcome, is_open
from experiments.curation.manifest import DOWNLOADED, FAILED, REFUSED, Row, is_held, read_manifest, write_manifest
from experiments.curation.placement import Placement
from experiments.data.errors import DataError
from experiments.data.progress import progress

LOCK = ".download.lock"
_LONGEST_REASON = 500


@dataclass(frozen=True)
class Network:
    """How to fetch: downloads at the same time, seconds for one picture, whether private networks are asked."""

    workers: int = 16
    timeout: float = 30.0
    allow_private: bool = False

    def fetcher(self) -> Fetcher:
        """What does it."""
        return Fetcher(self.timeout, self.workers, allow_private=self.allow_private)


@dataclass(frozen=True)
class Downloaded:
    """What came of it.

    Attributes:
        rows: of the manifest that belong to the lists, in their order.
        asked: how many addresses were asked now; the others were known already.
        without: classes that got no picture.
    """

    rows: list[Row]
    asked: int
    without: list[str]


def download(lists: Lists, root: Path, network: Network, *, again: bool = True) -> Downloaded:
    """Fetches what is missing below `root`, and writes the manifest. A second process waits until the first is done.

    Identical pictures are kept once: in the class of the address that stands first in the lists.

    Args:
        lists: the addresses.
        root: made if it is not there; the classes' folders are made in it.
        network: how to fetch.
        again: ask addresses once more that failed in an earlier download, and look into the files that are there
            whether they are still the same; without this a complete download is only read.

    Raises:
        DataError: `root` is a file, or has a manifest of something else, or a file where a class's folder belongs.
        OSError: a file cannot be written.
    """
    if root.exists() and not root.is_dir():
        raise DataError(f"{root} is a file. ROOT is the folder where the class folders are made: give another name.")
    if not again and (rows := _complete(lists.addresses, root)) is not None:
        return _downloaded(lists, rows, 0)
    for label in lists.classes:
        if os.path.lexists(root / label) and not (root / label).is_dir():
            raise DataError(
                f"{root / label} is a file, and the pictures of the class {label} belong into a folder of this name: "
                "move it away, or give the class another name."
            )
    with _naming(root):
        return _download(lists, root, network, again=again)


def _download(lists: Lists, root: Path, network: Network, *, again: bool) -> Downloaded:
    root.mkdir(parents=True, exist_ok=True)
    with _alone(root):
        old = read_manifest(root)
        journal = Journal(root)
        placement = Placement(root, journal, [row for row in old if row.status == DOWNLOADED], content=again)
        known = _known(old, journal, placement, again=again)
        missing = [url for url in dict.fromkeys(address.url for address in lists.addresses) if url not in known]
        rows = _rows(lists.addresses, known, missing, network, placement)
        manifest = [*rows, *placement.not_listed()]
        if manifest != old:
            write_manifest(root, manifest)
        journal.remove()
    return _downloaded(lists, rows, len(missing))


def _downloaded(lists: Lists, rows: list[Row], asked: int) -> Downloaded:
    got = {row.label for row in rows if row.status == DOWNLOADED}
    return Downloaded(rows, asked, [label for label in lists.classes if label not in got])


def _complete(addresses: list[Address], root: Path) -> list[Row] | None:
    """The rows of these addresses if nothing is left to be done, else None. Writes nothing: a folder may be read-only.

    The manifest may have further rows, of addresses that the lists do not name, or not any more.
    """
    rows = defaultdict(list)
    for row in reversed(read_manifest(root)):
        rows[row.url, row.label].append(row)
    try:
        found = [rows[address.url, address.label].pop() for address in addresses]
    except IndexError:
        return None
    whole = all(is_held(row, root, content=False) for row in found if row.sha256)
    return found if whole and not is_open(root) else None


def _known(old: list[Row], journal: Journal, placement: Placement, *, again: bool) -> dict[str, Outcome]:
    """The addresses that need not be asked, by address."""
    failed = [Outcome(row.url, status=row.status, reason=row.reason) for row in old if row.status in (FAILED, REFUSED)]
    pictures = [Outcome(row.url, row.sha256, Path(row.file).suffix) for row in old if row.sha256]
    known = {} if again else {outcome.url: outcome for outcome in failed}
    known |= {outcome.url: outcome for outcome in pictures}
    known |= journal.outcomes
    return {url: outcome for url, outcome in known.items() if not outcome.sha256 or placement.has(outcome)}


def _rows(
    addresses: list[Address], known: dict[str, Outcome], missing: list[str], network: Network, placement: Placement
) -> list[Row]:
    """In the order of the lists, whichever picture comes first: so that the result is always the same."""
    if not missing:
        return [placement.row(address, known[address.url]) for address in addresses]
    with _fetching(missing, network, placement.journal) as outcomes:
        return [placement.row(one, known.get(one.url) or outcomes[one.url].result()) for one in addresses]


@contextmanager
def _fetching(urls: list[str], network: Network, journal: Journal) -> Iterator[Mapping[str, Future[Outcome]]]:
    fetcher = network.fetcher()
    with warnings.catch_warnings(), progress("downloading", len(urls)) as advance:
        # Pillow warns of large pictures and odd metadata. Filters are global: set outside the threads.
        warnings.filterwarnings("ignore", module="PIL")

        def fetch(url: str) -> Outcome:
            try:
                return _fetch(url, fetcher, journal)
            finally:
                advance()

        try:
            with in_background(fetch, urls, network.workers) as outcomes:
                yield outcomes
        finally:
            fetcher.close()


def _fetch(url: str, fetcher: Fetcher, journal: Journal) -> Outcome:
    """Runs in many threads."""
    part = journal.new_part()
    try:
        outcome = _outcome(url, fetcher, part)
        if fetcher.stopped.is_set():  # nobody waits for it: another download may be at work in this folder by now
            raise FetchError("stopped")
        if outcome.sha256:
            part.replace(journal.staged(outcome))
    finally:
        part.unlink(missing_ok=True)
    journal.fetched(outcome)
    return outcome


def _outcome(url: str, fetcher: Fetcher, part: Path) -> Outcome:
    try:
        picture = fetcher.fetch(url, part)
    except FetchError as error:
        return Outcome(url, status=REFUSED if error.refused else FAILED, reason=_short(str(error)))
    return Outcome(url, picture.sha256, picture.suffix)


def _short(reason: str) -> str:
    """What a server sends can be long, and stands in a table."""
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."


@contextmanager
def _naming(root: Path) -> Iterator[None]:
    """Errors of files name the folder where they do not say which file: on a full disk they do not."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(root)
        raise


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """While no other process downloads into this folder."""
    lock = filelock.FileLock(root / LOCK)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        print(f"waiting for another download into {root}", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
