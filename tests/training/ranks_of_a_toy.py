"""One process of several that train the toy with a body; a task for workers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from toy_transfer import toy_training

from experiments.training.fit import build_trainer, run_trainer


@dataclass(frozen=True)
class ToyRank:
    """Its number, of how many, and where they meet."""

    number: int
    of: int
    port: int


def train_toy(rank: ToyRank) -> dict[str, torch.Tensor]:
    """Two frozen epochs and two of every layer; the weights that this process has at the end."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": rank.port, "WORLD_SIZE": rank.of, "LOCAL_RANK": rank.number}
    os.environ |= {name: str(value) for name, value in place.items()}
    torch.set_num_threads(1)
    module, data = toy_training(train_norm=True)
    node = {"accelerator": "cpu", "strategy": "ddp", "devices": rank.of}
    run_trainer(build_trainer({"trainer": node}, Path.cwd(), [], None, module.phases), module, data)
    torch.distributed.destroy_process_group()
    return {name: parameter.detach().clone() for name, parameter in module.network.named_parameters()}
