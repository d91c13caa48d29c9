"""What happened to many networks at once, step by step and epoch by epoch; then each one's own history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from experiments.training.history import History, Step
from experiments.training.stacked.optimizers import Weights
from experiments.training.task import Evaluation


@dataclass
class Trace:
    """Lists with an entry a step or an epoch, each over all networks; columns of numbers, once `over`.

    Attributes:
        losses, norms, rates: (networks,) each step; `momentum` lists.
        step_epochs: the epoch of each step.
        parameters: (networks, P) before each step and after the last, for few parameters alone.
        metrics: by the names of history.csv, (networks,) each epoch; the first is before training.
        seconds: of each epoch, from the first.
        died: (networks,) the epoch in which a network's numbers ceased to be finite; 0 while they are.
        died_at: (networks,) the step after which it was not trained any more.
    """

    networks: int
    losses: list[Tensor] = field(default_factory=list)
    norms: list[Tensor] = field(default_factory=list)
    rates: list[Tensor] = field(default_factory=list)
    momentum: list[list[float] | None] = field(default_factory=list)
    step_epochs: list[int] = field(default_factory=list)
    parameters: list[Tensor] = field(default_factory=list)
    metrics: list[dict[str, Tensor]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    died: Tensor = field(init=False)
    died_at: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.died = torch.zeros(self.networks, dtype=torch.long)
        self.died_at = torch.full((self.networks,), -1)

    @property
    def alive(self) -> Tensor:
        """(networks,) which are still trained."""
        return self.died == 0

    def bury(self, dead: Tensor, epoch: int) -> None:
        """These ended in this epoch, with the last step that was taken."""
        new = dead.cpu() & self.alive
        self.died[new] = epoch
        self.died_at[new] = len(self.losses) - 1

    def histories(self) -> list[History]:
        """Each network's own, as it would have been alone."""
        columns = _columns(self.losses), _columns(self.norms), _columns(self.rates)
        names = list(self.metrics[0]) if self.metrics else []
        metrics = [{name: one[name].tolist() for name in names} for one in self.metrics]
        return [self._history(number, columns, metrics) for number in range(self.networks)]

    def _history(
        self, number: int, columns: Sequence[list[list[float]]], metrics: Sequence[dict[str, list[float]]]
    ) -> History:
        history = History()
        losses, norms, rates = (column[number] for column in columns)
        ends = int(self.died_at[number]) + 1 if self.died[number] else len(losses)
        steps = [
            Step(step, self.step_epochs[step], rates[step], losses[step], norms[step], self._momentum(step, number))
            for step in range(ends)
        ]
        last = int(self.died[number]) or len(metrics)
        begun = 0
        for epoch, values in enumerate(metrics[: last + 1]):
            while begun < len(steps) and steps[begun].epoch <= epoch:
                history.steps.append(steps[begun])
                begun += 1
            seconds = self.seconds[epoch - 1] / self.networks if epoch else None
            history.add_epoch(epoch, {name: column[number] for name, column in values.items()}, seconds)
        history.steps += steps[begun:]
        return history

    def _momentum(self, step: int, number: int) -> float | None:
        momentum = self.momentum[step]
        return None if momentum is None else momentum[number]

    def path(self, number: int) -> list[list[float]]:
        """One network's parameters before each step and after the last."""
        rows = self.parameters[: int(self.died_at[number]) + 2] if self.died[number] else self.parameters
        return [row[number].tolist() for row in rows]


def _columns(steps: Sequence[Tensor]) -> list[list[float]]:
    """A list a network from a tensor a step."""
    return torch.stack(list(steps)).double().T.tolist() if steps else []


@dataclass
class Kept:
    """Of each network, the weights and the answers at some epoch of its own."""

    weights: Weights
    evaluation: Evaluation
    epochs: Tensor

    def replace(self, these: Tensor, weights: Weights, evaluation: Evaluation, epoch: int) -> None:
        """For these networks (networks,), this epoch is the one."""
        for name, kept in self.weights.items():
            kept[these] = weights[name][these]
        for name in ("losses", "predicted", "probability", "targets"):
            getattr(self.evaluation, name)[these] = getattr(evaluation, name)[these]
        self.epochs[these] = epoch


def kept_at_beginning(weights: Weights, evaluation: Evaluation) -> Kept:
    """Everything as it was before training, in copies."""
    copied = Evaluation(
        *(getattr(evaluation, name).clone() for name in ("losses", "predicted", "probability", "targets"))
    )
    epochs = torch.zeros(len(evaluation.losses), dtype=torch.long)
    return Kept({name: weight.clone() for name, weight in weights.items()}, copied, epochs)
