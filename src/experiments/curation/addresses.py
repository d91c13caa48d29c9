"""Lists of addresses of pictures, as a user keeps them: a text file a class, or one CSV."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from experiments.curation.manifest import OURS, parse_csv
from experiments.data.errors import DataError

LONGEST = 8000
"""Characters of an address that can be asked; what is longer is a picture within the address (data:), or damaged."""
PREFIX = "urls_"
_ALLOWED = (
    "It must be a folder with a text file for each class (black.txt or urls_black.txt, an address a line), "
    "or a CSV file with the columns url and class"
)


@dataclass(frozen=True)
class Address:
    """Where a picture is, and the class that it shows.

    Attributes:
        url: as it stands in the list; one of more than LONGEST characters is cut, and still longer than that.
        label: the class.
    """

    url: str
    label: str


@dataclass(frozen=True)
class Lists:
    """All addresses in the order of the lists, and the classes, those without an address too."""

    classes: list[str]
    addresses: list[Address]


def read_addresses(urls: Path, max_per_class: int | None = None) -> Lists:
    """The addresses in a folder of text files, or in a CSV; `max_per_class` keeps the first so many of each class.

    Blank lines and lines that begin with `#` do not count.

    Raises:
        DataError: nothing there, no address in it, or a class that cannot be the name of a folder.
        OSError: a file cannot be read.
    """
    urls = expanded(urls)
    if not urls.exists():
        raise DataError(f"{urls}: there is no such file or folder. {_ALLOWED}.")
    classes, found = _from_folder(urls) if urls.is_dir() else _from_csv(urls)
    addresses = [Address(_cut(address.url), address.label) for address in found]
    for label in classes:
        _check_label(label, urls)
    if not addresses:
        raise DataError(f"{urls} has no address in it. {_ALLOWED}.")
    return Lists(classes, _first_of_each(addresses, max_per_class))


def expanded(path: Path) -> Path:
    """With the home folder for a `~`.

    Raises:
        DataError: there is none.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise DataError(
            f"{path} names a user without a home folder: write the path in full, or ./{path} for what has this name."
        ) from None


def _cut(url: str) -> str:
    """Different addresses stay different, and the same address is the same at the next download."""
    if len(url) <= LONGEST:
        return url
    return f"{url[:LONGEST]}... ({len(url)} characters, SHA-256 {sha256(url.encode()).hexdigest()[:16]})"


def _from_folder(folder: Path) -> tuple[list[str], list[Address]]:
    files = sorted(path for path in folder.glob("*.txt") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise DataError(f"{folder} has no text file (.txt) in it. {_ALLOWED}.")
    lists = [(file.stem.removeprefix(PREFIX), _lines(_text(file))) for file in files]
    addresses = [Address(line, label) for label, lines in lists for line in lines]
    return _distinct(label for label, _ in lists), addresses


def _from_csv(file: Path) -> tuple[list[str], list[Address]]:
    try:
        table = parse_csv(_text(file))
    except csv.Error as error:
        raise DataError(f"{file} is no CSV file: {error}. {_ALLOWED}.") from None
    rows = [[cell.strip() for cell in row] for row in table if row and not row[0].lstrip().startswith("#")]
    header = [name.lower() for name in rows[0]] if rows else []
    if not {"url", "class"} <= set(header):
        columns = ", ".join(rows[0])[:80] if rows else "nothing"
        raise DataError(f"{file} begins with {columns}, and not with the columns url,class. {_ALLOWED}.")
    url, label = header.index("url"), header.index("class")
    filled = [row + [""] * len(header) for row in rows[1:]]  # a class that is missing shall be told of, not passed over
    addresses = [Address(row[url], row[label]) for row in filled if row[url]]
    return _distinct(address.label for address in addresses), addresses


def _text(file: Path) -> str:
    """UTF-8, or the UTF-16 that a Windows shell writes; other bytes only spoil the address that they are in."""
    content = file.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8-sig", errors="replace")


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _check_label(label: str, urls: Path) -> None:
    if not label:
        raise DataError(f"{urls} has an address without a class. Write the class beside each address.")
    if label.casefold() in OURS:
        raise DataError(
            f"{urls}: the class {label!r} cannot be the name of a folder: a file of ours has this name. "
            "Give the class another name."
        )
    forbidden = label.startswith(".") or not label.isprintable() or any(sign in label for sign in "/\\")
    if forbidden or len(label.encode()) > 200:
        raise DataError(
            f"{urls}: the class {label[:80]!r} cannot be the name of a folder. "
            "A class has at most 200 bytes, no slash or backslash, and no point at its start: give it another name."
        )


def _distinct(labels: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(labels))


def _first_of_each(addresses: list[Address], most: int | None) -> list[Address]:
    seen: Counter[str] = Counter()
    kept = []
    for address in addresses:
        seen[address.label] += 1
        if most is None or seen[address.label] <= most:
            kept.append(address)
    return kept
