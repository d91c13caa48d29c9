"""Losses and metrics on values that can be worked out by hand."""

import math

import pytest
import torch

from experiments.training.history import History, read_metrics
from experiments.training.task import Classification, Evaluation, Regression, joined

LOGITS = torch.tensor([[0.0, math.log(3)], [math.log(4), 0.0], [0.0, 0.0], [0.0, math.log(9)]])
LABELS = torch.tensor([1, 0, 1, 0])
NAMES = ("losses", "predicted", "probability", "targets")
LOSSES = [-math.log(3 / 4), -math.log(4 / 5), math.log(2), math.log(10)]


def test_classification() -> None:
    evaluation = Classification().evaluate(LOGITS, LABELS)
    assert evaluation.losses.tolist() == pytest.approx(LOSSES)
    assert float(evaluation.loss) == pytest.approx(sum(LOSSES) / 4)
    assert evaluation.predicted.tolist() == [1, 0, 0, 1]
    assert evaluation.probability.tolist() == pytest.approx([0.75, 0.8, 0.5, 0.9])
    assert (Classification().metric, float(Classification().score(evaluation))) == ("error_rate", 0.5)
    assert float(Classification().loss(LOGITS, LABELS)) == pytest.approx(sum(LOSSES) / 4)


def test_regression() -> None:
    outputs, targets = torch.tensor([[1.0], [4.0], [2.0]]), torch.tensor([[1.0], [2.0], [-1.0]])
    evaluation = Regression().evaluate(outputs, targets)
    assert evaluation.losses.tolist() == [0, 4, 9]
    assert evaluation.predicted.tolist() == [1, 4, 2]
    assert Regression().metric == "rmse"
    assert float(Regression().score(evaluation)) == pytest.approx(math.sqrt(13 / 3))
    assert float(Regression().loss(outputs, targets)) == pytest.approx(13 / 3)


def test_the_standard_error_of_the_loss() -> None:
    evaluation = Regression().evaluate(torch.tensor([[0.0], [1.0], [2.0]]), torch.zeros(3, 1))
    # Losses 0, 1, 4: variance (25 + 4 + 49) / 9 / 2.
    assert evaluation.loss_standard_error == pytest.approx(math.sqrt(78 / 18 / 3))
    assert Regression().evaluate(torch.ones(1, 1), torch.zeros(1, 1)).loss_standard_error == 0


def test_batches_are_joined_by_samples_and_not_by_batches() -> None:
    task = Classification()
    whole = task.evaluate(LOGITS, LABELS)
    parts = joined([task.evaluate(LOGITS[:3], LABELS[:3]), task.evaluate(LOGITS[3:], LABELS[3:])])
    assert float(parts.loss) == pytest.approx(float(whole.loss))
    assert task.score(parts) == task.score(whole)


@pytest.mark.parametrize("task", [Classification(), Regression()])
def test_several_networks_at_once_score_as_each_alone(task: Classification | Regression) -> None:
    generator = torch.Generator().manual_seed(0)
    regression = isinstance(task, Regression)
    outputs = torch.randn(3, 4, 1 if regression else 2, generator=generator)
    targets = torch.randn(4, 1, generator=generator) if regression else LABELS
    alone = [task.evaluate(one, targets) for one in outputs]
    together = Evaluation(*(torch.stack([getattr(e, name) for e in alone]) for name in NAMES))
    assert task.score(together).tolist() == [float(task.score(one)) for one in alone]
    assert together.loss.tolist() == [float(one.loss) for one in alone]
    halves = [task.evaluate(outputs[1, rows], targets[rows]) for rows in (slice(0, 3), slice(3, 4))]
    assert joined(halves).losses.tolist() == together.of(1).losses.tolist()


def test_nan_recognises_nothing() -> None:
    """Its argmax is the first class: the two samples of class 0 must not count as right, nor the wrong ones twice."""
    logits = LOGITS.clone()
    logits[1] = logits[3] = math.nan
    evaluation = Classification().evaluate(logits, LABELS)
    assert evaluation.predicted[1] == LABELS[1]
    assert float(Classification().score(evaluation)) == 0.75  # the two of nan, and one that is wrong
    nothing = Classification().evaluate(torch.full((4, 2), math.nan), LABELS)
    assert float(Classification().score(nothing)) == 1.0


@pytest.mark.parametrize(
    ("logged", "expected"),
    [
        ({"val_loss": 0.5, "val_acc": 0.75}, {"valid_loss": 0.5, "error_rate": 0.25}),
        ({"valid_loss": 0.5, "val_loss": 9.0, "val_accuracy": 1.0}, {"valid_loss": 0.5, "error_rate": 0.0}),
        ({"val_error_rate": 0.1, "val_acc": 0.5}, {"error_rate": 0.1}),
        ({"rmse": 2.0, "accuracy": 0.5}, {"rmse": 2.0}),
        ({"loss": 1.0}, {}),
    ],
)
def test_metrics_are_found_under_the_names_that_others_give_them(
    logged: dict[str, float], expected: dict[str, float]
) -> None:
    assert read_metrics(logged) == expected


def test_the_best_epoch_is_by_error_then_loss_then_the_earliest() -> None:
    history = History()
    metrics = [(0.1, 0.1), (0.3, 0.2), (0.2, 0.5), (0.2, 0.4), (0.2, 0.4), (math.nan, 0.0)]
    for epoch, (error, loss) in enumerate(metrics):
        history.add_epoch(epoch, {"error_rate": error, "valid_loss": loss}, None)
    assert history.best == {"epoch": 3, "valid_loss": 0.4, "error_rate": 0.2}
    assert (history.final or {})["epoch"] == 5
    assert History().best is None
    assert History().final is None
