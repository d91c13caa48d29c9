"""The training loop, for many networks at once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from experiments.data.batches import Batches
from experiments.training.schedules import Schedule
from experiments.training.stacked.networks import Networks
from experiments.training.stacked.optimizers import StackedOptimizer, Weights
from experiments.training.stacked.trace import Kept, Steps, Trace, kept_at_beginning
from experiments.training.task import Evaluation, joined, metrics


class StackedDescent:
    """Trains `networks` and keeps what a run's files need of each.

    Args:
        networks: with their first weights.
        optimizer: with each network's numbers.
        schedule: the same for all.
        loaders: training batches, one for each different order.
        order_of: (networks,) which of the loaders a network takes.
        evaluations: the validation set, then training samples in evaluation mode.
        device: where to compute.

    Attributes:
        follow: keep the parameters of every step.
        each_step: called after each step.
        trace: what happened.
        last, best: the weights of the last finite and of the best epoch.
    """

    def __init__(
        self,
        networks: Networks,
        optimizer: StackedOptimizer,
        schedule: Schedule,
        loaders: Sequence[Batches],
        order_of: Tensor,
        evaluations: Sequence[Batches],
        device: torch.device,
    ) -> None:
        self.networks = networks
        self.optimizer = optimizer
        self.schedule = schedule
        self.loaders = loaders
        self.order_of = order_of
        self.evaluations = evaluations
        self.device = device
        self.follow = False
        self.each_step: Callable[[], None] = lambda: None
        self.trace = Trace(len(networks))
        self.last: Kept
        self.best: Kept
        self._best_score = torch.full((2, len(networks)), torch.inf, dtype=torch.float64)

    @property
    def steps(self) -> int:
        """Of the whole training."""
        return self.schedule.epochs * len(self.loaders[0])

    def rehearse(self) -> None:
        """Try a step and an evaluation without taking it.

        Raises:
            CannotBeStacked: the networks cannot do it together.
        """
        self.networks.gradients(*next(self._batches(1)))
        self._evaluate()

    def run(self) -> None:
        """Train to the end, or until no network has finite numbers."""
        found, evaluation = self._evaluate()
        self.last = kept_at_beginning(self.networks.trained, evaluation)
        self.best = kept_at_beginning(self.networks.trained, evaluation)
        self.trace.before = self._parameters()
        self.trace.metrics.append(found)
        for epoch in range(1, self.schedule.epochs + 1):
            began = time.monotonic()
            for inputs, targets in self._batches(epoch):
                self._step(inputs, targets, epoch)
                self.each_step()
            found, evaluation = self._evaluate()
            self.trace.seconds.append(time.monotonic() - began)
            self.trace.metrics.append(found)
            self._end_epoch(epoch, found, evaluation)
            if not self.trace.alive.any():
                break

    def _batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Inputs and targets (networks, batch, ...)."""
        for loader in self.loaders:
            loader.sampler.set_epoch(epoch - 1)
        for parts in zip(*self.loaders, strict=True):
            inputs, targets = (torch.stack(list(part)).to(self.device) for part in zip(*parts, strict=True))
            yield inputs[self.order_of], targets[self.order_of]

    def _step(self, inputs: Tensor, targets: Tensor, epoch: int) -> None:
        gradients, losses = self.networks.gradients(inputs, targets)
        setting = self.schedule(min(1.0, len(self.trace.steps) / max(1, self.steps - 1)))
        before, alive = self.networks.trained, self.trace.alive.to(self.device)
        after = self.optimizer.step(before, gradients, setting)
        self.networks.trained = {name: torch.where(_like(alive, w), after[name], w) for name, w in before.items()}
        rates, norms = self.optimizer.rates * setting.factor, _norms(gradients)
        momentum, parameters = self.optimizer.momentum(setting), self._parameters()
        self.trace.steps.append(Steps(epoch, losses.cpu(), norms.cpu(), rates.cpu(), momentum, parameters))
        self.trace.bury(~losses.isfinite(), epoch)

    def _parameters(self) -> Tensor | None:
        """(networks, P) as they are now, if they are followed."""
        if not self.follow:
            return None
        return torch.cat([weight.flatten(1) for weight in self.networks.trained.values()], dim=1).cpu()

    def _evaluate(self) -> tuple[dict[str, Tensor], Evaluation]:
        valid, train = (
            joined([self.networks.evaluate(x.to(self.device), y.to(self.device)) for x, y in batches])
            for batches in self.evaluations
        )
        return metrics(self.networks.task, valid, train), valid

    def _end_epoch(self, epoch: int, found: dict[str, Tensor], evaluation: Evaluation) -> None:
        """Which networks are finite still, and which are better than ever."""
        finite = torch.stack([values.isfinite() for values in found.values()]).all(dim=0)
        for step in itertools.takewhile(lambda step: step.epoch == epoch, reversed(self.trace.steps)):
            finite &= step.losses.isfinite()
        going = finite & self.trace.alive
        self.trace.bury(~finite, epoch)
        self.last.replace(going, self.networks.trained, evaluation, epoch)
        score, loss = found[self.networks.task.metric].double(), found["valid_loss"].double()
        best_score, best_loss = self._best_score
        better = going & ((score < best_score) | ((score == best_score) & (loss < best_loss)))
        self.best.replace(better, self.networks.trained, evaluation, epoch)
        self._best_score = torch.where(better, torch.stack([score, loss]), self._best_score)


def _like(mask: Tensor, tensor: Tensor) -> Tensor:
    return mask.reshape(-1, *[1] * (tensor.ndim - 1))


def _norms(gradients: Weights) -> Tensor:
    """The norm of each network's whole gradient: (networks,)."""
    return torch.stack([g.flatten(1).square().sum(dim=1) for g in gradients.values()]).sum(dim=0).sqrt()
