"""From lists of addresses to class folders and a manifest; may be killed at any moment and started again."""

from __future__ import annotations

import sys
import warnings
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
from experiments.curation.journal import Journal, Outcome
from experiments.curation.manifest import DOWNLOADED, FAILED, REFUSED, Row, read_manifest, write_manifest
from experiments.curation.placement import Placement
from experiments.data.errors import DataError
from experiments.data.progress import progress

LOCK = ".download.lock"


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
            whether they are still the same; without this a complete download is left as it is.

    Raises:
        DataError: `root` is a file, or has a manifest of something else.
        OSError: a file cannot be written.
    """
    if root.exists() and not root.is_dir():
        raise DataError(f"{root} is a file. ROOT is the folder where the class folders are made: give another name.")
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
    got = {row.label for row in rows if row.status == DOWNLOADED}
    return Downloaded(rows, len(missing), [label for label in lists.classes if label not in got])


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
        return Outcome(url, status=REFUSED if error.refused else FAILED, reason=str(error))
    return Outcome(url, picture.sha256, picture.suffix)


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
