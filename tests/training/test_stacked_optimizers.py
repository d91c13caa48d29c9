"""Optimizers of many networks at once against torch's own on each network alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from experiments.training.schedules import Constant, OneCycle, Schedule, Setting
from experiments.training.stacked.optimizers import StackedAdamW, StackedOptimizer, StackedSGD, Weights

STEPS = 30
SHAPES = {"layer.weight": (3, 2), "layer.bias": (4,), "scale": ()}
CPU = torch.device("cpu")

SGD: list[dict[str, Any]] = [
    {"lr": 0.1},
    {"lr": 0.03, "momentum": 0.9, "weight_decay": 0.0},
    {"lr": 0.3, "momentum": 0.5, "weight_decay": 0.1},
    {"lr": 1.0, "momentum": 0.0, "weight_decay": 0.01},
]
ADAMW: list[dict[str, Any]] = [
    {"lr": 0.1},
    {"lr": 0.03, "weight_decay": 0.0, "betas": [0.5, 0.9]},
    {"lr": 0.3, "weight_decay": 0.3, "betas": [0.95, 0.99]},
    {"lr": 1.0, "weight_decay": 0.01, "betas": [0.0, 0.999]},
]


def drawn(networks: int, seed: int) -> Weights:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(networks, *shape, generator=generator) for name, shape in SHAPES.items()}


def settings(schedule: Schedule) -> list[Setting]:
    return [schedule(step / (STEPS - 1)) for step in range(STEPS)]


def alone(kind: type[torch.optim.Optimizer], options: Mapping[str, Any], number: int, schedule: Schedule) -> Weights:
    """One network trained by torch's optimizer, its rate and momentum set before each step as training sets them."""
    weights = {name: tensor[number].clone().requires_grad_() for name, tensor in drawn(len(SGD), 0).items()}
    optimizer = kind(weights.values(), **options)
    (group,) = optimizer.param_groups
    for step, setting in enumerate(settings(schedule), 1):
        group["lr"] = options["lr"] * setting.factor
        if setting.momentum is not None and "betas" in group:
            group["betas"] = (setting.momentum, group["betas"][1])
        elif setting.momentum is not None and group["momentum"]:
            group["momentum"] = setting.momentum
        for name, gradient in drawn(len(SGD), step).items():
            weights[name].grad = gradient[number]
        optimizer.step()
    return {name: tensor.detach() for name, tensor in weights.items()}


def together(optimizer: StackedOptimizer, schedule: Schedule) -> Weights:
    weights = drawn(len(SGD), 0)
    for step, setting in enumerate(settings(schedule), 1):
        weights = optimizer.step(weights, drawn(len(SGD), step), setting)
    return weights


@pytest.mark.parametrize("schedule", [OneCycle(), Constant()], ids=["one_cycle", "constant"])
@pytest.mark.parametrize(
    ("stacked", "kind", "options"),
    [(StackedSGD, torch.optim.SGD, SGD), (StackedAdamW, torch.optim.AdamW, ADAMW)],
    ids=["sgd", "adamw"],
)
def test_each_network_goes_where_torchs_own_optimizer_brings_it(
    stacked: type[StackedSGD] | type[StackedAdamW],
    kind: type[torch.optim.Optimizer],
    options: Sequence[Mapping[str, Any]],
    schedule: Schedule,
) -> None:
    found = together(stacked(options, CPU), schedule)
    for number, one in enumerate(options):
        for name, expected in alone(kind, one, number, schedule).items():
            torch.testing.assert_close(found[name][number], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [(StackedSGD, SGD), (StackedAdamW, ADAMW)],
    ids=["sgd", "adamw"],
)
def test_what_is_given_to_a_step_stays_as_it_was(
    optimizer: type[StackedSGD] | type[StackedAdamW], options: Sequence[Mapping[str, Any]]
) -> None:
    """The trainer keeps a network that has diverged by the weights from before the step."""
    one, weights = optimizer(options, CPU), drawn(len(SGD), 0)
    for step in (1, 2, 3):
        gradients = drawn(len(SGD), step)
        after = one.step(weights, gradients, OneCycle()(0.5))
        torch.testing.assert_close(weights, drawn(len(SGD), 0), rtol=0, atol=0)
        torch.testing.assert_close(gradients, drawn(len(SGD), step), rtol=0, atol=0)
        assert not _share_memory(weights, after)


def _share_memory(one: Weights, other: Weights) -> bool:
    def places(tensors: Weights) -> set[int]:
        return {tensor.data_ptr() for tensor in tensors.values()}

    return bool(places(one) & places(other))


def test_one_networks_gradient_moves_no_other() -> None:
    def end(change: float) -> dict[str, Tensor]:
        optimizer, weights = StackedAdamW(ADAMW, CPU), drawn(len(SGD), 0)
        for step in (1, 2, 3):
            gradients = drawn(len(SGD), step)
            gradients["layer.bias"][1] += change
            weights = optimizer.step(weights, gradients, OneCycle()(0.5))
        return weights

    before, after = end(0.0), end(float("nan"))
    assert after["layer.bias"][1].isnan().all()
    others = [0, 2, 3]
    for name in SHAPES:
        assert torch.equal(before[name][others], after[name][others])


def test_the_momentum_that_is_recorded_is_the_one_that_is_used() -> None:
    plain, setting = Constant()(0.5), OneCycle()(0.3)
    assert StackedSGD(SGD, CPU).momentum(plain) == [0.0, 0.9, 0.5, 0.0]
    assert StackedSGD(SGD, CPU).momentum(setting) == pytest.approx([0.0, 0.85, 0.85, 0.0]), "plain descent stays plain"
    assert StackedAdamW(ADAMW, CPU).momentum(plain) == [0.9, 0.5, 0.95, 0.0]
    assert StackedAdamW(ADAMW, CPU).momentum(setting) == pytest.approx([0.85] * 4)
