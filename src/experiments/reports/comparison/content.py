"""What report.html shows of a sweep, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.reports import wording
from experiments.reports.comparison.groups import Group
from experiments.reports.comparison.table import mean, name, runs, standing, verdicts
from experiments.reports.readable import readable
from experiments.reports.swept import IN_WORDS
from experiments.reports.swept_scale import LOG_ABOVE_RATIO
from experiments.reports.unfinished import log_of, retry_lines, unfinished, what_happened
from experiments.reports.varied import SEED
from experiments.runs.ending import OVER
from experiments.runs.run import Run
from experiments.runs.standing import DAMAGED, FOREIGN
from experiments.runs.sweep import Sweep

CURVES = ("valid_loss", "error_rate", "rmse", "train_loss_eval", "train_loss", "lr")
POINTS = 120
"""Of a curve: more are not seen on a screen. Of very many runs fewer, so that the page stays light."""
NUMBERS = 30_000
"""On the whole page, about."""
DIGITS = 4


def content(sweep: Sweep, groups: Sequence[Group], summary: Sequence[str]) -> dict[str, Any]:
    """All of it; numbers of four digits, what is no number as None.

    Args:
        sweep: whose runs are shown.
        groups: of them, best first.
        summary: what the doctor says of all of them together.
    """
    record, score = sweep.record, "rmse" if sweep.is_regression else "error_rate"
    rows = [row for group in groups for row in group.rows]
    points = max(10, min(POINTS, NUMBERS // (len(CURVES) * max(1, len(rows)))))
    swept = {job["folder"]: dict(job["swept"]) for job in record["jobs"]}
    rows_left = unfinished(sweep)
    shown = [_run(row, swept[row["run"]], score, points) for row in rows]
    return {
        "name": sweep.name,
        "score": score,
        "started": record.get("started"),
        "status": record.get("status"),
        "command": record.get("command"),
        "groups": [
            {
                "name": name(group),
                "runs": runs(group),
                "mean": mean(group, score),
                "spread": "" if math.isnan(group.spread) else wording.score(score, group.spread),
                "standing": group.standing,
                "against": standing(group),
                "verdicts": verdicts(group),
            }
            for group in groups
        ],
        "runs": shown,
        "axes": _axes(sweep, rows),
        "summary": list(summary),
        "failed": _unfinished(rows_left),
        "again": retry_lines(sweep, rows_left),
        "environment": _environment(sweep),
    }


def _run(row: Mapping[str, Any], swept: Mapping[str, str], score: str, points: int) -> dict[str, Any]:
    folder = Path(row["folder"])
    there = (folder / "run.json").exists() and row["status"] not in (DAMAGED, FOREIGN)
    columns = readable(Run(folder), "history") if there else {}
    return {
        "name": row["run"],
        "swept": swept,
        "status": row["status"],
        "over": row["status"] in OVER,
        "error": row["error"],
        "epochs": _plain(row["epochs"]),
        "score": _plain(row[score]),
        "shown": wording.score(score, row[score]),
        "valid_loss": wording.loss(row["valid_loss"]),
        "train_loss": wording.loss(row["train_loss_eval"]),
        "verdict": wording.verdict(row["verdict"]),
        "expect": row["expect"],
        "seconds": wording.duration(row["seconds"]),
        "curves": {
            name: _thinned(columns, name, points) for name in CURVES if any(map(_is_number, columns.get(name, [])))
        },
    }


def _unfinished(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"name": row["run"], "error": what_happened(row), "log": log_of(row)} for row in rows]


def _thinned(columns: Mapping[str, Sequence[Any]], name: str, points: int) -> list[list[float | None]]:
    """Pairs of epoch and value, the last one among them."""
    pairs = [pair for pair in zip(columns["epoch"], columns[name], strict=True) if _is_known(pair[1])]
    every = max(1, math.ceil(len(pairs) / points))
    return [[epoch, _plain(value)] for epoch, value in (*pairs[:-1:every], *pairs[-1:])]


def _axes(sweep: Sweep, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The swept keys that are numbers of at least two values, with the scale that suits them."""
    keys = dict.fromkeys(key for job in sweep.jobs for key in job["swept"] if key != SEED)
    axes = []
    for key in keys:
        values = sorted({row[key] for row in rows if isinstance(row.get(key), int | float)})
        if len(values) >= 2 and all(isinstance(row.get(key), int | float) for row in rows):
            log = values[0] > 0 and values[-1] / values[0] >= LOG_ABOVE_RATIO
            axes.append({"key": key, "words": IN_WORDS.get(key, key), "log": log, "values": values})
    return axes


def _environment(sweep: Sweep) -> dict[str, str]:
    """Of the first run that says it."""
    for run in sweep.runs:
        versions = run.record.get("versions")
        if isinstance(versions, dict):
            code = run.record.get("code") or {}
            commit = (
                f" at {code['commit'][:12]}{', changed' if code.get('dirty') else ''}" if code.get("commit") else ""
            )
            ours = {"experiments": f"{code.get('version', '')}{commit}"}
            data = run.record.get("data") or {}
            where = {"device": str(run.record.get("device")), "host": str(run.record.get("host"))}
            counts = {"data": f"{data.get('train_size')} training, {data.get('valid_size')} validation"}
            return {**ours, **{str(k): str(v) for k, v in versions.items()}, **where, **counts}
    return {}


def _is_known(value: object) -> bool:
    return isinstance(value, int | float) and not math.isnan(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _plain(value: object) -> float | None:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, int | float) and math.isfinite(value) else None
