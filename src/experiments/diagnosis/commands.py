"""The next command, ready to type: the run's own settings with the advised ones in their place."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Finding

LEFT_OUT = ("hydra.", "expect", "name=", "sweep=", "experiment=")
"""What a next run must not inherit: another run's folder, what that was expected to show, the sweep that it was in."""


def next_overrides(curves: Curves, advised: Sequence[str]) -> list[str]:
    """The overrides of the next run: those of this one, the advised ones last and each key once."""
    return replaced(curves.overrides, advised)


def replaced(overrides: Iterable[str], advised: Sequence[str]) -> list[str]:
    """The overrides that a next run may inherit, then the advised ones in the place of those with the same key."""
    keys = {key_of(text) for text in advised}
    kept = [o for o in overrides if key_of(o) not in keys and not o.lstrip("+~").startswith(LEFT_OUT)]
    return [*kept, *advised]


def next_command(curves: Curves, advised: Sequence[str]) -> str | None:
    """`experiments fit ...`; None where nothing is advised, or where the training was not one of ours."""
    if not advised or not curves.own:
        return None
    many = any("," in text.partition("=")[2] and "[" not in text for text in advised)
    return command(next_overrides(curves, advised), curves.config_dir, many=many)


def command(overrides: Sequence[str], config_dir: str | None = None, *, many: bool = False) -> str:
    """`experiments fit ...`, quoted for a shell; `many` makes it a sweep."""
    flags = [*(["--config-dir", config_dir] if config_dir else []), *(["-m"] if many else [])]
    return shlex.join(["experiments", "fit", *flags, *overrides])


def with_commands(curves: Curves, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, each with the command of its advice."""
    return tuple(replace(finding, command=next_command(curves, finding.overrides)) for finding in findings)


def key_of(override: str) -> str:
    """`optimizer.lr` of `optimizer.lr=0.1`."""
    return override.lstrip("+~").partition("=")[0]
