"""predictions.csv: what the network answered for each validation sample."""

from __future__ import annotations

from typing import Any

from experiments.data.datamodule import DataModule
from experiments.training.task import Evaluation

COLUMNS = ["path", "sha256", "label", "predicted", "probability", "loss"]


def prediction_table(data: DataModule, evaluation: Evaluation) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows, in the order of the validation set; probability is empty for regression."""
    table, losses = data.table, evaluation.losses.tolist()
    predicted: list[Any] = evaluation.predicted.tolist()
    if data.classes:
        predicted = [data.classes[int(index)] for index in predicted]
    probabilities: list[Any] = evaluation.probability.tolist() or [None] * len(losses)
    rows = [
        [table.paths[i], table.sha256[i], table.labels[i], predicted[n], probabilities[n], losses[n]]
        for n, i in enumerate(table.indices("valid"))
    ]
    return COLUMNS, rows
