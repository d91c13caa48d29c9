"""Which weights of a training are worth keeping, and the `model/` folder they are kept in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from experiments.runs.files import read_json, write_bytes, write_json

WEIGHTS = "model.safetensors"
BODY = "body.safetensors"
BODY_PREFIX = "body."


@runtime_checkable
class WithFixedBody(Protocol):
    """A network whose part `body` may be frozen, so that no state of it changes."""

    @property
    def head_inputs_are_fixed(self) -> bool: ...

    def body_hash(self) -> str: ...


@dataclass(frozen=True)
class FrozenBody:
    """The state of a frozen body, on the CPU, by its names in the network; and the hash of it."""

    hash: str
    weights: dict[str, Tensor]


@dataclass
class Snapshot:
    """A network's weights, on the CPU, after an epoch.

    Attributes:
        epoch: counted from 1; 0 is before training.
        weights: all of them.
        body: those of `weights` that were frozen; the snapshots of a frozen phase have it in common.
    """

    epoch: int
    weights: dict[str, Tensor]
    body: FrozenBody | None = None


class Keeper:
    """Remembers the weights of the last finite epoch, and of the best one."""

    def __init__(self) -> None:
        self.last: Snapshot | None = None
        self.best: Snapshot | None = None
        self._body: FrozenBody | None = None

    def keep(self, network: nn.Module, epoch: int, *, best: bool) -> None:
        """This epoch is the last finite one now, and the best so far if `best`."""
        self._body = _frozen_body(network, self._body)
        self.last = _snapshot(network, epoch, self._body)
        if best:
            self.best = self.last

    def state(self) -> dict[str, Any]:
        """What a checkpoint lacks, which has the last weights itself, and a frozen body: plain data and tensors."""
        epoch, best = self.last.epoch if self.last else 0, None
        if self.best is not None and self.best is not self.last:
            body = self.best.body
            # The network has a body that is frozen still; one that was trained since is nowhere else.
            there = body.weights if body is not None and body is self._body else {}
            own = {name: tensor for name, tensor in self.best.weights.items() if name not in there}
            best = {"epoch": self.best.epoch, "weights": own, "body_hash": body.hash if body else None}
        return {"epoch": epoch, "is_best": self.best is self.last, "best": best}

    def go_on_from(self, network: nn.Module, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave; `network` has the last weights."""
        self.keep(network, state["epoch"], best=state["is_best"])
        best = state["best"]
        if best is not None:
            body = self._body
            if body is None and best["body_hash"] is not None:
                frozen = {name: tensor for name, tensor in best["weights"].items() if name.startswith(BODY_PREFIX)}
                body = FrozenBody(best["body_hash"], frozen)
            weights = best["weights"] if body is None else {**body.weights, **best["weights"]}
            self.best = Snapshot(best["epoch"], weights, body)

    def write(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write `model/`, and `model/best/` where an earlier epoch was better.

        Weights are safetensors, the rest is JSON: loading them executes no code. A frozen body's are a file of
        their own, which shares its bytes on disk with those of all runs that have the same body.
        """
        if self.last is None:
            return
        _write(folder / "model", self.last, about)
        if self.best is not None and self.best.epoch != self.last.epoch:
            _write(folder / "model" / "best", self.best, about)


def read_model_weights(folder: Path) -> dict[str, Tensor]:
    """The `state_dict` of the network that a `model/` folder, or the `best/` in it, holds.

    Raises:
        OSError: a file is missing, or cannot be read.
        ValueError: a file is damaged; the message names it.
    """
    files = read_json(folder / "model.json").get("weights", [WEIGHTS])
    merged: dict[str, Tensor] = {}
    for name in files:
        if name not in (WEIGHTS, BODY):
            raise ValueError(f"{folder / 'model.json'} names a file {name!r}; weights are in {BODY} and {WEIGHTS}")
        merged |= _read(folder / name)
    return merged


def _read(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or no safetensors file: {error}") from error


def _frozen_body(network: nn.Module, known: FrozenBody | None) -> FrozenBody | None:
    """The body of a network, if it is frozen now; `known` if it was so after the epoch before."""
    if not (isinstance(network, WithFixedBody) and network.head_inputs_are_fixed):
        return None
    if known is not None:
        return known
    body = {name: tensor for name, tensor in network.state_dict().items() if name.startswith(BODY_PREFIX)}
    return FrozenBody(network.body_hash(), {name: _copied(tensor) for name, tensor in body.items()})


def _snapshot(network: nn.Module, epoch: int, body: FrozenBody | None) -> Snapshot:
    """What training will not change: copies, and the frozen body's copy that was made before."""
    frozen = body.weights if body else {}
    state = network.state_dict()
    weights = {name: frozen[name] if name in frozen else _copied(tensor) for name, tensor in state.items()}
    return Snapshot(epoch, weights, body)


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous()


def _write(folder: Path, kept: Snapshot, about: Mapping[str, Any]) -> None:
    from safetensors.torch import save

    from experiments.features.bodies import share_body

    folder.mkdir(parents=True, exist_ok=True)
    files, own = [WEIGHTS], kept.weights
    if kept.body is not None:
        share_body(kept.body.weights, kept.body.hash, folder / BODY)
        files, own = [BODY, WEIGHTS], {k: v for k, v in own.items() if k not in kept.body.weights}
    write_bytes(folder / WEIGHTS, save(own))
    training = {**about.get("training", {}), "epoch": kept.epoch}
    body_hash = kept.body.hash if kept.body else None
    write_json(folder / "model.json", {**about, "weights": files, "body_hash": body_hash, "training": training})
    if kept.body is None:  # of the frozen phase that an interrupted training ended in
        (folder / BODY).unlink(missing_ok=True)
