"""The layer groups of a model with a body: how large they are, and at which rate each is trained when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import nn

from experiments.training.module import SupervisedModule
from experiments.training.phases import FROZEN, Phase, WithBody, multiples


def about_phases(module: SupervisedModule, configuration: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What run.json says of them: name, first epoch (from 1), epochs, and the highest rate of each layer group.

    A group that is not trained has the rate None. None without a body.
    """
    network, phases = module.network, module.phases
    if not isinstance(network, WithBody):
        return None
    groups = network.layer_groups()
    return [
        {
            "name": phase.name,
            "first_epoch": phase.first_epoch + 1,
            "epochs": phase.epochs,
            "rates": {g.name: rate for g, rate in zip(groups, _rates(phase, len(groups), configuration), strict=True)},
        }
        for phase in phases
    ]


def layer_lines(module: SupervisedModule, configuration: Mapping[str, Any]) -> list[str]:
    """A line a group under a line of headings, a column a phase with the highest rate in it; none without a body."""
    network, phases = module.network, module.phases
    if not isinstance(network, WithBody):
        return []
    groups = network.layer_groups()
    columns = [_rates(phase, len(groups), configuration) for phase in phases]
    rows = [["layer group", "parameters", *(_epochs(phase) for phase in phases)]]
    for group, rates in zip(groups, zip(*columns, strict=True), strict=True):
        count = sum(p.numel() for p in group.parameters.values())
        rows.append([group.name, f"{count:,}", *(_said(rate, network) for rate in rates)])
    return _aligned(rows)


def _rates(phase: Phase, groups: int, configuration: Mapping[str, Any]) -> list[float | None]:
    """The highest of each group; None for one that is frozen, and where the optimizer has a rate of its own."""
    rate = configuration["optimizer"].get("lr")
    spread = [None if rate is None else rate * multiple for multiple in multiples(phase, groups)]
    return [*[None] * (groups - 1), spread[-1]] if phase.name == FROZEN else spread


def _epochs(phase: Phase) -> str:
    first, last = phase.first_epoch + 1, phase.end
    return f"epoch {first}" if first == last else f"epochs {first} to {last}"


def _said(rate: float | None, network: nn.Module) -> str:
    if rate is not None:
        return f"rate {rate:.2g}"
    return "batch norm alone" if getattr(network, "train_norm", False) else "frozen"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns under each other: numbers, the second, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if number == 1 else cell.ljust(width)
