"""What a set of runs says together, and what it overrules of what each said alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments.diagnosis import numbers
from experiments.diagnosis.commands import next_command
from experiments.diagnosis.comparison import EPOCHS, RATE, SIZE, Slice, final_error, score, slices
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Confidence, Diagnosis, Finding, Symptom
from experiments.diagnosis.thresholds import KNOWN_IN_TRAINING

OVERRULED = frozenset(
    {"learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "too_many_epochs", "healthy", "inconclusive"}
)
"""What a comparison can judge better than a single run."""


@dataclass(frozen=True)
class SweepDiagnosis:
    """What the runs say together."""

    verdict: Symptom
    best_run: str | None
    findings: tuple[Finding, ...]
    command: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As `diagnose --json` prints it."""
        return {
            "verdict": self.verdict,
            "best_run": self.best_run,
            "findings": [finding.as_json() for finding in self.findings],
            "command": self.command,
        }


def compare(runs: Sequence[Curves], alone: Sequence[Diagnosis]) -> tuple[list[Diagnosis], SweepDiagnosis]:
    """Each run's diagnosis in the light of the others, and that of the whole."""
    found = slices(runs)
    overruled = [_overrule(run, one, found) for run, one in zip(runs, alone, strict=True)]
    return overruled, _together(runs, overruled, found)


def _overrule(run: Curves, alone: Diagnosis, found: Sequence[Slice]) -> Diagnosis:
    mine = [one for one in found if one.holds(run)]
    if not mine or alone.verdict not in OVERRULED:
        return alone
    for one in mine:
        worse = _beaten(run, one)
        if worse:
            return _with_headline(alone, worse, run)
    judged = {symptom for one in mine for symptom in (one.axis.too_low, one.axis.too_high)}
    if alone.verdict in judged:
        compared = " and ".join(dict.fromkeys(_plural(one) for one in mine))
        evidence = f"overrules {alone.verdict}: of the {compared} in this sweep none is better by more than noise"
        finding = Finding("healthy", "likely", (evidence,), "Nothing that this sweep tried is better.")
        return replace(alone, findings=(finding,), command=None)
    return alone


def _beaten(run: Curves, one: Slice) -> Finding | None:
    index = one.index_of(run)
    if one.axis is SIZE or not one.is_worse(index):
        return None
    best, mine = one.scores[one.best], one.scores[index]
    symptom = one.axis.too_low if index < one.best else one.axis.too_high
    assert symptom is not None
    better = _setting(one, one.best)
    evidence = (
        f"{numbers.error(mine.error, run.regression)}; {better} reached {numbers.error(best.error, run.regression)} "
        "with all else equal, which is more than noise"
    )
    return Finding(symptom, "certain", (evidence,), f"Take {better}.", (better,))


def _with_headline(alone: Diagnosis, finding: Finding, run: Curves) -> Diagnosis:
    if alone.verdict == finding.symptom:
        first = alone.findings[0]
        finding = finding.noting(*first.evidence)
    elif alone.findings:
        finding = finding.noting(f"overrules {alone.verdict}, which is what the run says alone")
    return replace(alone, findings=(finding,), command=next_command(run, finding.overrides))


def _together(runs: Sequence[Curves], judged: Sequence[Diagnosis], found: Sequence[Slice]) -> SweepDiagnosis:
    scored = [(error, i) for i, run in enumerate(runs) if (error := final_error(run)) is not None]
    if not scored:
        nothing = Finding("inconclusive", "certain", ("no run is finished",), "Look at what stopped them.")
        return SweepDiagnosis("inconclusive", None, (nothing,))
    best = _best_run(runs, scored)
    winner = runs[best]
    mine = [one for one in found if one.holds(winner)]
    findings = [finding for one in mine if (finding := _at_the_edge(one))]
    if not findings and mine:
        findings = [_not_enough_data(winner, mine) or _bracketed(winner, mine)]
    findings.sort(key=lambda finding: finding.symptom == "inconclusive")
    spread = _spread(runs, winner)
    if findings and spread:
        findings[0] = findings[0].noting(spread)
    elif spread:
        findings = [Finding(judged[best].verdict, "likely", (spread,), judged[best].findings[0].advice)]
    verdict = findings[0].symptom if findings else judged[best].verdict
    advised = findings[0].overrides if findings else ()
    return SweepDiagnosis(verdict, runs[best].path, tuple(findings), next_command(winner, advised))


def _best_run(runs: Sequence[Curves], scored: Sequence[tuple[float, int]]) -> int:
    """The run with the lowest error; of equals the one with the lowest validation loss."""

    def goodness(item: tuple[float, int]) -> tuple[float, float]:
        last = runs[item[1]].last
        return item[0], last.valid_loss if last and last.valid_loss is not None else float("inf")

    return min(scored, key=goodness)[1]


