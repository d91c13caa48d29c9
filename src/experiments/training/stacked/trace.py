"""What happened to many networks at once, step by step and epoch by epoch; then each one's own history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import torch
from torch import Tensor

from experiments.training.history import History, Step
from experiments.training.stacked.optimizers import Weights
from experiments.training.task import Evaluation


@dataclass(frozen=True)
class Steps:
    """One step of all networks: (networks,) tensors; `momentum` has a number each.

    `parameters` (networks, P) are those after the step; None unless they are followed.
    """

    epoch: int
    losses: Tensor
    norms: Tensor
    rates: Tensor
    momentum: list[float]
    parameters: Tensor | None


@dataclass
class Trace:
    """Lists with an entry a step and an epoch, each appended whole: an interruption leaves nothing half.

    Attributes:
        networks: how many.
        before: (networks, P) the parameters before the first step; None unless they are followed.
        steps: one after the other.
        metrics: by the names of history.csv, (networks,) each epoch; the first is before training.
        seconds: of each epoch, from the first.
        died: (networks,) the epoch in which a network's numbers ceased to be finite; 0 while they are.
        died_at: (networks,) the step after which it was not trained any more.
    """

    networks: int
    before: Tensor | None = None
    steps: list[Steps] = field(default_factory=list)
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
        self.died_at[new] = len(self.steps) - 1

    def histories(self) -> list[History]:
        """Each network's own, as it would have been alone."""
        losses, norms, rates = (_columns([getattr(step, name) for step in self.steps]) for name in _OF_STEPS)
        metrics = [{name: values.tolist() for name, values in one.items()} for one in self.metrics]
        found = []
        for number in range(self.networks):
            steps = [
                Step(n, one.epoch, rates[number][n], losses[number][n], norms[number][n], one.momentum[number])
                for n, one in enumerate(self.steps[: self._taken(number)])
            ]
            found.append(self._history(number, steps, metrics))
        return found

    def _taken(self, number: int) -> int:
        """How many steps a network took."""
        return int(self.died_at[number]) + 1 if self.died[number] else len(self.steps)

    def _history(self, number: int, steps: list[Step], metrics: Sequence[dict[str, list[float]]]) -> History:
        history = History()
        last = int(self.died[number]) or len(metrics)
        begun = 0
        for epoch, values in enumerate(metrics[: last + 1]):
            while begun < len(steps) and steps[begun].epoch <= epoch:
                history.steps.append(steps[begun])
                begun += 1
            timed = 0 < epoch <= len(self.seconds)
            seconds = self.seconds[epoch - 1] / self.networks if timed else None
            history.add_epoch(epoch, {name: column[number] for name, column in values.items()}, seconds)
        history.steps += steps[begun:]  # of an epoch that was interrupted
        return history

    def path(self, number: int) -> list[list[float]]:
        """One network's parameters before each step and after the last."""
        rows = [self.before, *(step.parameters for step in self.steps[: self._taken(number)])]
        return [row[number].tolist() for row in rows if row is not None]


_OF_STEPS = ("losses", "norms", "rates")


def _columns(steps: Sequence[Tensor]) -> list[list[float]]:
    """A list for each network from a tensor for each step."""
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
            chosen = these.to(kept.device)
            kept[chosen] = weights[name][chosen]
        for part in fields(Evaluation):
            getattr(self.evaluation, part.name)[these] = getattr(evaluation, part.name)[these]
        self.epochs[these] = epoch


def kept_at_beginning(weights: Weights, evaluation: Evaluation) -> Kept:
    """Everything as it was before training, in copies."""
    copied = Evaluation(*(getattr(evaluation, part.name).clone() for part in fields(Evaluation)))
    epochs = torch.zeros(len(evaluation.losses), dtype=torch.long)
    return Kept({name: weight.clone() for name, weight in weights.items()}, copied, epochs)
