"""How numbers read in a table and on a figure: short, with their unit, and a dash where there is none."""

import math

NOTHING = "-"


def loss(value: float) -> str:
    """Three decimals; `1.2e+05` where that would be a row of digits."""
    if math.isnan(value):
        return NOTHING
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.1e}"


def percent(share: float) -> str:
    """A share (0..1) as `2.2%`."""
    return NOTHING if math.isnan(share) else f"{share:.1%}"


def duration(seconds: float) -> str:
    """`8.4 s`, `3m 20s`, `2h 05m`."""
    if math.isnan(seconds):
        return NOTHING
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    return f"{minutes // 60}h {minutes % 60:02d}m"


def score(name: str, value: float) -> str:
    """An `error_rate` as percent, an `rmse` as a plain number."""
    return percent(value) if name == "error_rate" else loss(value)


def epochs(count: float) -> str:
    """A whole number."""
    return NOTHING if math.isnan(count) else f"{count:.0f}"


def verdict(name: str) -> str:
    """`learning_rate_too_high` as `rate too high`."""
    return name.removeprefix("learning_").replace("_", " ")


def coefficient(value: float | None) -> str:
    """Four decimals, `1.2e+05` where that would be a row of digits; JSON has no number for what overflowed."""
    if value is None:
        return "overflow"
    return f"{value:.4f}" if abs(value) < 100_000 else f"{value:.1e}"
