"""What the processes of one training share: each has a part of every batch, and all have the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch
from pytorch_lightning.strategies import DDPStrategy, Strategy

from experiments.data.batches import seeded
from experiments.training.task import Evaluation

Anything = TypeVar("Anything")


@dataclass(frozen=True)
class Share:
    """The part of a process in a training: every `of`-th sample of a batch, from the one of number `rank` on."""

    rank: int = 0
    of: int = 1


ALL = Share()


def processes(configuration: Mapping[str, Any]) -> int:
    """How many processes a configuration asks for; 1 without `trainer=ddp`."""
    trainer = configuration["trainer"]
    return int(trainer["devices"]) if trainer.get("strategy") == "ddp" else 1


def on_one_device(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The same, in one process."""
    return {**configuration, "trainer": {**configuration["trainer"], "strategy": "auto", "devices": 1}}


def my_share() -> Share:
    """That of this process; all, where it trains alone."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return ALL
    return Share(torch.distributed.get_rank(), torch.distributed.get_world_size())


def of_every_process(thing: Anything) -> list[Anything]:
    """What each process has, by rank; every process must ask."""
    found: list[Any] = [thing]
    if my_share().of > 1:
        found *= my_share().of
        torch.distributed.all_gather_object(found, thing)
    return found


def whole(parts: Sequence[Evaluation]) -> list[Evaluation]:
    """The evaluations of whole batches, each sample once and in its place, from those of this process's shares."""
    by_rank = of_every_process(list(parts))
    return list(parts) if len(by_rank) == 1 else [_interleaved(batch) for batch in zip(*by_rank, strict=True)]


def _interleaved(shares: Sequence[Evaluation]) -> Evaluation:
    """Of one batch."""
    found = {}
    for field in fields(Evaluation):
        tensors = [getattr(share, field.name).cpu() for share in shares]
        mixed = tensors[0].new_empty((sum(map(len, tensors)), *tensors[0].shape[1:]))
        for rank, tensor in enumerate(tensors):
            mixed[rank :: len(tensors)] = tensor
        found[field.name] = mixed
    return Evaluation(**found)


def draw_apart() -> None:
    """From now on each process draws its own random numbers, or dropout would drop the same of all shares."""
    if rank := my_share().rank:
        torch.manual_seed(seeded(f"{torch.initial_seed()}:{rank}").initial_seed())


def wrap_anew(strategy: Strategy) -> None:
    """Exchange the gradients of what is trained from now on: DistributedDataParallel looks at its beginning alone.

    Without it, what is unfrozen later would be trained by each process for itself.
    """
    if isinstance(strategy, DDPStrategy):
        strategy.model = strategy.lightning_module
        strategy.configure_ddp()
