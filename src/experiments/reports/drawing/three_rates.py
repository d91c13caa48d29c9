"""Three runs of a sweep that differ in their learning rate: one too low, a good one, one too high."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.reports.drawing.loss_by_step import losses
from experiments.reports.drawing.recorded import NothingToDraw
from experiments.reports.varied import SEED, varied_keys
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

RATE, EXPERIMENT = "optimizer.lr", "experiment"
TOO_LOW, GOOD, TOO_HIGH = "learning_rate_too_low", "good", "learning_rate_too_high"
NO_BETTER = 0.9
"""Times the loss that a run began with: it learned nothing."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ThreeRates:
    """The runs, by rising rate and of the same seed."""

    too_low: Run
    good: Run
    too_high: Run

    @property
    def runs(self) -> tuple[Run, Run, Run]:
        """All three, by rising rate."""
        return self.too_low, self.good, self.too_high


def three_rates(sweep: Sweep) -> ThreeRates:
    """Picks them from a sweep over `optimizer.lr`, or over `experiment` with the lesson's three of a rate.

    Good is the best final score. Too low is the highest lower rate with that verdict: it falls, and does not arrive.
    Too high is the lowest higher rate with that verdict that ends no better than it began: one that leaps and comes
    back looks like a good one. Where no run has such a verdict, it is the lowest or the highest rate.

    Raises:
        NothingToDraw: it is a sweep over something else, or has no such runs.
    """
    runs = {str(run.path): run for run in sweep.runs if run.record.get("configuration") and losses(run)}
    rows = [row for row in sweep.rows() if row["folder"] in runs]
    rows = [row for row in rows if row.get(SEED) == rows[0].get(SEED)]
    keys = varied_keys(sweep)
    if keys == {RATE} and all(isinstance(row[RATE], int | float) for row in rows):
        picked = _by_rate(rows, runs)
    elif keys == {EXPERIMENT}:
        picked = [row for name in (TOO_LOW, GOOD, TOO_HIGH) for row in rows if row[EXPERIMENT] == name]
    else:
        picked = []
    if len(picked) != 3:
        raise _nothing(sweep)
    return ThreeRates(*(runs[row["folder"]] for row in picked))


def rate_of(run: Run) -> float:
    """The learning rate that was asked for, the highest of a schedule."""
    return float(run.record["configuration"]["optimizer"]["lr"])


def _by_rate(rows: Sequence[Row], runs: Mapping[str, Run]) -> list[Row]:
    """`rows`, the best first: the one below the best, the best, the one above; fewer where there is none."""
    if not rows or rows[0]["status"] == "diverged":
        return []
    good = rows[0]
    by_rate = sorted(rows, key=lambda row: float(row[RATE]))
    below, above = by_rate[: by_rate.index(good)], by_rate[by_rate.index(good) + 1 :]
    low = [row for row in below if row["verdict"] == TOO_LOW][-1:] or below[:1]
    high = [row for row in above if row["verdict"] == TOO_HIGH and _learned_nothing(runs[row["folder"]])][:1]
    return [*low, good, *(high or above[-1:])]


def _learned_nothing(run: Run) -> bool:
    """Whether the last tenth of its steps is hardly better than the first step, or it did not get that far."""
    found = losses(run)
    last = found[-max(1, len(found) // 10) :]
    return run.status == "diverged" or sum(last) / len(last) > NO_BETTER * found[0]


def _nothing(sweep: Sweep) -> NothingToDraw:
    return NothingToDraw(
        f"{sweep.path} has no three runs to set side by side: a rate too low, a good one, one too high\n"
        "  experiments fit sweep=learning_rate recipe=line\n"
        "  experiments fit sweep=what_can_go_wrong"
    )
