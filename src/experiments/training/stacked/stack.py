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
from experiments.training.device import device_for
from experiments.training.linear_in_parameters import Design, training_design
from experiments.training.module import SupervisedModule
from experiments.training.preparation import Prepared, prepare, with_seed
from experiments.training.stacked.descent import StackedDescent
from experiments.training.stacked.networks import CannotBeStacked, Networks
from experiments.training.stacked.optimizers import STACKED


@dataclass
class Stack:
    """Ready to train.

    Attributes:
        members: what each run alone would be trained from; all have the same data and network.
        designs: of the training points, for networks that are linear in their parameters; mostly one and the same.
        descent: not begun yet.
    """

    members: list[Prepared]
    designs: list[Design | None]
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
    of_seeds = {one["seed"]: one for one in seeded}
    modules = {seed: _module(one, first) for seed, one in of_seeds.items()}
    designs = _designs(modules, first)
    try:
        descent = _descent(seeded, first, modules)
        descent.follow = any(design is not None for design in designs.values())
        descent.rehearse()
    except CannotBeStacked as error:
        dropout = seeded[0]["model"].get("dropout")
        raise _cannot(str(error), "model.dropout=0" if dropout else "hydra/launcher=basic") from error
    members = [Prepared(one, first.data, modules[one["seed"]]) for one in seeded]
    return Stack(members, [designs[one["seed"]] for one in seeded], descent)


def _cannot(reason: str, instead: str) -> ConfigurationError:
    wrong = f"these networks cannot be trained many at a time: {reason}"
    return ConfigurationError([Problem("hydra/launcher=vectorised", wrong, instead)])


def _descent(
    seeded: Sequence[Mapping[str, Any]], first: Prepared, modules: Mapping[int, SupervisedModule]
) -> StackedDescent:
    device = device_for(seeded[0])
    states = {seed: _state(module.network) for seed, module in modules.items()}
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


def _module(configuration: Mapping[str, Any], first: Prepared) -> SupervisedModule:
    """The network as this seed draws it."""
    pl.seed_everything(configuration["seed"], verbose=False)
    network = build_network(configuration, first.data)
    return SupervisedModule(network, first.module.task, first.module.make_optimizer, first.module.schedule)


def _state(network: nn.Module) -> dict[str, Tensor]:
    """Weights and buffers."""
    return {name: tensor.detach().clone() for name, tensor in (*network.named_parameters(), *network.named_buffers())}


def _designs(modules: Mapping[int, SupervisedModule], first: Prepared) -> dict[int, Design | None]:
    """Computed once, unless the seeds draw something that is not trained."""

    def fixed(module: SupervisedModule) -> list[Tensor]:
        network = module.network
        return [*network.buffers(), *(p for p in network.parameters() if not p.requires_grad)]

    some = next(iter(modules.values()))
    pairs = ((a, b) for module in modules.values() for a, b in zip(fixed(some), fixed(module), strict=True))
    if all(torch.equal(a, b) for a, b in pairs):
        return dict.fromkeys(modules, training_design(some, first.data))
    return {seed: training_design(module, first.data) for seed, module in modules.items()}
