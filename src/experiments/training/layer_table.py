"""The layer groups of a model with a body: how large they are, and at which rate each is trained when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import nn

from experiments.training.module import SupervisedModule
from experiments.training.phases import FROZEN, Phase, WithBody, multiples


def layer_lines(module: SupervisedModule, configuration: Mapping[str, Any]) -> list[str]:
    """A line a group under a line of headings, a column a phase with the highest rate in it; none without a body."""
    network, phases = module.network, module.phases
    if not isinstance(network, WithBody):
        return []
    groups = network.layer_groups()
    rows = [["layer group", "parameters", *(_epochs(phase) for phase in phases)]]
    for number, group in enumerate(groups):
        count = sum(p.numel() for p in group.parameters.values())
        is_head = number == len(groups) - 1
        rates = [
            _rate(network, phase, multiples(phase, len(groups))[number], is_head, configuration) for phase in phases
        ]
        rows.append([group.name, f"{count:,}", *rates])
    return _aligned(rows)


def _epochs(phase: Phase) -> str:
    first, last = phase.first_epoch + 1, phase.end
    return f"epoch {first}" if first == last else f"epochs {first} to {last}"


def _rate(network: nn.Module, phase: Phase, multiple: float, is_head: bool, configuration: Mapping[str, Any]) -> str:
    if phase.name == FROZEN and not is_head:
        return "batch norm alone" if getattr(network, "train_norm", False) else "frozen"
    rate = configuration["optimizer"].get("lr")
    return f"{multiple:.2g} of its rate" if rate is None else f"rate {rate * multiple:.2g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns under each other: numbers, the second, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if number == 1 else cell.ljust(width)
