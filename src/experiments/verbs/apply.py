"""`diagnose --apply`: the advice as the next run, as often as asked for, until nothing is wrong."""

from __future__ import annotations

import contextlib
import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.verbs.codes import DONE, FAILED

if TYPE_CHECKING:
    from experiments.diagnosis.findings import Diagnosis
    from experiments.diagnosis.report import Report
    from experiments.runs.run import Run


@dataclass(frozen=True)
class Stage:
    """One run of the trail."""

    path: str
    changed: str
    verdict: str
    error: str


def apply(report: Report, rounds: int) -> int:
    """Train what the diagnosis of a single run advises, at most `rounds` times, and print the trail.

    Raises:
        ConfigurationError: the path is no single run of ours, or the advised configuration is refused.
    """
    found = _only_run(report)
    run, trail = _run_at(found), []
    trail.append(_stage(run, found, "as it was"))
    try:
        for _ in range(rounds):
            if found.verdict == "healthy" or found.command is None:
                break
            print(f"{found.verdict}: {found.findings[0].evidence[0]}\ntry: {found.command}\n", file=sys.stderr)
            following = _train_advice(run, found)
            if following is None:
                return FAILED
            changed = " ".join(found.findings[0].overrides)
            run, found = following, _diagnosis_of(following)
            trail.append(_stage(run, found, changed))
            print(file=sys.stderr)
    finally:  # what is done stays worth a look when the next one is refused or interrupted
        _print_trail(trail)
    _print_end(found)
    return DONE


def _only_run(report: Report) -> Diagnosis:
    from experiments.config.problems import ConfigurationError, Problem

    if len(report.runs) != 1 or report.sweep is not None:
        wrong = f"--apply goes on from one run, and these are {len(report.runs)}: name one of them"
        best = report.sweep.best_run if report.sweep else next((run.path for run in report.runs), None)
        raise ConfigurationError(
            [Problem("--apply", wrong, f"experiments diagnose {shlex.quote(best or 'RUN')} --apply")]
        )
    return report.runs[0]


def _run_at(found: Diagnosis) -> Run:
    from experiments.config.problems import ConfigurationError, Problem
    from experiments.runs.run import NotARun, Run

    try:
        run = Run(found.path)
        if run.record.get("configuration"):
            return run
    except NotARun:
        pass
    wrong = f"{found.path} was not made by `experiments fit`, so its next run cannot be made here"
    raise ConfigurationError([Problem("--apply", wrong, f"experiments diagnose {shlex.quote(found.path)}")])


def _train_advice(run: Run, found: Diagnosis) -> Run | None:
    """Train the next run. What it is refused for is raised as a ConfigurationError."""
    from experiments.config.composition import Composer
    from experiments.diagnosis.commands import next_overrides
    from experiments.diagnosis.readers.run_folder import read_run
    from experiments.sweeps.plan import make_plan
    from experiments.verbs.fit import make_ready, train_one

    finding = found.findings[0]
    curves = read_run(run)
    composer = Composer(curves.config_dir)
    plan = make_plan(composer, next_overrides(curves, finding.overrides))
    make_ready(plan)
    reason = f"{finding.symptom}: {' '.join(finding.overrides)}"
    with contextlib.redirect_stdout(sys.stderr):  # the result is the trail
        return train_one(composer, plan, parent=str(run.path.resolve()), reason=reason)


def _diagnosis_of(run: Run) -> Diagnosis:
    from experiments.diagnosis.journal import report_of

    return report_of(run).runs[0]


def _stage(run: Run, found: Diagnosis, changed: str) -> Stage:
    from experiments.reports.wording import score

    final = run.metrics.get("final") or {}
    name = "rmse" if run.is_regression else "error_rate"
    value = final.get(name)
    said = f"{name.replace('_', ' ')} {score(name, value)}" if value is not None else run.status
    return Stage(str(run.path), changed, found.verdict, said)


def _print_trail(trail: list[Stage]) -> None:
    widths = [max(len(getattr(stage, name)) for stage in trail) for name in ("changed", "error", "verdict")]
    for number, stage in enumerate(trail):
        label = "before" if number == 0 else "after" if number == len(trail) - 1 else "then"
        cells = (stage.changed, stage.error, stage.verdict)
        columns = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        print(f"{label:<6}  {columns}  {stage.path}")


def _print_end(found: Diagnosis) -> None:
    if found.verdict == "healthy":
        print("healthy: no advice to apply" + ("" if found.command is None else f"; to look for more: {found.command}"))
    elif found.command is None:
        print(f"no setting follows from {found.verdict}: {found.findings[0].advice}")
    else:
        print(f"not healthy yet; try: {found.command}")
