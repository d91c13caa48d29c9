"""Lists of addresses of pictures, as a user keeps them: a text file a class, or one CSV."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from experiments.data.errors import DataError

PREFIX = "urls_"
_ALLOWED = (
    "It must be a folder with a text file for each class (black.txt or urls_black.txt, an address a line), "
    "or a CSV file with the columns url and class"
)


@dataclass(frozen=True)
class Address:
    """Where a picture is, and the class that it shows."""

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
    urls = urls.expanduser()
    if not urls.exists():
        raise DataError(f"{urls}: there is no such file or folder. {_ALLOWED}.")
    classes, addresses = _from_folder(urls) if urls.is_dir() else _from_csv(urls)
    for label in classes:
        _check_label(label, urls)
    if not addresses:
        raise DataError(f"{urls} has no address in it. {_ALLOWED}.")
    return Lists(classes, _first_of_each(addresses, max_per_class))


def _from_folder(folder: Path) -> tuple[list[str], list[Address]]:
    files = sorted(path for path in folder.glob("*.txt") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise DataError(f"{folder} has no text file (.txt) in it. {_ALLOWED}.")
    lists = [(file.stem.removeprefix(PREFIX), _lines(_text(file))) for file in files]
    addresses = [Address(line, label) for label, lines in lists for line in lines]
    return _distinct(label for label, _ in lists), addresses


def _from_csv(file: Path) -> tuple[list[str], list[Address]]:
    try:
        table = list(csv.reader(io.StringIO(_text(file), newline="")))
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
    forbidden = label.startswith(".") or not label.isprintable() or any(sign in label for sign in "/\\")
    if forbidden or len(label.encode()) > 200:
        raise DataError(
            f"{urls}: the class {label!r} cannot be the name of a folder. "
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
