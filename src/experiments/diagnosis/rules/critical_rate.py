"""What follows from the critical rate alone, where it is known: full-batch descent on a parabola."""

from __future__ import annotations

from experiments.diagnosis import fitting
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Confidence
from experiments.diagnosis.thresholds import NEAR_CRITICAL


def above_critical(curves: Curves) -> tuple[Confidence, str] | None:
    """The parabola's own limit: beyond it the steepest direction diverges, just before it hardly converges."""
    rate, critical = curves.learning_rate, curves.critical_rate
    if rate is None or critical is None or rate < NEAR_CRITICAL * critical or fitting.came_to_rest(curves):
        return None
    if rate > critical:
        return "certain", (
            f"the rate {rate:.4g} is above the critical one, {critical:.4g}: along the steepest direction each step "
            "leads further away"
        )
    return "likely", (
        f"the rate {rate:.4g} is all but the critical one, {critical:.4g}: each step lands almost as far away on the "
        "other side"
    )


def below_critical(curves: Curves) -> bool:
    """Whether it is known that the descent does not diverge."""
    rate, critical = curves.learning_rate, curves.critical_rate
    return rate is not None and critical is not None and rate < critical