def _at_the_edge(one: Slice) -> Finding | None:
    """The best value is the lowest or the highest that was tried."""
    last = len(one.values) - 1
    if one.axis is SIZE or one.best not in (0, last):
        return None
    neighbour = 1 if one.best == 0 else last - 1
    clear = one.scores[neighbour].worse_than(one.scores[one.best])
    symptom = one.axis.too_high if one.best == 0 else one.axis.too_low
    if one.axis is EPOCHS and not clear:
        return None
    regression = one.runs[0][0].regression
    end = "lowest" if one.best == 0 else "highest"
    evidence = (
        f"the best of {len(one.values)} {_plural(one)} is the {end} that was tried: "
        f"{numbers.error(one.scores[one.best].error, regression)} at {_setting(one, one.best)}, "
        f"{numbers.error(one.scores[neighbour].error, regression)} beside it"
        f"{'' if clear else ', which is within noise'}"
    )
    grid = _extended(one)
    assert symptom is not None
    headline: Symptom = symptom if clear else "inconclusive"
    confidence: Confidence = "likely" if clear else "possible"
    return Finding(headline, confidence, (evidence,), f"Extend the grid: {grid}.", (grid,))


def _extended(one: Slice) -> str:
    value = one.values[one.best]
    if one.axis is RATE:
        steps = (1, 1 / 3, 1 / 10) if one.best == 0 else (1, 3, 10)
        return f"{one.axis.key}={','.join(numbers.rate(value * step) for step in steps)}"
    factors = (1, 1 / 2, 1 / 4) if one.best == 0 else (1, 2, 4)
    return f"{one.axis.key}={','.join(str(max(1, round(value * factor))) for factor in factors)}"


def _not_enough_data(winner: Curves, mine: Sequence[Slice]) -> Finding | None:
    """The rate is bracketed, the longest run is no better, the training images are known: what is left is data."""
    rates = [one for one in mine if one.axis is RATE and 0 < one.best < len(one.values) - 1]
    longer = [one for one in mine if one.axis is EPOCHS and not one.scores[-1].worse_than(one.scores[one.best])]
    tied = [one for one in longer if not one.scores[-2].worse_than(one.scores[-1])]
    last = winner.last
    if not (rates and tied and last and last.train_error is not None and last.error is not None):
        return None
    noise = winner.error_noise(last.error)
    if last.train_error > KNOWN_IN_TRAINING or last.error - last.train_error < 2 * noise:
        return None
    evidence = (
        "the rate is bracketed, the longest run is no better, the training error is "
        f"{numbers.percent(last.train_error)} and the validation error {numbers.percent(last.error)}"
    )
    return Finding("not_enough_data", "likely", (evidence,), "More images, or augmentation; more epochs do not help.")


def _bracketed(winner: Curves, mine: Sequence[Slice]) -> Finding:
    parts = []
    for one in mine:
        worse = sum(one.is_worse(i) for i in range(len(one.values)))
        parts.append(
            f"{_setting(one, one.best)} is best of {len(one.values)} {_plural(one)}, "
            f"{worse} are worse by more than noise"
        )
    error = final_error(winner) or 0.0
    return Finding(
        "healthy",
        "likely",
        (f"best {numbers.error(error, winner.regression)}", *dict.fromkeys(parts)),
        "The best lies between values that are no better: this grid need not be extended.",
        tuple(dict.fromkeys(_setting(one, one.best) for one in mine)),
    )


def _spread(runs: Sequence[Curves], winner: Curves) -> str | None:
    """How far the runs that differ in their seed alone lie apart."""
    if not winner.configuration:
        return None
    same = [r for r in runs if _but_seed(r) == _but_seed(winner) and final_error(r) is not None]
    if len(same) < 3:
        return None
    errors = sorted(final_error(run) or 0.0 for run in same)
    mean = score(same).error
    first, last, middle, noise = (
        numbers.score(value, winner.regression) for value in (errors[0], errors[-1], mean, winner.error_noise(mean))
    )
    return (
        f"{len(same)} seeds: {first} to {last}, mean {middle}; the validation set alone explains a standard error of "
        f"{noise}"
    )


def _but_seed(run: Curves) -> object:
    return str(sorted((k, v) for k, v in run.configuration.items() if k not in ("seed", "expect", "name")))


def _setting(one: Slice, index: int) -> str:
    value = one.values[index]
    if one.axis is RATE:
        return f"{one.axis.key}={value:g}"
    if one.axis is SIZE:
        return f"{value:.0f} training images"
    return f"{one.axis.key}={value:.0f}"


def _plural(one: Slice) -> str:
    return {"rate": "rates", "epochs": "numbers of epochs"}.get(one.axis.what, f"numbers of {one.axis.what}")
