"""Whether two runs differ by more than chance, image by image: both were validated on the same ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from experiments.reports.readable import readable
from experiments.runs.run import Run

NOISE = 0.05
"""Differences that chance brings about more often than this are noise."""

Answers = Mapping[str, float]
"""By sample: 1 where the label was missed, 0 where it was hit; the loss in a regression."""


def answers(run: Run) -> Answers:
    """From predictions.csv; empty before it is written, and if it is damaged."""
    table = readable(run, "predictions")
    keys = [f"{path}|{sha}" for path, sha in zip(table["path"], table["sha256"], strict=True)]
    if run.is_regression:
        return dict(zip(keys, map(float, table["loss"]), strict=True))
    missed = [float(label != predicted) for label, predicted in zip(table["label"], table["predicted"], strict=True)]
    return dict(zip(keys, missed, strict=True))


def mean_answers(several: Sequence[Answers]) -> Answers:
    """Over the runs of a group, of the samples that all of them have."""
    common = set.intersection(*map(set, several)) if several else set()
    return {key: sum(one[key] for one in several) / len(several) for key in common}


def chance(ours: Answers, others: Answers) -> float | None:
    """How often chance alone would make the two differ so much, two-sided; None without a common sample.

    Of single classifiers it is McNemar's exact test (1947): of the images that one of them alone missed, how many
    did each? Of means over seeds, and of losses, it is the test's large-sample form, the sum of the differences by
    sample over the root of the sum of their squares.
    """
    common = ours.keys() & others.keys()
    if not common:
        return None
    differences = [ours[key] - others[key] for key in common]
    if all(value in (-1.0, 0.0, 1.0) for value in differences):
        return _mcnemar(differences.count(1.0), differences.count(-1.0))
    squares = math.fsum(value * value for value in differences)
    if not math.isfinite(squares):
        return 0.0
    return math.erfc(abs(math.fsum(differences)) / math.sqrt(2 * squares)) if squares else 1.0


def _mcnemar(one: int, other: int) -> float:
    """Of `one + other` tosses of a fair coin, how often the rarer side is at most so rare, twice."""
    both, rarer = one + other, min(one, other)
    return min(1.0, 2 * sum(math.comb(both, count) for count in range(rarer + 1)) / (1 << both))
