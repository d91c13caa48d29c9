"""The rules in their order: the first that matches is the headline, the rest stand below it."""

from __future__ import annotations

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Diagnosis, Finding
from experiments.diagnosis.phases import phases
from experiments.diagnosis.rules.cannot_tell import (
    knows_little,
    nothing_trained,
    rate_never_reached,
    too_little_recorded,
)
from experiments.diagnosis.rules.got_worse import error_got_worse, noisy_labels, over_confident
from experiments.diagnosis.rules.healthy import healthy, imbalance
from experiments.diagnosis.rules.leaps import mended_leap
from experiments.diagnosis.rules.not_fitted import not_fitted
from experiments.diagnosis.rules.rate_too_high import rate_too_high


def diagnose_curves(curves: Curves) -> Diagnosis:
    """What went wrong in one training.

    What cannot be told ends the search, and so does a rate that is too high: nothing that comes after it means what
    it would mean otherwise. The published "training loss above validation loss" is right once that is excluded, and
    mostly wrong before.
    """
    for rule in (too_little_recorded, rate_too_high, nothing_trained, rate_never_reached):
        finding = rule(curves)
        if finding:
            return Diagnosis(curves.path, (_with_notes(finding, curves),))
    worse = [finding for finding in (error_got_worse(curves), noisy_labels(curves)) if finding]
    findings = (
        worse
        or ([_unfinished(curves)] if curves.cut_short else not_fitted(curves))
        or [knows_little(curves) or healthy(curves)]
    )
    return Diagnosis(curves.path, (_with_notes(findings[0], curves), *findings[1:]))


def _unfinished(curves: Curves) -> Finding:
    """What is not fitted yet may be so in the epochs that were still to come."""
    evidence = (
        f"the run is {curves.status} after {len(curves.epochs)} of {curves.planned_epochs} epochs, and so far nothing "
        "went wrong"
    )
    return Finding("inconclusive", "certain", (evidence,), "Let it train to its end.")


def _with_notes(finding: Finding, curves: Curves) -> Finding:
    if finding.symptom == "inconclusive":
        return finding
    notes = [imbalance(curves), _stopped(curves)]
    if finding.symptom != "learning_rate_too_high":
        leap = mended_leap(phases(curves)[0])
        notes += [over_confident(curves), f"{leap}: a lower rate is safer" if leap else None]
    return finding.noting(*(f"note: {note}" for note in notes if note))


def _stopped(curves: Curves) -> str | None:
    """A note on a run that is not at its end."""
    if curves.cut_short:
        return f"the run is {curves.status} after {len(curves.epochs)} of {curves.planned_epochs} epochs"
    return None
