"""The same runs alone and together, and what must be the same in their folders."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from typed import rows

from experiments import compose, fit
from experiments.training.beginning import Request
from experiments.training.history import History
from experiments.training.stacked.fit import train_stack
from experiments.training.stacked.stack import Stack, make_stack
from experiments.verbs.judge import judge

Configuration = dict[str, Any]


@functools.cache
def configuration(*overrides: str) -> Configuration:
    """What `experiments fit OVERRIDES` would train."""
    composed: Any = OmegaConf.to_container(compose(overrides))
    return dict(composed)


def varied(configuration: Mapping[str, Any], *, seed: int | None = None, **optimizer: float) -> Configuration:
    """The same with another seed and other numbers of the optimizer."""
    seed = configuration["seed"] if seed is None else seed
    numbers = {name: float(value) for name, value in optimizer.items()}  # as the check of a configuration makes them
    return {**configuration, "seed": seed, "optimizer": {**configuration["optimizer"], **numbers}}


def alone(configurations: Sequence[Configuration], folder: Path) -> list[Path]:
    """Train one after the other; the runs' folders."""
    return [
        fit(OmegaConf.create(one), folder=folder / str(number), quiet=True).path
        for number, one in enumerate(configurations)
    ]


def together(configurations: Sequence[Configuration], folder: Path, stack: Stack | None = None) -> list[Path]:
    """Train as one; the runs' folders."""
    requests = requested(configurations, folder)
    train_stack(requests, stack or make_stack(configurations))
    return [request.folder for request in requests]


def requested(configurations: Sequence[Configuration], folder: Path) -> list[Request]:
    return [Request(one, folder / str(number), judge=judge) for number, one in enumerate(configurations)]


def histories(configurations: Sequence[Configuration]) -> list[History]:
    """Train as one, and write nothing."""
    stack = make_stack(configurations)
    stack.descent.run()
    return stack.descent.trace.histories()


def files(run: Path) -> list[str]:
    """Everything in a run's folder but TensorBoard's file, whose name has the time, and Hydra's own record."""
    names = [str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()]
    return sorted(name for name in names if not name.startswith(("events.", ".hydra")))


def differing_cells(one: Path, other: Path, *, tolerance: float = 1e-6) -> list[str]:
    """Where two CSV files are not the same: text to the letter, numbers to tolerance x max(1, |value|)."""
    if not one.exists() and not other.exists():
        return []
    left, right = rows(one), rows(other)
    found = [] if len(left) == len(right) else [f"{len(left)} and {len(right)} rows"]
    if left and right and list(left[0]) != list(right[0]):
        found.append(f"columns {list(left[0])} and {list(right[0])}")
    for number, (a, b) in enumerate(zip(left, right, strict=False)):
        names = [name for name in a if name in b and name != "seconds"]
        found += [f"row {number}, {n}: {a[n]} and {b[n]}" for n in names if not _same(a[n], b[n], tolerance)]
    return found


def _same(one: str, other: str, tolerance: float) -> bool:
    if one == other:
        return True
    try:
        a, b = float(one), float(other)
    except ValueError:
        return False
    return abs(a - b) <= tolerance * max(1.0, abs(a))
