"""A sweep as a table: in the terminal, and as `runs.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.reports import wording
from experiments.runs.files import write_csv
from experiments.runs.sweep import Sweep

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

ANSWER_STYLE = {"confirmed": "green", "refuted": "red", "within noise": "yellow"}
STATUS_STYLE = {
    "failed": "red",
    "killed": "red",
    "damaged": "red",
    "foreign": "red",
    "diverged": "yellow",
    "interrupted": "yellow",
}


ROWS_AT_MOST, BEST, WORST = 100, 30, 10
"""Of a larger sweep a terminal shows the best and the last; runs.csv has all."""


def sweep_table(sweep: Sweep) -> Table:
    """The runs, best first, within 80 columns: losses, error (or rmse), verdict, expectation and time.

    Of very many only the best and the last are shown.
    What is not finished says so below its name, a failed job with its error.
    The columns of verdicts and expectations are left out where no run has any.
    """
    from rich import box
    from rich.table import Table

    rows = sweep.rows()
    score = "rmse" if sweep.is_regression else "error_rate"
    expecting = any(row["expect"] for row in rows)
    judged = any(row["verdict"] for row in rows)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    for header in ("epochs", "train\nloss\n(eval)", "valid\nloss", score.replace("_", "\n")):
        table.add_column(header, justify="right", no_wrap=True)
    if judged:
        table.add_column("diagnosis", max_width=len("too many epochs"))
    if expecting:
        table.add_column("expected", max_width=len("confirmed"))
    table.add_column("time", justify="right", no_wrap=True)
    shown = rows if len(rows) <= ROWS_AT_MOST else [*rows[:BEST], *rows[-WORST:]]
    for number, row in enumerate(shown):
        if len(shown) < len(rows) and number == BEST:
            table.add_row(f"... {len(rows) - len(shown)} more in runs.csv ...")
        table.add_row(*_cells(row, score, judged, expecting))
    return table


def runs_csv(sweep: Sweep, path: Path) -> None:
    """Writes `runs.csv`: a row a job, best first; folder (relative to the sweep), swept keys, numbers."""
    rows = sweep.rows()
    folders = {str(sweep.path / job["folder"]): job["folder"] for job in sweep.jobs}
    columns = ["folder", *(key for key in rows[0] if key not in ("run", "folder"))] if rows else ["folder"]
    relative = [{**row, "folder": folders[row["folder"]]} for row in rows]
    write_csv(path, columns, [[_known(row[column]) for column in columns] for row in relative])


def _cells(row: dict[str, Any], score: str, judged: bool, expecting: bool) -> list[Text]:
    from rich.text import Text

    answer = row["expect"]
    return [
        _name(row),
        Text(wording.epochs(row["epochs"])),
        Text(wording.loss(row["train_loss_eval"])),
        Text(wording.loss(row["valid_loss"])),
        Text(wording.score(score, row[score])),
        *([Text(wording.verdict(row["verdict"]))] if judged else []),
        *([Text(answer, style=ANSWER_STYLE.get(answer, ""))] if expecting else []),
        Text(wording.duration(row["seconds"])),
    ]


def _name(row: dict[str, Any]) -> Text:
    from rich.text import Text

    name = Text(row["run"])
    if row["status"] != "finished":
        said = f"{row['status']}: {row['error']}" if row["error"] else row["status"]
        name.append(f"\n{said}", style=STATUS_STYLE.get(row["status"], "dim"))
    return name


def _known(value: object) -> object:
    """None, an empty cell, for a number that is not there: in a table `nan` would read as a result."""
    return None if value != value else value
