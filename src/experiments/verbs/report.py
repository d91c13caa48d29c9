"""`experiments report`: the runs of a sweep compared, from its files alone."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.verbs.codes import DONE, FAILED

if TYPE_CHECKING:
    from experiments.reports.comparison.groups import Group
    from experiments.runs.sweep import Sweep


def report(words: list[str]) -> int:
    """The verb; imports no torch."""
    from experiments.config.report_arguments import parse_report
    from experiments.reports.comparison.groups import groups
    from experiments.runs.newest import NothingYet
    from experiments.runs.sweep import NotASweep, Sweep

    arguments = parse_report(words)
    if arguments is None:
        return DONE
    try:
        sweep = Sweep(arguments.path or _newest_sweep())
        found = groups(sweep)
    except (NotASweep, NothingYet) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    if arguments.json:
        print(json.dumps(_as_json(sweep, found), indent=2, ensure_ascii=False))
        return DONE
    return _write_and_print(sweep, found, arguments.to)


def _write_and_print(sweep: Sweep, groups: Sequence[Group], to: Path | None) -> int:
    """The page first: a reader of what is printed may close the pipe early."""
    from experiments.diagnosis.journal import report_of_sweep
    from experiments.reports.comparison.page import write_page
    from experiments.reports.comparison.table import group_table
    from experiments.reports.summary import print_table, print_unfinished

    summary, path, code = report_of_sweep(sweep).summary_lines(), None, DONE
    try:
        path = write_page(sweep, groups, summary, to)
    except OSError as error:
        code = _say_unwritten(sweep, to, error)
    with contextlib.suppress(SystemExit):  # how rich answers a closed pipe
        print_table(group_table(groups, "rmse" if sweep.is_regression else "error_rate"))
        for line in [*summary, *([f"report: {path}"] if path else [])]:
            print(line)
        print_unfinished(sweep)
    return code


def _say_unwritten(sweep: Sweep, to: Path | None, error: OSError) -> int:
    """Why there is no page. A sweep that may only be read is told all the same, by the table: no failure."""
    from experiments.reports.comparison.page import FILE

    wrong = f"{(to or sweep.path) / FILE} cannot be written: {error.strerror}"
    if to is not None:
        print(f"error: {wrong}", file=sys.stderr)
        return FAILED
    elsewhere = shlex.join(["experiments", "report", str(sweep.path), "--to", "FOLDER"])
    print(f"note: {wrong}; elsewhere: {elsewhere}", file=sys.stderr)
    return DONE


def _newest_sweep() -> Path:
    """Raises NothingYet without any."""
    from experiments.runs.newest import NothingYet, runs_and_sweeps

    for folder in runs_and_sweeps(Path()):
        if (folder / "sweep.json").is_file():
            return folder
    raise NothingYet(
        f"there is no sweep below {Path('multirun').absolute()}\n"
        "  name one: experiments report SWEEP, or make one: experiments fit sweep=learning_rate"
    )


def _as_json(sweep: Sweep, groups: Sequence[Group]) -> dict[str, Any]:
    from experiments.reports.comparison.table import name

    def known(value: float | None) -> float | None:
        return value if value is not None and abs(value) < float("inf") else None

    return {
        "schema": 1,
        "sweep": str(sweep.path),
        "name": sweep.name,
        "status": sweep.record.get("status"),
        "score": "rmse" if sweep.is_regression else "error_rate",
        "groups": [
            {
                "name": name(group),
                "swept": group.swept,
                "runs": [row["folder"] for row in group.rows],
                "mean": known(group.mean),
                "spread": known(group.spread),
                "p_value": known(group.chance),
                "standing": group.standing or None,
            }
            for group in groups
        ],
        "failed": [
            {"run": row["folder"], "error": row["error"]} for group in groups for row in group.rows if row["error"]
        ],
    }
