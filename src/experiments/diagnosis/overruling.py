"""What a comparison says of a run against what the run says alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from experiments.diagnosis import numbers
from experiments.diagnosis.commands import with_commands
from experiments.diagnosis.comparison import SIZE, Slice
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Diagnosis, Finding

OVERRULED = frozenset(
    {"learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "too_many_epochs", "healthy", "inconclusive"}
)
"""What a comparison can judge better than a single run."""


def overrule(run: Curves, alone: Diagnosis, found: Sequence[Slice]) -> Diagnosis:
    """A run that another value beats by more than noise is named for it; one that none beats is cleared of it.

    It is cleared only where values on that side were tried and the best of them learned something: that nothing is
    better proves nothing where all are bad, or at the end of the grid.
    """
    mine = [one for one in found if one.holds(run)]
    if alone.verdict not in OVERRULED:
        return alone
    for one in mine:
        worse = _beaten(run, one)
        if worse:
            return _with_headline(alone, worse, run)
    clearing = [one for one in mine if _clears(run, alone, one)]
    if not clearing:
        return alone
    compared = " and ".join(dict.fromkeys(one.plural for one in clearing))
    evidence = f"overrules {alone.verdict}: of the {compared} in this sweep none is better by more than noise"
    finding = Finding("healthy", "likely", (evidence,), "Nothing that this sweep tried is better.")
    return replace(alone, findings=(finding,))


def _beaten(run: Curves, one: Slice) -> Finding | None:
    index = one.index_of(run)
    if one.axis is SIZE or not one.is_worse(index):
        return None
    best, mine = one.scores[one.best], one.scores[index]
    symptom = one.axis.too_low if index < one.best else one.axis.too_high
    assert symptom is not None
    better = one.setting(one.best)
    evidence = (
        f"{numbers.error(mine.error, run.regression)}{one.seeds(index)}; {better} reached "
        f"{numbers.error(best.error, run.regression)}{one.seeds(one.best)} "
        f"{'with all else equal' if run.configuration else 'in as many epochs'}, which is more than noise"
    )
    return Finding(symptom, "certain", (evidence,), f"Take {better}.", (better,))


def _with_headline(alone: Diagnosis, finding: Finding, run: Curves) -> Diagnosis:
    if alone.verdict == finding.symptom:
        finding = finding.noting(*alone.findings[0].evidence)
    elif alone.findings:
        finding = finding.noting(f"overrules {alone.verdict}, which is what the run says alone")
    return replace(alone, findings=with_commands(run, [finding]))


def _clears(run: Curves, alone: Diagnosis, one: Slice) -> bool:
    index = one.index_of(run)
    if not one.learned:
        return False
    if alone.verdict == one.axis.too_low:
        return one.axis is not SIZE and index < len(one.values) - 1
    return alone.verdict == one.axis.too_high and index > 0
