"""A run's name as the title of its panel."""

import textwrap
from typing import Any

LETTERS = 22  # bold, in a panel of 2.7 inches
LINES_AT_MOST = 3


def in_words(name: str) -> list[str]:
    """The name in words, in as few lines as it takes, and those about equally long; the rest is cut."""
    # A key keeps its underscore: `dataset.subset_fraction=0.1` can be typed as it stands.
    parts = [part if "=" in part else part.replace("_", " ") for part in name.split(",")]
    words = " ".join(", ".join(parts).split()) or name
    fewest = len(_lines(words, LETTERS))
    if fewest > LINES_AT_MOST:
        return _lines(words, LETTERS, max_lines=LINES_AT_MOST, placeholder=" ...")
    longest_word = min(max(map(len, words.split())), LETTERS)
    evenly = (_lines(words, letters) for letters in range(longest_word, LETTERS + 1))
    return next(lines for lines in evenly if len(lines) == fewest)


def _lines(words: str, letters: int, **limit: Any) -> list[str]:
    return textwrap.wrap(words, letters, break_on_hyphens=False, **limit)  # 1e-05 is one number
