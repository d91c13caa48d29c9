"""The critical rate in words: above it, gradient descent on a parabola leads away from its bottom."""

from __future__ import annotations

from experiments.reports.readable import readable
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

WHAT_IT_IS = "2 over the largest eigenvalue of the Hessian"
EPOCHS_TO_TELL = 50
"""After fewer, what was gained along other directions may hide what is lost along the steepest."""
WITH_MOMENTUM = "2 (1 + momentum) over the largest eigenvalue of the Hessian"


def critical_line(run: Run) -> str | None:
    """The critical rate of a run, and on which side of it the run was; None where there is none."""
    critical, rate = run.record.get("critical_rate"), _rate(run)
    if critical is None or rate is None:
        return None
    side = "below" if rate < critical else "above"
    return f"critical rate {critical:.4g} ({_formula(run)}): {rate:g} is {side} it"


def where_divergence_starts(sweep: Sweep) -> str | None:
    """The highest rate that led closer to the minimum and the lowest that led away, beside the critical one.

    None unless the runs differ in their rates and have the same critical rate.
    """
    runs = sorted((run for run in sweep.runs if _rate(run) is not None), key=lambda run: _rate(run) or 0.0)
    critical = {run.record.get("critical_rate") for run in runs}
    rates = {_rate(run) for run in runs}
    if len(rates) < 2 or len(critical) != 1 or None in critical or min(map(_epochs, runs)) < EPOCHS_TO_TELL:
        return None
    away = {_rate(run) for run in runs if not _came_closer(run)}
    closer = rates - away  # from every beginning
    said = [f"{max(r for r in closer if r):g} still led closer to the minimum"] if closer else []
    said += [f"{min(r for r in away if r):g} led away from it"] if away else []
    return f"critical rate {critical.pop():.4g} ({_formula(runs[0])}): {', '.join(said)}"


def _formula(run: Run) -> str:
    return WITH_MOMENTUM if run.record["configuration"]["optimizer"].get("momentum") else WHAT_IT_IS


def _rate(run: Run) -> float | None:
    rate = ((run.record.get("configuration") or {}).get("optimizer") or {}).get("lr")
    return float(rate) if isinstance(rate, int | float) else None


def _epochs(run: Run) -> int:
    return len(readable(run, "history")["epoch"]) - 1


def _came_closer(run: Run) -> bool:
    losses = readable(run, "history")["train_loss_eval"]
    return bool(losses) and losses[-1] < losses[0]  # type: ignore[operator]  # a column of numbers; nan is not less
