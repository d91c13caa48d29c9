"""How the doctor writes numbers: short, and as they can be typed."""

import math


def rate(value: float) -> str:
    """One significant digit, as it is typed: `0.003`, `1e-05`."""
    return f"{value:.1g}" if value < 0.95 else f"{float(f'{value:.1g}'):g}"


def loss(value: float) -> str:
    """Three significant digits; `nan` and `inf` as they are."""
    return f"{value:.3g}" if math.isfinite(value) else str(value)


def percent(share: float) -> str:
    """`3.6 %`."""
    return f"{share:.1%}".replace("%", " %")


def error(value: float, regression: bool) -> str:
    """`error 3.6 %`, in a regression `rmse 0.303`."""
    return f"rmse {score(value, regression)}" if regression else f"error {score(value, regression)}"


def score(value: float, regression: bool) -> str:
    """An error rate as a percentage, an rmse as a number."""
    return loss(value) if regression else percent(value)
