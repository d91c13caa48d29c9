"""What a set of runs says together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments.diagnosis import numbers
from experiments.diagnosis.commands import key_of, with_commands
from experiments.diagnosis.comparison import EPOCHS, RATE, SIZE, Slice, final_error, score, slices
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Confidence, Diagnosis, Finding, Symptom
from experiments.diagnosis.overruling import overrule
from experiments.diagnosis.thresholds import BEYOND_NOISE, KNOWN_IN_TRAINING


@dataclass(frozen=True)
class SweepDiagnosis:
    """What the runs say together; `compared` if they differ in a setting of which three values or more were tried."""

    verdict: Symptom
    best_run: str | None
    findings: tuple[Finding, ...]
    compared: bool = False

    @property
    def command(self) -> str | None:
        """What to type next: the headline's command."""
        return self.findings[0].command if self.findings else None

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
    judged = [overrule(run, one, found) for run, one in zip(runs, alone, strict=True)]
    return judged, _together(runs, judged, found)


def _together(runs: Sequence[Curves], judged: Sequence[Diagnosis], found: Sequence[Slice]) -> SweepDiagnosis:
    finished = [i for i, run in enumerate(runs) if final_error(run) is not None]
    if not finished:
        nothing = Finding(
            "inconclusive", "certain", ("no run has finished",), "Wait for them, or look at what stopped them."
        )
        return SweepDiagnosis("inconclusive", None, (nothing,))
    if len({run.regression for run in runs}) > 1:
        both = Finding("inconclusive", "certain", ("an error rate and an rmse cannot be compared",), "Use --each.")
        return SweepDiagnosis("inconclusive", None, (both,))
    best = min(finished, key=lambda i: _goodness(runs[i]))
    winner = runs[best]
    findings = _findings(winner, judged[best], [one for one in found if one.holds(winner)])
    spread = _spread(runs, winner)
    if spread:
        findings[0] = findings[0].noting(spread)
    findings = list(with_commands(_of_any_seed(winner), findings))
    return SweepDiagnosis(findings[0].symptom, winner.path, tuple(findings), compared=bool(found))


def _of_any_seed(run: Curves) -> Curves:
    """The same without its seed: the luckiest is no setting to keep."""
    return replace(run, overrides=tuple(text for text in run.overrides if key_of(text) != "seed"))


def _goodness(run: Curves) -> tuple[float, float]:
    """The lowest error first; of equals the lowest validation loss."""
    last = run.last
    loss = last.valid_loss if last and last.valid_loss is not None else float("inf")
    error = final_error(run)
    return error if error is not None else float("inf"), loss


def _findings(winner: Curves, judged: Diagnosis, mine: Sequence[Slice]) -> list[Finding]:
    if not mine:
        return list(judged.findings)
    if not any(one.learned for one in mine):
        tried = " and ".join(f"{len(one.values)} {one.plural}" for one in mine)
        return [judged.findings[0].noting(f"not one of {tried} learned anything"), *judged.findings[1:]]
    edges = [finding for one in mine if (finding := _at_the_edge(one))]
    if edges:
        return sorted(edges, key=lambda finding: finding.symptom == "inconclusive")
    return [_not_enough_data(winner, mine) or _bracketed(winner, mine)]


def _at_the_edge(one: Slice) -> Finding | None:
    """The best value is the lowest or the highest that was tried."""
    last = len(one.values) - 1
    if one.best not in (0, last) or (one.axis is SIZE and one.best == 0):
        return None
    neighbour = 1 if one.best == 0 else last - 1
    clear = one.scores[neighbour].worse_than(one.scores[one.best])
    symptom = one.axis.too_high if one.best == 0 else one.axis.too_low
    grid = one.extended()
    if symptom is None or grid is None or (one.axis is not RATE and not clear):
        return None
    regression = one.runs[0][0].regression
    end, beyond = "lowest" if one.best == 0 else "highest", "" if clear else ", which is within noise"
    evidence = (
        f"the best of {len(one.values)} {one.plural} is the {end} that was tried: "
        f"{numbers.error(one.scores[one.best].error, regression)} at {one.setting(one.best)}, "
        f"{numbers.error(one.scores[neighbour].error, regression)} beside it{beyond}"
    )
    if one.axis is SIZE:
        return Finding("healthy", "likely", (evidence,), "More images would probably help further.")
    headline: Symptom = symptom if clear else "inconclusive"
    confidence: Confidence = "likely" if clear else "possible"
    return Finding(headline, confidence, (evidence,), f"Extend the grid: {grid}.", (grid,))


def _not_enough_data(winner: Curves, mine: Sequence[Slice]) -> Finding | None:
    """The rate is bracketed, the longest run is no better, the training images are known: what is left is data."""
    bracketed = any(one.axis is RATE and 0 < one.best < len(one.values) - 1 for one in mine)
    no_longer_better = any(one.axis is EPOCHS and not one.scores[-2].worse_than(one.scores[-1]) for one in mine)
    last = winner.last
    if not (bracketed and no_longer_better and last and last.train_error is not None and last.error is not None):
        return None
    noise = BEYOND_NOISE * winner.error_noise(last.error)
    if last.train_error > KNOWN_IN_TRAINING or last.error - last.train_error < noise:
        return None
    evidence = (
        "the rate is bracketed, the longest run is no better, the training error is "
        f"{numbers.percent(last.train_error)} and the validation error {numbers.percent(last.error)}"
    )
    return Finding("not_enough_data", "likely", (evidence,), "More images, or augmentation; more epochs do not help.")


def _bracketed(winner: Curves, mine: Sequence[Slice]) -> Finding:
    parts = [
        f"{one.setting(one.best)} is best of {len(one.values)} {one.plural}, "
        f"{sum(one.is_worse(i) for i in range(len(one.values)))} are worse by more than noise"
        for one in mine
    ]
    best = numbers.error(final_error(winner) or 0.0, winner.regression)  # of a single run; the others are means
    settings = tuple(dict.fromkeys(one.setting(one.best) for one in mine))
    advice = "No value at an end of this grid is better by more than noise: it need not be extended."
    return Finding("healthy", "likely", (f"best run: {best}", *dict.fromkeys(parts)), advice, settings)


def _spread(runs: Sequence[Curves], winner: Curves) -> str | None:
    """How far the runs that differ in their seed alone lie apart."""
    if not winner.configuration:
        return None
    same = [run for run in runs if _but_seed(run) == _but_seed(winner) and final_error(run) is not None]
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
