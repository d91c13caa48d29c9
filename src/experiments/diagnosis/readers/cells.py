"""One cell of a CSV file: a number, a number that is not finite, or nothing."""

from experiments.diagnosis.curves import Number

ABSENT = frozenset({"", "none", "null", "na", "n/a", "-", "#na#"})
"""What trainers write for "not recorded", in lower case. `nan` is no such word: it was recorded."""


def number(cell: str) -> Number:
    """The cell as a float, NaN and infinities included; None if nothing was recorded.

    Raises ValueError for any other text.
    """
    try:
        return float(cell)
    except ValueError:
        if cell.strip().lower() in ABSENT:
            return None
        raise
