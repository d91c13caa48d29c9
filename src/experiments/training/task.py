"""What is learned: classes or numbers. The loss and the metrics follow the data's kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that everyone knows


@dataclass
class Evaluation:
    """A network's answers on a set of samples in evaluation mode.

    `losses` (N,) one a sample; `predicted` (N,) class indices or values; `probability` (N,) of the predicted class
    (empty for regression); `targets` as they were given.
    """

    losses: Tensor
    predicted: Tensor
    probability: Tensor
    targets: Tensor

    @property
    def loss(self) -> float:
        """The mean loss."""
        return float(self.losses.double().mean())

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

    def metric(self, evaluation: Evaluation) -> tuple[str, float]:
        """The name and value of the metric that people read."""
        ...


class Classification:
    """Cross-entropy, and the error rate: one minus accuracy."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def evaluate(self, outputs: Tensor, targets: Tensor) -> Evaluation:
        losses = F.cross_entropy(outputs, targets, reduction="none")
        probability, predicted = outputs.softmax(dim=1).max(dim=1)
        return Evaluation(losses, predicted, probability, targets)

    def metric(self, evaluation: Evaluation) -> tuple[str, float]:
        # A network of NaNs predicts the first class; that it is right by chance is no success.
        wrong = (evaluation.predicted != evaluation.targets) | ~evaluation.losses.isfinite()
        return "error_rate", float(wrong.sum()) / len(wrong)


class Regression:
    """Mean squared error, and its root."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(outputs, targets)

    def evaluate(self, outputs: Tensor, targets: Tensor) -> Evaluation:
        losses = (outputs - targets).square().mean(dim=1)
        return Evaluation(losses, outputs.squeeze(1), torch.empty(0), targets.squeeze(1))

    def metric(self, evaluation: Evaluation) -> tuple[str, float]:
        return "rmse", evaluation.loss**0.5


def task_for(kind: str) -> Task:
    """The task for a data set's kind: `classification` or `regression`."""
    return Classification() if kind == "classification" else Regression()


def joined(parts: list[Evaluation]) -> Evaluation:
    """The evaluations of several batches as one, on the CPU."""
    return Evaluation(
        *(
            torch.cat([getattr(part, name) for part in parts]).float().cpu()
            if name in ("losses", "probability")
            else torch.cat([getattr(part, name) for part in parts]).cpu()
            for name in ("losses", "predicted", "probability", "targets")
        )
    )
