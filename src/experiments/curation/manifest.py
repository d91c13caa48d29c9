"""`ROOT/manifest.csv`: what became of each address."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import astuple, dataclass
from hashlib import file_digest
from pathlib import Path

from experiments.data.errors import DataError
from experiments.runs.files import ENCODING_ERRORS, write_csv

COLUMNS = ["url", "class", "file", "sha256", "status", "reason"]
NAME = "manifest.csv"
DOWNLOADED, DUPLICATE, FAILED, REFUSED = "downloaded", "duplicate", "failed", "refused"
STATUSES = (DOWNLOADED, DUPLICATE, FAILED, REFUSED)
OURS = (NAME, "quarantine.csv")
"""Files above the class folders, in the root or in quarantine: no class can have such a name."""
QUARANTINE = ".quarantine"
"""Where `data verify --quarantine` puts what it finds bad, below the root; it need not be fetched again."""


@dataclass(frozen=True)
class Row:
    """One address.

    Attributes:
        url: as it stands in the list.
        label: the class.
        file: the picture, relative to the root; for a duplicate the file that is the same; empty if there is none.
        sha256: of the file's content; empty if there is none.
        status: `downloaded`, `duplicate`, `failed` (asked, and got no picture) or `refused` (not asked).
        reason: why it is not `downloaded`; what differs from one address to another stands in brackets.
    """

    url: str
    label: str
    file: str
    sha256: str
    status: str
    reason: str = ""


_limit_lock = threading.Lock()


def parse_csv(text: str) -> list[list[str]]:
    """The rows, however long a cell is, with the line ends within cells as they are.

    Raises:
        csv.Error: it is no CSV.
    """
    with _limit_lock:
        before = csv.field_size_limit(2**31 - 1)  # of the whole process: so it goes back to what it was
        try:
            return list(csv.reader(io.StringIO(text, newline="")))
        finally:
            csv.field_size_limit(before)


def read_manifest(root: Path) -> list[Row]:
    """The rows that an earlier download left; none if there is no manifest.

    Raises:
        DataError: there is a file of this name, and it is something else.
        OSError: it cannot be read.
    """
    path = root / NAME
    if not path.exists():
        return []
    text = path.read_bytes().decode("utf-8", ENCODING_ERRORS)
    try:
        header, *rows = parse_csv(text)
    except (csv.Error, ValueError):
        header, rows = [], []
    if header != COLUMNS or any(len(row) != len(COLUMNS) or row[4] not in STATUSES for row in rows):
        raise DataError(
            f"{path} is not what a download leaves: its columns must be {','.join(COLUMNS)}, its status one of "
            f"{', '.join(STATUSES)}. Move it away: it would be overwritten."
        )
    return [Row(*row) for row in rows]


def write_manifest(root: Path, rows: list[Row]) -> None:
    """Writes the manifest whole."""
    write_csv(root / NAME, COLUMNS, map(astuple, rows))


def is_held(row: Row, root: Path, *, content: bool) -> bool:
    """Whether the row's picture is in its place or in quarantine; with `content` also that it is still the same."""
    places = [root / row.file, root / QUARANTINE / row.file]
    found = next((place for place in places if place.is_file()), None)
    return found is not None and (not content or hash_of(found) == row.sha256)


def hash_of(file: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
