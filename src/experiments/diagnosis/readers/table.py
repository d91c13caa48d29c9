"""A text file as a header and rows, whatever the separator, the byte order mark and the line ends."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from experiments.diagnosis.curves import Number
from experiments.diagnosis.readers.cells import number
from experiments.diagnosis.readers.unreadable import ALLOWED, Unreadable, refused

SEPARATORS = (",", ";", "\t")
TEXT_WITH_ZEROS = (b"\xff\xfe", b"\xfe\xff")
"""How UTF-16 begins, which PowerShell writes; any other file with zero bytes is no text."""


class Row(NamedTuple):
    """A row's cells, stripped, as many as the header has; `line` counts from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A file's columns by name and its rows in order; a header that is repeated is no row."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def numbers(self, column: str) -> list[Number]:
        """A column's numbers, None for an empty cell. Raises Unreadable for text, with its line."""
        place = self.header.index(column)
        try:
            return [float(row.cells[place]) for row in self.rows]  # the usual case, a third faster on long files
        except ValueError:
            pass
        return [self._number(row, place) for row in self.rows]

    def _number(self, row: Row, place: int) -> Number:
        try:
            return number(row.cells[place])
        except ValueError:
            raise Unreadable(
                self.path,
                f"line {row.line}, column {self.header[place]}: {_cut(row.cells[place])!r} is no number\n"
                "allowed: a number, nan, inf, or an empty cell where nothing was recorded",
            ) from None


def read_table(path: Path) -> Table:
    """The file's table.

    Raises Unreadable if it may not be read, is binary, empty, holds a header alone, or has rows that differ from
    its header in length.
    """
    lines = _text(path).splitlines()
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise Unreadable(path, f"is empty: no training has written to it yet\nallowed: {ALLOWED}")
    separator = max(SEPARATORS, key=first.count)
    try:
        header, *rows = [*_rows(lines, separator)] or [Row(1, ())]
    except csv.Error as error:
        raise Unreadable(path, f"is no history CSV: {error}\nallowed: {ALLOWED}") from error
    rows = [_fitted(path, row, len(header.cells)) for row in rows if row.cells != header.cells]
    return Table(path, header.cells, tuple(rows))


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise Unreadable(path, f"is no plain file\nallowed: {ALLOWED}; write what a pipe gives to a file first")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise refused(path, error) from error
    if content.startswith(TEXT_WITH_ZEROS):
        return content.decode("utf-16", "replace")
    if b"\0" in content:
        raise Unreadable(path, f"is a binary file, no history CSV\nallowed: {ALLOWED}")
    return content.decode("utf-8-sig", "replace")


def _rows(lines: list[str], separator: str) -> Iterator[Row]:
    """The rows that are not blank. Where a semicolon separates, a comma may be the decimal point."""
    reader = csv.reader(lines, delimiter=separator)
    for cells in reader:
        found = tuple([cell.strip() for cell in cells])
        if separator == ";":
            found = tuple([cell.replace(",", ".") for cell in found])
        if any(found):
            yield Row(reader.line_num, found)


def _fitted(path: Path, row: Row, width: int) -> Row:
    """The row without empty cells behind the last column."""
    if len(row.cells) == width:
        return row
    cells, rest = row.cells[:width], row.cells[width:]
    if len(cells) < width or any(rest):
        raise Unreadable(
            path,
            f"line {row.line} has {_counted(len(row.cells))}, the header has {width}\n"
            "allowed: rows as long as the header; an empty cell where nothing was recorded",
        )
    return Row(row.line, cells)


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _cut(cell: str) -> str:
    return cell if len(cell) <= 40 else cell[:37] + "..."
