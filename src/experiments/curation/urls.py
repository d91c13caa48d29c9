"""The source `urls`: lists of addresses, downloaded once before training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from experiments.curation.addresses import expanded, read_addresses
from experiments.curation.download import Network, download
from experiments.curation.manifest import FAILED, NAME, REFUSED, read_manifest
from experiments.data.errors import DataError
from experiments.data.folder import Folder
from experiments.data.pool import Pool


@dataclass(frozen=True)
class Urls:
    """Photographs that lists of addresses name, as (3, image_size, image_size) uint8.

    Attributes:
        root: the folder to download into; `~` is expanded.
        image_size: pixels a side.
        urls: a folder of text files, an address a line, or a CSV with the columns url and class.
        max_per_class: only the first so many addresses of each class; None: all.
        workers: downloads at the same time.
        timeout: seconds for one picture.
        allow_private: also fetch from addresses in private networks.
    """

    root: str
    urls: str
    image_size: int = 224
    max_per_class: int | None = None
    workers: int = 16
    timeout: float = 30.0
    allow_private: bool = False

    def prepare(self) -> None:
        """Downloads what is missing, once however many jobs ask; only reads where a download is complete.

        Addresses that failed in it are asked again only by `experiments data download`, or if a class has no picture.

        Raises:
            DataError: if the lists cannot be used, or a class got no picture.
            OSError: if a file cannot be read or written.
        """
        try:
            root = expanded(Path(self.root))
        except DataError as error:  # begins with the path
            raise DataError(f"dataset.root={error}") from None
        try:
            lists = read_addresses(Path(self.urls), self.max_per_class)
        except DataError as error:  # begins with the path
            raise DataError(f"dataset.urls={error}") from None
        network = Network(self.workers, self.timeout, self.allow_private)
        done = download(lists, root, network, again=False)
        if done.without and not done.asked:  # nothing can be trained so; since then something may have changed
            done = download(lists, root, network, again=True)
        if done.without:
            why = next(row.reason for row in done.rows if row.label in done.without)
            private = " (and dataset.allow_private=true here)" if "--allow-private" in why else ""
            lacking = ", ".join(done.without)
            raise DataError(
                f"dataset.urls={self.urls}: no picture for {lacking}, the first because: {why}; "
                f"{root / NAME} has all reasons. To try again: experiments data download {self.urls} {self.root}"
                f"{private}"
            )

    def load(self) -> Pool:
        """Every readable picture below `root`, decoded; `prepare` comes first.

        Raises:
            DataError: if there are fewer than two classes with readable images.
        """
        pool = Folder(self.root, self.image_size).load()
        rows = read_manifest(Path(self.root).expanduser())
        lost = sum(row.status in (FAILED, REFUSED) for row in rows)
        if not lost:
            return pool
        notice = f"{lost} of {len(rows)} addresses gave no picture: {Path(self.root) / NAME} says why."
        return replace(pool, notices=[*pool.notices, notice])
