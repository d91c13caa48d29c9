"""One batch through a network before anything is trained: what does not fit is refused now, not after an hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from experiments.config.problems import ConfigurationError, Problem
from experiments.data.datamodule import DataModule
from experiments.training.module import SupervisedModule

_passed: set[tuple[object, ...]] = set()


def check_network(module: SupervisedModule, data: DataModule, configuration: Mapping[str, Any]) -> None:
    """Ask the network for two answers, and for an optimizer of its parameters; random states stay as they were.

    Once in a process for each way to build them: the jobs of a sweep mostly have the same.

    Raises:
        ConfigurationError: the answers have another shape than (N, output_size), or there is nothing to optimize.
    """
    built = type(module.network), getattr(module.make_optimizer, "func", None)
    asked = *built, str([configuration["model"], configuration["optimizer"]]), data.input_shape, data.output_size
    if asked not in _passed:
        _check(module, data, configuration)
        _passed.add(asked)


def _check(module: SupervisedModule, data: DataModule, configuration: Mapping[str, Any]) -> None:
    model, optimizer = (f"{group} ({configuration[group]['_target_']})" for group in ("model", "optimizer"))
    inputs, _ = next(iter(data.evaluation(data.table.indices("train")[:2])))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        module.network.eval()
        try:
            outputs = module.network(inputs)
        except Exception as error:
            wrong = f"cannot take inputs of shape {tuple(inputs.shape)}: {type(error).__name__}: {error}"
            raise ConfigurationError([Problem(model, wrong)]) from error
        finally:
            module.network.train()
    expected = (len(inputs), data.output_size)
    if not isinstance(outputs, torch.Tensor) or tuple(outputs.shape) != expected:
        given = f"shape {tuple(outputs.shape)}" if isinstance(outputs, torch.Tensor) else type(outputs).__name__
        wrong = f"must answer with a tensor of shape {expected} for {len(inputs)} inputs, and gives {given}"
        raise ConfigurationError([Problem(model, wrong)])
    if not any(p.requires_grad for p in module.network.parameters()):
        raise ConfigurationError([Problem(model, "has no parameters to train")])
    try:
        made = module.configure_optimizers()
    except (TypeError, ValueError) as error:
        raise ConfigurationError([Problem(optimizer, str(error))]) from error
    if not isinstance(made, torch.optim.Optimizer):
        raise ConfigurationError([Problem(optimizer, f"must make a torch optimizer, and makes {type(made).__name__}")])
