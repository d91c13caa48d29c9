"""What the terminal says when a run or a sweep is done."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.reports import wording
from experiments.reports.critical import critical_line
from experiments.reports.table import sweep_table
from experiments.reports.unfinished import retry_lines, unfinished, unfinished_table
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

if TYPE_CHECKING:
    from rich.table import Table

COEFFICIENTS_AT_MOST = 4
"""More of them in a row are read by nobody; run.json has all."""


def print_run(run: Run, diagnosis: Sequence[str] = (), pictures: Sequence[Path] = ()) -> None:
    """How it ended, what was expected, what the curves say, where it is, and how to look at it."""
    print()
    for line in (*outcome(run), *diagnosis):
        print(line)
    print(f"run: {run.path}")
    for picture in pictures:
        print(f"picture: {picture}")
    print(f"look: tensorboard --logdir {shlex.quote(str(run.path))}")


def outcome(run: Run) -> list[str]:
    """The result in words, the expectation with its answer, the coefficients of a line."""
    final, best = run.metrics.get("final") or {}, run.metrics.get("best") or {}
    name = "rmse" if "rmse" in final else "error_rate"
    lines = []
    if run.status != "finished":
        lines.append(f"{run.status}: the loss is no longer a number" if run.status == "diverged" else run.status)
    if final.get(name) is not None:
        text = f"{name.replace('_', ' ')} {wording.score(name, final[name])} after epoch {final['epoch']}"
        if best and best["epoch"] != final["epoch"]:
            text += f", best {wording.score(name, best[name])} after epoch {best['epoch']}"
        lines.append(text)
    lines += tested(run)
    coefficients = run.record.get("coefficients")
    if coefficients and len(coefficients["fitted"]) <= COEFFICIENTS_AT_MOST:
        fitted, exact = (
            ", ".join(map(wording.coefficient, coefficients[name])) for name in ("fitted", "least_squares")
        )
        lines.append(f"coefficients {fitted}; least squares {exact}")
    critical = critical_line(run)
    lines += [critical] if critical else []
    lines += [
        f"expected {detail['metric']} {detail['bound']}: {detail['answer']}"
        for detail in (run.record.get("expect") or {}).get("details", [])
    ]
    return lines


def tested(run: Run) -> list[str]:
    """What the test set says, if there is one."""
    test = run.metrics.get("test")
    if not test:
        return []
    name = "rmse" if run.is_regression else "error_rate"
    said = wording.score(name, test[name]) if test[name] is not None else "not a number"
    return [f"test {name.replace('_', ' ')} {said} of {test['size']}, looked at once, now; no guide to further choices"]


def print_sweep(
    sweep: Sweep, diagnosis: Sequence[str] = (), pictures: Sequence[Path] = (), report: Path | None = None
) -> None:
    """The table, best first, what the runs say together, the files, the command that opens TensorBoard.

    Last, where the eye is then, what did not finish, and the command that trains just that.
    """
    print()
    print_table(sweep_table(sweep))
    for line in diagnosis:
        print(line)
    table = sweep.path / "runs.csv"
    for label, text in (
        *(("picture", picture) for picture in pictures),
        *([("table", table)] if table.is_file() else []),
        *([("report", report)] if report else []),
        ("look", f"tensorboard --logdir {shlex.quote(str(sweep.path))}"),
    ):
        print(f"{label}: {text}")
    print_unfinished(sweep)


def print_unfinished(sweep: Sweep) -> None:
    """What did not finish, why, and the command that trains just that; nothing if all did."""
    rows = unfinished(sweep)
    if not rows:
        return
    print()
    print_table(unfinished_table(rows))
    for line in retry_lines(sweep, rows):
        print(line)


def print_table(table: Table) -> None:
    """A table and an empty line: as wide as the terminal, or 100 columns where there is none."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=100)
    console.print(table)
    console.print()
