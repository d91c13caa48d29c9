"""The jobs of a sweep that did not end: what went wrong in each, and the command that trains just them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.reports.table import STATUS_STYLE
from experiments.runs.ending import OVER
from experiments.runs.full_disk import is_scarce, room_at
from experiments.runs.standing import FOREIGN
from experiments.runs.sweep import Sweep

if TYPE_CHECKING:
    from rich.table import Table

AT_MOST = 20
WAITING = ("planned", "running")
LOG = "fit.log"


def unfinished(sweep: Sweep) -> list[dict[str, Any]]:
    """The rows of the jobs that are to be trained still; while the sweep is at work, of those that went wrong."""
    if sweep.is_over:
        return []
    if sweep.is_at_work:
        return went_wrong(sweep)
    return [row for row in sweep.rows() if row["status"] not in OVER]


def went_wrong(sweep: Sweep) -> list[dict[str, Any]]:
    """The rows of the jobs that began and did not end."""
    return [row for row in sweep.rows() if row["status"] not in (*OVER, *WAITING)]


def unfinished_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A row a job: its name, what went wrong, its log."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for header in ("not finished", "what happened", "log"):
        table.add_column(header, overflow="fold")
    for row in rows[:AT_MOST]:
        style = STATUS_STYLE.get(row["status"], "dim")
        table.add_row(Text(row["run"]), Text(what_happened(row), style=style), Text(log_of(row)))
    if len(rows) > AT_MOST:
        table.add_row(f"... {len(rows) - AT_MOST} more in runs.csv ...")
    return table


def what_happened(row: Mapping[str, Any]) -> str:
    """`failed: RuntimeError: ...`, or the status alone."""
    if row["status"] == "planned":
        return "not begun"
    return f"{row['status']}: {row['error']}" if row["error"] else str(row["status"])


def log_of(row: Mapping[str, Any]) -> str:
    """The log of a job, seen from its sweep's folder; nothing if it left none."""
    folder = Path(row["folder"])
    return f"{folder.name}/{LOG}" if (folder / LOG).is_file() else ""


def retry_lines(sweep: Sweep, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The command that trains these jobs and no other, behind what must be done before; none if it would not."""
    if sweep.is_at_work or not any(row["status"] != FOREIGN for row in rows):
        return []
    full = [f"full: {room_at(sweep.path)}; free some space there first"] if is_scarce(sweep.path) else []
    return [*full, f"again: experiments fit --resume {shlex.quote(str(sweep.path))}"]
