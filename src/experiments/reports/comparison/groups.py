"""The runs of a sweep grouped over their seeds, best first, each group held against the best."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from experiments.reports.comparison.paired import NOISE, answers, chance, mean_answers
from experiments.reports.varied import SEED
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep


@dataclass(frozen=True)
class Group:
    """Jobs that differ in their seed alone.

    Attributes:
        swept: the other swept keys, as they were typed.
        rows: a row of numbers for each job, as in runs.csv.
        scores: final error rates (or rmse) of those that ended; inf where the loss was no longer a number.
        chance: how often chance alone would set it so far from the best; None for the best itself, or if unknown.
        is_best: whether it is the first.
    """

    swept: dict[str, str]
    rows: list[dict[str, Any]]
    scores: list[float]
    chance: float | None = None
    is_best: bool = False

    @property
    def mean(self) -> float:
        """Of the scores; nan without any."""
        return statistics.fmean(self.scores) if self.scores else math.nan

    @property
    def spread(self) -> float:
        """Their standard deviation; nan of one alone."""
        finite = [score for score in self.scores if math.isfinite(score)]
        return statistics.stdev(finite) if len(finite) > 1 else math.nan

    @property
    def standing(self) -> str:
        """`best`, `as good` (no more than noise apart), `worse`, or nothing where it cannot be said."""
        if self.is_best:
            return "best"
        if self.chance is None:
            return ""
        return "worse" if self.chance < NOISE else "as good"


def groups(sweep: Sweep) -> list[Group]:
    """Best mean first; those without a score at the end."""
    score = "rmse" if sweep.is_regression else "error_rate"
    swept = {str(sweep.path / job["folder"]): job["swept"] for job in sweep.jobs}
    together: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]] = defaultdict(list)
    for row in sweep.rows():
        others = tuple((key, value) for key, value in swept[row["folder"]].items() if key != SEED)
        together[others].append(row)
    found = [Group(dict(key), rows, _scores(rows, score)) for key, rows in together.items()]
    found.sort(key=lambda group: math.inf if math.isnan(group.mean) else group.mean)
    return _held_against_the_best(found)


def _scores(rows: list[dict[str, Any]], score: str) -> list[float]:
    ended = [row for row in rows if row["status"] in ("finished", "diverged")]
    return [math.inf if row["status"] == "diverged" or math.isnan(row[score]) else row[score] for row in ended]


def _held_against_the_best(found: list[Group]) -> list[Group]:
    if not found or not found[0].scores:
        return found
    said = [mean_answers([answers(Run(row["folder"])) for row in _ended(group)]) for group in found]
    held = [
        Group(one.swept, one.rows, one.scores, _chance(one, said[0], mine))
        for one, mine in zip(found, said, strict=True)
    ]
    return [Group(found[0].swept, found[0].rows, found[0].scores, is_best=True), *held[1:]]


def _ended(group: Group) -> list[dict[str, Any]]:
    return [row for row in group.rows if row["status"] in ("finished", "diverged")]


def _chance(group: Group, best: Any, own: Any) -> float | None:
    if any(math.isinf(score) for score in group.scores):
        return 0.0
    return chance(own, best)
