"""The groups of a sweep in the terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.reports import wording
from experiments.reports.comparison.groups import Group

if TYPE_CHECKING:
    from rich.table import Table

AT_MOST = 60
STANDING_STYLE = {"best": "bold green", "worse": "red"}


def group_table(groups: Sequence[Group], score: str) -> Table:
    """Best first: how many runs, their mean and spread, whether they differ from the best, what the doctor says."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    for header in ("runs", score.replace("_", "\n"), "spread"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("against\nthe best", no_wrap=True)
    table.add_column("diagnosis")
    for group in groups[:AT_MOST]:
        table.add_row(
            Text(name(group)),
            runs(group),
            mean(group, score),
            "" if math.isnan(group.spread) else f"± {wording.score(score, group.spread)}",
            Text(standing(group), style=STANDING_STYLE.get(group.standing, "")),
            Text(verdicts(group)),
        )
    if len(groups) > AT_MOST:
        table.add_row(f"... {len(groups) - AT_MOST} more in runs.csv ...")
    return table


def name(group: Group) -> str:
    """What differs, without the seed."""
    return ",".join(f"{key}={value}" for key, value in group.swept.items()) or "all"


def runs(group: Group) -> str:
    """`3`, or `2 of 3` where some did not end."""
    whole = len(group.rows)
    return str(whole) if len(group.scores) == whole else f"{len(group.scores)} of {whole}"


def mean(group: Group, score: str) -> str:
    """The mean score; of a group of which one diverged, that word."""
    return "diverged" if math.isinf(group.mean) else wording.score(score, group.mean)


def standing(group: Group) -> str:
    """`worse, p = 0.003`."""
    if group.chance is None or group.is_best:
        return group.standing
    p = "p < 0.001" if group.chance < 0.001 else f"p = {group.chance:.2g}"
    return f"{group.standing}, {p}"


def verdicts(group: Group) -> str:
    """What the runs were found to be, the most frequent first; what did not end by its status."""
    said = Counter(wording.verdict(row["verdict"] or row["status"]) for row in group.rows)
    return ", ".join(text if count == len(group.rows) else f"{count} {text}" for text, count in said.most_common())
