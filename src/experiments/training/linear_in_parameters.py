"""Networks that are linear in their parameters: a line, a polynomial. What gradient descent does to them is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev

from experiments.data.datamodule import DataModule
from experiments.training.module import SupervisedModule
from experiments.training.schedules import Constant

Design = tuple[Tensor, Tensor]
"""Design matrix (N, P) and targets (N,) of the training points."""

PARAMETERS_AT_MOST = 64
"""More are neither drawn nor is their Hessian worth its time."""


def design_matrix(network: nn.Module, inputs: Tensor) -> Tensor | None:
    """X of outputs = X w, for the flattened parameters w: (N, P); None if the network is not linear in them.

    X is the Jacobian of the outputs, so that any network may be asked, a user's own too. It must have one output and
    no more than `PARAMETERS_AT_MOST` parameters.
    """
    parameters = {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}
    if sum(p.numel() for p in parameters.values()) > PARAMETERS_AT_MOST:
        return None
    was_training = network.training
    network.eval()  # what is random or counts in training must not be disturbed by a question
    try:
        with torch.random.fork_rng(devices=[]):
            return _jacobian_if_linear(network, parameters, inputs)
    except RuntimeError:  # there is no derivative of it
        return None
    finally:
        network.train(was_training)


def _jacobian_if_linear(network: nn.Module, parameters: dict[str, Tensor], inputs: Tensor) -> Tensor | None:
    def outputs(values: dict[str, Tensor]) -> Tensor:
        answer: Tensor = functional_call(network, values, (inputs,))
        return answer.squeeze(1)

    elsewhere = {name: p + 1.0 for name, p in parameters.items()}
    jacobian, there = (_flat(jacrev(outputs)(at), len(inputs)) for at in (parameters, elsewhere))
    weights = torch.cat([p.flatten() for p in parameters.values()])
    same_everywhere = torch.allclose(jacobian, there, atol=1e-5)
    through_zero = torch.allclose(jacobian @ weights, outputs(parameters), atol=1e-4)
    return jacobian if same_everywhere and through_zero else None


def _flat(jacobian: dict[str, Tensor], rows: int) -> Tensor:
    return torch.cat([part.reshape(rows, -1) for part in jacobian.values()], dim=1)


def training_design(module: SupervisedModule, data: DataModule) -> Design | None:
    """Design matrix (N, P) and targets (N,) of the training points, in double precision.

    None for classification, for targets of more than one number, and for networks that are not linear.
    """
    if data.kind != "regression" or data.output_size != 1:
        return None
    batches = list(data.evaluation(data.table.indices("train")))
    inputs, targets = (torch.cat(parts) for parts in zip(*batches, strict=True))
    design = design_matrix(module.network, inputs)
    return None if design is None else (design.double(), targets[:, 0].double())


def least_squares(design: Design) -> list[float]:
    """The parameters that minimise the mean squared error on the training points."""
    exact: list[float] = torch.linalg.lstsq(design[0], design[1]).solution.tolist()
    return exact


def critical_rate(design: Design, configuration: Mapping[str, Any]) -> float | None:
    """The learning rate above which full-batch gradient descent on the mean squared error diverges.

    The Hessian of the mean squared error is 2 X^T X / N, its largest eigenvalue with the weight decay added is h:
    the rate is 2 / h, with momentum m it is 2 (1 + m) / h (Polyak, Some methods of speeding up the convergence of
    iteration methods, 1964; Goh, Why momentum really works, Distill, 2017). None where this does not hold: for other
    optimizers than SGD, minibatches, a rate that changes, clipped gradients.
    """
    features, optimizer, batch = design[0], configuration["optimizer"], configuration["dataset"]["batch_size"]
    holds = (
        optimizer["_target_"] == "torch.optim.SGD"
        and configuration["schedule"]["_target_"] == f"{Constant.__module__}.{Constant.__qualname__}"
        and (batch == "all" or batch >= len(features))
        and not configuration["trainer"].get("gradient_clip_val")
    )
    if not holds:
        return None
    highest = float(torch.linalg.eigvalsh(2 * features.T @ features / len(features))[-1])
    momentum, weight_decay = float(optimizer.get("momentum", 0.0)), float(optimizer.get("weight_decay", 0.0))
    return 2 * (1 + momentum) / (highest + weight_decay)
