"""Which weights of a training are worth keeping, and the `model/` folder they are kept in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from experiments.runs.files import write_bytes, write_json


@dataclass
class Snapshot:
    """A network's weights, on the CPU, after an epoch."""

    epoch: int
    weights: dict[str, Tensor]


def snapshot(weights: Mapping[str, Tensor], epoch: int) -> Snapshot:
    """A copy of a network's `state_dict()` that training will not change."""
    copied = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in weights.items()}
    return Snapshot(epoch, copied)


class Keeper:
    """Remembers the weights of the last finite epoch, and of the best one."""

    def __init__(self) -> None:
        self.last: Snapshot | None = None
        self.best: Snapshot | None = None

    def keep(self, weights: Mapping[str, Tensor], epoch: int, *, best: bool) -> None:
        """This epoch is the last finite one now, and the best so far if `best`."""
        self.last = snapshot(weights, epoch)
        if best:
            self.best = self.last

    def write(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write `model/`, and `model/best/` where an earlier epoch was better.

        Weights are safetensors, the rest is JSON: loading them executes no code.
        """
        if self.last is None:
            return
        _write(folder / "model", self.last, about)
        if self.best is not None and self.best.epoch != self.last.epoch:
            _write(folder / "model" / "best", self.best, about)


def _write(folder: Path, kept: Snapshot, about: Mapping[str, Any]) -> None:
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "model.safetensors", save(kept.weights))
    write_json(folder / "model.json", {**about, "training": {**about.get("training", {}), "epoch": kept.epoch}})
