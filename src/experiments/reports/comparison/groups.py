"""The runs of a sweep grouped over their seeds, best first, each group held against the best."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from experiments.reports.comparison.paired import NOISE, Answers, answers, chance, mean_answers
from experiments.reports.varied import SEED
from experiments.runs.ending import OVER
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
    swept = {job["folder"]: job["swept"] for job in sweep.jobs}
    together: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]] = defaultdict(list)
    for row in sweep.rows():
        others = tuple((key, value) for key, value in swept[row["run"]].items() if key != SEED)
        together[others].append(row)
    found = [Group(dict(key), rows, _scores(rows, score)) for key, rows in together.items()]
    found.sort(key=lambda group: math.inf if math.isnan(group.mean) else group.mean)
    return _held_against_the_best(found)


def _scores(rows: list[dict[str, Any]], score: str) -> list[float]:
    diverged = [row["status"] == "diverged" or math.isnan(row[score]) for row in _ended(rows)]
    return [math.inf if off else row[score] for off, row in zip(diverged, _ended(rows), strict=True)]


def _ended(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["status"] in OVER]


def _held_against_the_best(found: list[Group]) -> list[Group]:
    if not found or not found[0].scores:
        return found
    said = [mean_answers([answers(Run(row["folder"])) for row in _ended(group.rows)]) for group in found]
    others = zip(found[1:], said[1:], strict=True)
    return [replace(found[0], is_best=True), *(replace(one, chance=_chance(one, said[0], own)) for one, own in others)]


def _chance(group: Group, best: Answers, own: Answers) -> float | None:
    if any(math.isinf(score) for score in group.scores):
        return 0.0
    return chance(own, best)
