"""Which weights of a training are worth keeping, and the `model/` folder they are kept in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from experiments.runs.files import write_bytes, write_json


@dataclass
class Snapshot:
    """A network's weights, on the CPU, after an epoch."""

    epoch: int
    weights: dict[str, Tensor]


def snapshot(network: nn.Module, epoch: int) -> Snapshot:
    """A copy of the weights that training will not change."""
    weights = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in network.state_dict().items()}
    return Snapshot(epoch, weights)


def write_model(folder: Path, kept: Snapshot, best: Snapshot | None, about: Mapping[str, Any]) -> None:
    """Write `model/`, and `model/best/` where an earlier epoch was better.

    Weights are safetensors, the rest is JSON: loading them executes no code.
    """
    _write(folder / "model", kept, about)
    if best is not None and best.epoch != kept.epoch:
        _write(folder / "model" / "best", best, about)


def _write(folder: Path, kept: Snapshot, about: Mapping[str, Any]) -> None:
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "model.safetensors", save(kept.weights))
    write_json(folder / "model.json", {**about, "training": {**about.get("training", {}), "epoch": kept.epoch}})
