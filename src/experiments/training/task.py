"""What is learned: classes or numbers. The loss and the metrics follow the data's kind."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that everyone knows


@dataclass
class Evaluation:
    """A network's answers on a set of samples in evaluation mode.

    `losses` (N,) one a sample; `predicted` (N,) class indices or values; `probability` (N,) of the predicted class
    (empty for regression); `targets` (N,) as they were given. Of several networks at once all have a leading
    dimension, a network each; `of` takes one network's.
    """

    losses: Tensor
    predicted: Tensor
    probability: Tensor
    targets: Tensor

    @property
    def loss(self) -> Tensor:
        """The mean loss, a scalar (a number for each network)."""
        return self.losses.double().mean(dim=-1)

    def of(self, network: int) -> Evaluation:
        """One network's answers."""
        return Evaluation(*(getattr(self, field.name)[network] for field in fields(self)))

    @property
    def loss_standard_error(self) -> float:
        """Of the mean loss, from the scatter of the samples' own losses; 0 for a single sample."""
        n = len(self.losses)
        return float(self.losses.double().std() / n**0.5) if n > 1 else 0.0


class Task(Protocol):
    """The loss to descend and the metrics to report."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch: a scalar."""
        ...

    def evaluate(self, outputs: Tensor, targets: Tensor) -> Evaluation:
        """Losses and predictions, one a sample."""
        ...

    @property
    def metric(self) -> str:
        """The name of the metric that people read."""
        ...

    def score(self, evaluation: Evaluation) -> Tensor:
        """Its value, a scalar (a number for each network)."""
        ...


class Classification:
    """Cross-entropy, and the error rate: one minus accuracy."""

    metric = "error_rate"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def evaluate(self, outputs: Tensor, targets: Tensor) -> Evaluation:
        losses = F.cross_entropy(outputs, targets, reduction="none")
        probability, predicted = outputs.softmax(dim=1).max(dim=1)
        return Evaluation(losses, predicted, probability, targets)

    def score(self, evaluation: Evaluation) -> Tensor:
        # A network of NaNs predicts the first class; that it is right by chance is no success.
        wrong = (evaluation.predicted != evaluation.targets) | ~evaluation.losses.isfinite()
        return wrong.double().mean(dim=-1)


class Regression:
    """Mean squared error, and its root."""

    metric = "rmse"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(outputs, targets)

    def evaluate(self, outputs: Tensor, targets: Tensor) -> Evaluation:
        losses = (outputs - targets).square().mean(dim=1)
        return Evaluation(losses, outputs.squeeze(1), torch.empty(0), targets.squeeze(1))

    def score(self, evaluation: Evaluation) -> Tensor:
        return evaluation.loss.sqrt()


def task_for(kind: str) -> Task:
    """The task for a data set's kind: `classification` or `regression`."""
    return Classification() if kind == "classification" else Regression()


def joined(parts: list[Evaluation]) -> Evaluation:
    """The evaluations of several batches as one, on the CPU."""
    whole = {
        field.name: torch.cat([getattr(part, field.name) for part in parts], dim=-1) for field in fields(Evaluation)
    }
    whole |= {name: whole[name].float() for name in ("losses", "probability")}
    return Evaluation(**{name: tensor.cpu() for name, tensor in whole.items()})


def metrics(task: Task, valid: Evaluation, train: Evaluation) -> dict[str, Tensor]:
    """The columns of history.csv that follow from the validation set and from training samples evaluated alike."""
    return {
        "valid_loss": valid.loss,
        task.metric: task.score(valid),
        "train_loss_eval": train.loss,
        f"train_{task.metric}_eval": task.score(train),
    }
