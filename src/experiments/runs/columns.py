"""A run's CSV files as columns of numbers and texts, without pandas: it takes half a second to import."""

import csv
import math
from collections.abc import Sequence, Set
from pathlib import Path

from experiments.runs.files import ENCODING_ERRORS

Column = list[int] | list[float] | list[str]

WHOLE_NUMBERS = frozenset({"epoch", "step"})


def read_columns(path: Path, text: Set[str] = frozenset()) -> dict[str, Column]:
    """The columns of a CSV file by their header, each a list with a value a row.

    `epoch` and `step` are integers; the columns named in `text`, and those with a cell that is no number,
    are texts; the others are floats: `nan`, `inf`, `-inf` are what they say, an empty cell is NaN.
    Raises OSError if the file cannot be read, ValueError if its rows differ in length.
    """
    with path.open(newline="", encoding="utf-8", errors=ENCODING_ERRORS) as file:
        header, *rows = list(csv.reader(file)) or [[]]
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    return {
        name: list(values) if name in text else _parsed(values, name in WHOLE_NUMBERS)
        for name, values in zip(header, cells, strict=True)
    }


def _parsed(cells: Sequence[str], whole: bool) -> Column:
    try:
        return [int(cell) for cell in cells] if whole else [float(cell or math.nan) for cell in cells]
    except ValueError:
        return list(cells)
