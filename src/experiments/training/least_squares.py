"""The exact answer that gradient descent on a line goes for."""

from __future__ import annotations

import torch

from experiments.data.datamodule import DataModule
from experiments.models.linear import Linear
from experiments.training.module import SupervisedModule


def compare_with_least_squares(module: SupervisedModule, data: DataModule) -> dict[str, list[float]] | None:
    """The fitted weights beside those that minimise the mean squared error on the training points.

    None for anything but a linear layer without bias on a regression.
    """
    network = module.network
    if data.kind != "regression" or not isinstance(network, Linear) or network.layer.bias is not None:
        return None
    batches = list(data.evaluation(data.table.indices("train")))
    inputs, targets = (torch.cat(parts).double() for parts in zip(*batches, strict=True))
    exact = torch.linalg.lstsq(inputs, targets).solution.T
    fitted = network.layer.weight.detach().cpu()
    return {"fitted": fitted.flatten().tolist(), "least_squares": exact.flatten().tolist()}
