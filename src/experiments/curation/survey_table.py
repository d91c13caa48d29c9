"""The survey of a folder as a table for the terminal. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.curation.survey import ClassSurvey, splits

if TYPE_CHECKING:
    from rich.table import Table

SIZES = ("smallest", "median", "largest")


def survey_table(classes: Sequence[ClassSurvey]) -> Table:
    """A row a class: pictures, their share, those of each split that folders fix, sizes in pixels, formats."""
    from rich import box
    from rich.table import Table

    total = sum(len(one.pictures) for one in classes)
    fixed = [split for split in splits(classes) if len(splits(classes)) > 1]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("class", overflow="fold")
    broken = any(one.unreadable for one in classes)
    numbers = ["pictures", "share", *(split or "train" for split in fixed), *SIZES, *["unreadable"] * broken]
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("formats")
    for one in classes:
        parts = [str(one.count(split)) for split in fixed]
        unreadable = [str(len(one.unreadable) or "")] * broken
        share = f"{len(one.pictures) / max(total, 1):.0%}"
        table.add_row(
            one.name, str(len(one.pictures)), share, *parts, *_sizes(one), *unreadable, ", ".join(one.formats)
        )
    return table


def _sizes(one: ClassSurvey) -> list[str]:
    """Those of the picture with the fewest pixels, of the one in the middle and of the one with the most."""
    sizes = one.sizes
    if not sizes:
        return [""] * len(SIZES)
    return [f"{width} x {height}" for width, height in (sizes[0], sizes[len(sizes) // 2], sizes[-1])]
