"""What many runs share: the data, and one network with many sets of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from experiments.config.problems import ConfigurationError, Problem
from experiments.training.build import build_network, build_schedule
from experiments.training.linear_in_parameters import Design, training_design
from experiments.training.preparation import Prepared, prepare, with_seed
from experiments.training.stacked.descent import StackedDescent
from experiments.training.stacked.networks import CannotBeStacked, Networks
from experiments.training.stacked.optimizers import STACKED
from experiments.training.terminal import say

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass
class Stack:
    """Ready to train.

    Attributes:
        members: what each run alone would be trained from; all have the same data and network.
        design: of the training points, for a network that is linear in its parameters.
        descent: not begun yet.
    """

    members: list[Prepared]
    design: Design | None
    descent: StackedDescent


def make_stack(configurations: Sequence[Mapping[str, Any]]) -> Stack:
    """Load the data once, draw each network's weights from its own seed, and try one step.

    The configurations may differ in their seed and in numbers of the optimizer (`sweeps.stackable`).

    Raises:
        ConfigurationError: these networks cannot be trained together; the message says why.
        DataError: the data cannot be trained on.
    """
    seeded = [with_seed(configuration) for configuration in configurations]
    first = prepare(seeded[0])
    if first.data.augments:
        raise _cannot("its pictures are augmented at random", "dataset.augment=none")
    if _device(seeded[0]).type == "cpu" and any(isinstance(part, _CONVOLUTIONS) for part in first.module.modules()):
        say("note: convolutions with many sets of weights are slow on a CPU: one after the other is faster there")
    design = training_design(first.module, first.data)
    try:
        descent = _descent(seeded, first)
        descent.follow = design is not None
        descent.rehearse()
    except CannotBeStacked as error:
        dropout = seeded[0]["model"].get("dropout")
        raise _cannot(str(error), "model.dropout=0" if dropout else "hydra/launcher=basic") from error
    return Stack([Prepared(one, first.data, first.module) for one in seeded], design, descent)


def _cannot(reason: str, instead: str) -> ConfigurationError:
    wrong = f"these networks cannot be trained many at a time: {reason}"
    return ConfigurationError([Problem("hydra/launcher=vectorised", wrong, instead)])


def _descent(seeded: Sequence[Mapping[str, Any]], first: Prepared) -> StackedDescent:
    device = _device(seeded[0])
    states = {seed: _state(one, first) for seed, one in {one["seed"]: one for one in seeded}.items()}
    numbers = {seed: number for number, seed in enumerate(states)}
    optimizers = [one["optimizer"] for one in seeded]
    return StackedDescent(
        Networks(first.module.network, [states[one["seed"]] for one in seeded], first.module.task, device),
        STACKED[optimizers[0]["_target_"]](optimizers, device),
        build_schedule(seeded[0]),
        [first.data.train_batches(seed) for seed in states],
        torch.tensor([numbers[one["seed"]] for one in seeded]),
        first.data.val_dataloader(),
        device,
    )


def _state(configuration: Mapping[str, Any], prepared: Prepared) -> dict[str, Tensor]:
    """Weights and buffers as this seed draws them."""
    pl.seed_everything(configuration["seed"], verbose=False)
    network = build_network(configuration, prepared.data)
    return {name: tensor.detach() for name, tensor in (*network.named_parameters(), *network.named_buffers())}


def _device(configuration: Mapping[str, Any]) -> torch.device:
    wanted = configuration["trainer"]["accelerator"]
    if wanted in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return torch.device("cuda")
    if wanted in ("auto", "gpu", "mps") and torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
