"""`experiments data download`: lists of addresses to class folders, and what became of each address."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.verbs.codes import DONE, FAILED

if TYPE_CHECKING:
    from experiments.curation.manifest import Row


def download(
    urls: Path, root: Path, max_per_class: int | None, workers: int, timeout: float, allow_private: bool
) -> int:
    """The subverb; 1 if a class got no picture.

    Raises:
        DataError: the lists or the folder cannot be used.
        OSError: a file cannot be read or written.
    """
    from experiments.curation import download as curation
    from experiments.curation.addresses import expanded, read_addresses
    from experiments.curation.fetch import has_proxy
    from experiments.data.scan import shown

    root = expanded(root)
    lists = read_addresses(urls, max_per_class)
    if has_proxy() and not allow_private:
        print("note: without --allow-private the proxy of this machine is not used: it could lead", file=sys.stderr)
        print("into a private network, and that cannot be checked from here", file=sys.stderr)
    try:
        done = curation.download(lists, root, curation.Network(workers, timeout, allow_private))
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        raise
    print(summary(done.rows, lists.classes))
    print(f"\naddresses asked now: {done.asked} of {len(done.rows)}")
    print(f"what became of each: {shown(str(root / 'manifest.csv'))}")
    for label in done.without:
        print(f"error: class {label} got no picture; the manifest says why", file=sys.stderr)
    return FAILED if done.without else DONE


def summary(rows: list[Row], classes: list[str]) -> str:
    """Two tables: what became of the addresses of each class, and the reasons, the commonest first."""
    from experiments.curation.manifest import DOWNLOADED, STATUSES

    counts = Counter((row.label, row.status) for row in rows)
    table = [["class", *STATUSES]]
    table += [[label, *(str(counts[label, status]) for status in STATUSES)] for label in classes]
    if len(classes) > 1:
        totals = Counter(row.status for row in rows)
        table.append(["all", *(str(totals[status]) for status in STATUSES)])
    text = _aligned(table)
    # What stands in brackets differs from one address to another.
    reasons = Counter(row.reason.partition(" (")[0] for row in rows if row.status != DOWNLOADED)
    if reasons:
        text += "\n\n" + _aligned([["reason", "addresses"], *([why, str(n)] for why, n in reasons.most_common())])
    return text


def _aligned(table: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(_line(row, widths) for row in table)


def _line(row: Iterable[str], widths: list[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])
