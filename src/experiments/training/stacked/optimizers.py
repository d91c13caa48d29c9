"""Optimizers whose numbers differ from network to network; everything has a leading dimension, a network each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from experiments.training.schedules import Setting

Weights = dict[str, Tensor]
"""Name to tensor, each with a leading dimension: (networks, ...)."""


class StackedOptimizer(Protocol):
    """As torch's optimizer of that name with its defaults, for many networks at once.

    Attributes:
        rates: (networks,) the highest that the schedule reaches.
    """

    rates: Tensor

    def step(self, weights: Weights, gradients: Weights, setting: Setting) -> Weights:
        """The weights after a step at this point of the schedule; those that were given stay as they are."""
        ...

    def momentum(self, setting: Setting) -> list[float]:
        """What each network uses at this point of the schedule."""
        ...


def _column(options: Sequence[Mapping[str, Any]], name: str, default: float, device: torch.device) -> Tensor:
    return torch.tensor([float(one.get(name, default)) for one in options], dtype=torch.float64, device=device)


def _like(numbers: Tensor, tensor: Tensor) -> Tensor:
    """(networks,) as (networks, 1, ..., 1) of the tensor's type."""
    return numbers.to(tensor.dtype).reshape(-1, *[1] * (tensor.ndim - 1))


class StackedSGD:
    """`torch.optim.SGD` with momentum and weight decay."""

    def __init__(self, options: Sequence[Mapping[str, Any]], device: torch.device) -> None:
        self.rates = _column(options, "lr", 1e-3, device)
        self._momentum = _column(options, "momentum", 0.0, device)
        self._weight_decay = _column(options, "weight_decay", 0.0, device)
        self._velocity: Weights = {}

    def momentum(self, setting: Setting) -> list[float]:
        return self._now(setting).tolist()

    def _now(self, setting: Setting) -> Tensor:
        if setting.momentum is None:
            return self._momentum
        return torch.where(self._momentum > 0, setting.momentum, self._momentum)  # plain descent stays plain

    def step(self, weights: Weights, gradients: Weights, setting: Setting) -> Weights:
        rates, momentum = self.rates * setting.factor, self._now(setting)
        after: Weights = {}
        for name, weight in weights.items():
            change = gradients[name] + _like(self._weight_decay, weight) * weight
            if name in self._velocity:
                change = _like(momentum, weight) * self._velocity[name] + change
            self._velocity[name] = change
            after[name] = weight - _like(rates, weight) * change
        return after


class StackedAdamW:
    """`torch.optim.AdamW` (Loshchilov and Hutter, 2019), in the order of torch's own arithmetic."""

    def __init__(self, options: Sequence[Mapping[str, Any]], device: torch.device) -> None:
        self.rates = _column(options, "lr", 1e-3, device)
        self._weight_decay = _column(options, "weight_decay", 1e-2, device)
        betas = torch.tensor([one.get("betas", (0.9, 0.999)) for one in options], dtype=torch.float64, device=device)
        self._beta1, self._beta2 = betas.T
        self._steps = 0
        self._mean: Weights = {}
        self._square: Weights = {}

    def momentum(self, setting: Setting) -> list[float]:
        return self._now(setting).tolist()

    def _now(self, setting: Setting) -> Tensor:
        return self._beta1 if setting.momentum is None else torch.full_like(self._beta1, setting.momentum)

    def step(self, weights: Weights, gradients: Weights, setting: Setting) -> Weights:
        self._steps += 1
        rates, beta1, beta2 = self.rates * setting.factor, self._now(setting), self._beta2
        step_size = rates / (1 - beta1**self._steps)
        root_of_correction = (1 - beta2**self._steps).sqrt()
        after: Weights = {}
        for name, weight in weights.items():
            gradient = gradients[name]
            mean, square = self._mean.get(name), self._square.get(name)
            mean = torch.zeros_like(weight) if mean is None else mean
            square = torch.zeros_like(weight) if square is None else square
            self._mean[name] = mean = mean.lerp(gradient, _like(1 - beta1, weight))
            self._square[name] = square = square * _like(beta2, weight) + _like(1 - beta2, weight) * gradient.square()
            decayed = weight * _like(1 - rates * self._weight_decay, weight)
            denominator = square.sqrt() / _like(root_of_correction, weight) + EPSILON
            after[name] = decayed - _like(step_size, weight) * mean / denominator
        return after


EPSILON = 1e-8
"""Of torch.optim.AdamW."""

STACKED: dict[str, type[StackedSGD] | type[StackedAdamW]] = {
    "torch.optim.SGD": StackedSGD,
    "torch.optim.AdamW": StackedAdamW,
}
