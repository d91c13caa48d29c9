"""One process of several that train the toy with a body; a task for workers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from toy_transfer import toy_training

from experiments import Recorder
from experiments.training.fit import build_trainer, run_trainer


@dataclass(frozen=True)
class ToyRank:
    """Its number, of how many, and where they meet."""

    number: int
    of: int
    port: int
    folder: Path


def train_toy(rank: ToyRank) -> tuple[Path, dict[str, torch.Tensor]]:
    """Two frozen epochs and two of every layer, recorded as anybody would; where, and the weights at the end."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": rank.port, "WORLD_SIZE": rank.of, "LOCAL_RANK": rank.number}
    os.environ |= {name: str(value) for name, value in place.items()}
    torch.set_num_threads(1)
    module, data = toy_training(train_norm=True)
    node = {"accelerator": "cpu", "strategy": "ddp", "devices": rank.of}
    recorder = Recorder(rank.folder)
    run_trainer(build_trainer({"trainer": node}, rank.folder, [recorder], None, module.phases), module, data)
    torch.distributed.destroy_process_group()
    weights = {name: parameter.detach().clone() for name, parameter in module.network.named_parameters()}
    return recorder.folder, weights
