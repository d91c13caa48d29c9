"""The shapes of sweep that a report must show: each function writes one and returns its folder."""

import math
from pathlib import Path

from fake_runs import falling, write_run, write_sweep

LESSON = ["good", "learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "too_many_epochs"]
REGRESSION = {"kind": "regression", "classes": [], "train_size": 20, "valid_size": 10}


def lesson(folder: Path) -> Path:
    """The five experiments."""
    write_sweep(folder, {name: {"experiment": name} for name in LESSON}, "what_can_go_wrong")
    confirmed = {"declared": {}, "answer": "confirmed", "details": []}
    write_run(folder / LESSON[0], falling(4, 0.08, 0.022), expect=confirmed)
    high = [(2.31, 2.32, 0.9), (8e4, 9e4, 0.91), (310.0, 330.0, 0.89), (2.5, 2.6, 0.9), (2.33, 2.34, 0.9)]
    write_run(folder / LESSON[1], high, expect=confirmed)
    low = [(2.31 - 0.01 * i, 2.32 - 0.01 * i, 0.9 - 0.015 * i) for i in range(6)]
    write_run(folder / LESSON[2], low, expect={**confirmed, "answer": "within noise"})
    write_run(folder / LESSON[3], falling(1, 0.5, 0.17), expect={**confirmed, "answer": "refuted"})
    many = [
        (2.4 * math.exp(-0.3 * i) + 1e-4, 0.45 + 1.9 * math.exp(-0.5 * i) + 0.004 * i, 0.12 + 0.78 * 0.6**i)
        for i in range(41)
    ]
    write_run(folder / LESSON[4], many, expect=confirmed)
    return folder


def twenty_rates(folder: Path) -> Path:
    """A single number over four decades; the largest two diverge."""
    rates = [f"{10 ** (-4.5 + 0.22 * i):.2g}" for i in range(20)]
    write_sweep(folder, {f"optimizer.lr={rate}": {"optimizer.lr": rate} for rate in rates}, "learning_rate")
    for i, rate in enumerate(rates):
        away = abs(i - 12) / 12
        curve = falling(6, 0.08 + away, min(0.9, 0.02 + 0.8 * away**2), 1.5 * (1.05 - away))
        broken = [*curve[:3], (math.inf, math.inf, 0.9)]
        status = "diverged" if i > 17 else "finished"
        write_run(folder / f"optimizer.lr={rate}", broken if i > 17 else curve, status=status)
    return folder


def rates_and_seeds(folder: Path, seeds: int = 2) -> Path:
    """Two numbers: three rates, and as many seeds."""
    jobs = {
        f"optimizer.lr={rate},seed={seed}": {"optimizer.lr": rate, "seed": str(seed)}
        for rate in ("0.001", "0.01", "0.1")
        for seed in range(1, seeds + 1)
    }
    write_sweep(folder, jobs)
    for i, name in enumerate(jobs):
        write_run(folder / name, falling(4, 0.05 + 0.05 * i, 0.02 + 0.01 * i))
    return folder


def with_failures(folder: Path) -> Path:
    """A good run, a failed one, a diverged one, one that stands still and one that waits."""
    names = ["seed=1", "model.dropout=2", "optimizer.lr=30", "seed=2", "seed=3"]
    write_sweep(folder, {name: dict([name.split("=")]) for name in names})
    write_run(folder / names[0], falling(4, 0.08, 0.022))
    error = {"type": "RuntimeError", "message": "dropout probability has to be between 0 and 1\nbut got 2"}
    write_run(folder / names[1], [], status="failed", error=error)
    nan = math.nan
    diverged = [(2.3, 2.31, 0.9), (5e3, 6e3, 0.91), (nan, nan, 0.9), (nan, nan, 0.9)]
    write_run(folder / names[2], diverged, status="diverged")
    write_run(folder / names[3], falling(2, 0.1, 0.05), status="interrupted")
    return folder


def regression(folder: Path) -> Path:
    """Polynomials of four degrees."""
    degrees = ("1", "3", "9", "15")
    write_sweep(folder, {f"model.degree={d}": {"model.degree": d} for d in degrees}, "polynomial_degree")
    for i, degree in enumerate(degrees):
        fit, miss = 10.0 ** (-0.6 * i), 0.02 + 0.15 * abs(i - 1)
        curve = [(fit + s, miss + s, math.sqrt(miss + s)) for s in (math.exp(-0.2 * e) for e in range(31))]
        write_run(folder / f"model.degree={degree}", curve, data=REGRESSION)
    return folder
