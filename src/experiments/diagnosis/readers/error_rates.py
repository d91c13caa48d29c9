"""Accuracies and percentages as error rates."""

from __future__ import annotations

import math
from collections.abc import Sequence

from experiments.diagnosis.curves import Number


def error_rates(values: Sequence[Number], *, accuracy: bool) -> list[Number]:
    """A column as error rates from 0 to 1; what is not finite stays so.

    A column with any value above 1 is in percent; one with a value above 100 or below 0 is no rate, and absent.
    """
    if any(v is not None and v < 0 and math.isfinite(v) for v in values):
        return [None] * len(values)
    highest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    if highest > 100:
        return [None] * len(values)
    whole = 100.0 if highest > 1 else 1.0
    shares = [None if v is None else v / whole for v in values]
    return [None if v is None else 1 - v for v in shares] if accuracy else shares
