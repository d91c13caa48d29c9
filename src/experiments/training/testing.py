"""The test set: looked at once, when the training is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from experiments.training.module import SupervisedModule
from experiments.training.phased_data import PhasedData
from experiments.training.task import joined


def test_metrics(module: SupervisedModule, data: PhasedData, weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """What these weights of the network score on the test set, in evaluation mode.

    Returns:
        `size` (of the set), `test_loss` (mean, in nats for classes) and `error_rate` or `rmse`.
    """
    network, task = module.network, module.task
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    state = {name: tensor.to(device) for name, tensor in weights.items()}
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            parts = [
                task.evaluate(functional_call(network, state, (inputs.to(device),)).float(), targets.to(device))
                for inputs, targets in data.test_batches()
            ]
    finally:
        network.train(training)
    evaluation = joined(parts)
    return {
        "size": data.data.test_size,
        "test_loss": float(evaluation.loss),
        task.metric: float(task.score(evaluation)),
    }
