"""From a checked configuration to live objects; the only place that instantiates."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.errors import HydraException
from hydra.utils import get_object, instantiate
from torch import nn

from experiments.config.problems import ConfigurationError, Problem, listed
from experiments.config.schema import COMMON_KEYS, SCHEMAS
from experiments.data.datamodule import DataModule
from experiments.data.table import Shares
from experiments.training.schedules import Schedule

Node = Mapping[str, Any]

OF_PHASES = ("unfrozen_epochs", "unfrozen_lr")
"""Keys of the schedule that say when each shape begins, and nothing about the shape."""


def build_data(configuration: Node) -> DataModule:
    """The datamodule; what every data set has goes to it, the rest to the data set's own class."""
    node = dict(configuration["dataset"])
    names = [name for name in (*COMMON_KEYS["dataset"],) if name in node]
    common = {name: node.pop(name) for name in names}
    shares = Shares(**{field.name: common.pop(field.name) for field in fields(Shares) if field.name in common})
    return DataModule(make("dataset", node), shares=shares, seed=configuration["seed"], **common)


def build_network(configuration: Node, data: DataModule) -> nn.Module:
    """The network for these data: `input_shape` and `output_size` are given to it if it takes them."""
    node = configuration["model"]
    offered = {
        "input_shape": data.input_shape,
        "output_size": data.output_size,
        "num_classes": data.output_size,
    }
    if node["_target_"] in SCHEMAS["model"]:
        offered.pop("num_classes")
    takes = _parameters(node["_target_"], "model")
    given = {name: value for name, value in offered.items() if name in takes and name not in node}
    network = make("model", node, **given)
    if not isinstance(network, nn.Module):
        wrong = f"must make a torch module, and makes {type(network).__name__}"
        raise ConfigurationError([Problem(f"model ({node['_target_']})", wrong)])
    return network


def build_optimizer(configuration: Node) -> Any:
    """A function from parameters to the optimizer."""
    node = configuration["optimizer"]
    target = _object(node["_target_"], "optimizer")
    return functools.partial(target, **{k: v for k, v in node.items() if k != "_target_"})


def build_schedule(configuration: Node) -> Schedule:
    """The shape of the rate; an own one is any callable object with `epochs` that answers for a progress in 0..1."""
    node = configuration["schedule"]
    takes = _parameters(str(node["_target_"]), "schedule")
    schedule: Schedule = make("schedule", {k: v for k, v in node.items() if k not in OF_PHASES or k in takes})
    return schedule


def build_logger(configuration: Node, folder: Path) -> pl.loggers.Logger:
    """A Lightning logger that writes into the run's folder, if it writes files."""
    node = configuration["logger"]
    takes = _parameters(node["_target_"], "logger")
    ours = {"save_dir": str(folder), "name": "", "version": ""}
    logger: pl.loggers.Logger = make("logger", node, **{k: v for k, v in ours.items() if k in takes and k not in node})
    if isinstance(logger, pl.loggers.TensorBoardLogger):
        logger.hparams.update(configuration)  # it writes them to hparams.yaml, where its users look for them
    return logger


def make(group: str, node: Node, **more: Any) -> Any:
    """Instantiate one node.

    Raises:
        ConfigurationError: it cannot be found, or does not take these keys or values.
    """
    target = str(node["_target_"])
    _refuse_unknown_keys(group, node, more)
    try:
        return instantiate(dict(node), **more, _convert_="all")
    except HydraException as error:
        cause = error.__cause__ or error
        if isinstance(cause, ConfigurationError):
            raise cause from None
        said = str(cause) if isinstance(cause, TypeError | ValueError) else f"{type(cause).__name__}: {cause}"
        raise ConfigurationError([Problem(f"{group} ({target})", said)]) from error


def check_targets(configuration: Node) -> list[Problem]:
    """Problems of classes that are a user's own: not to be found, or keys that they do not take."""
    found = []
    for group, schemas in SCHEMAS.items():
        node = configuration[group]
        if node["_target_"] in schemas:
            continue
        ours = OF_PHASES if group == "schedule" else COMMON_KEYS.get(group, {})
        own = {k: v for k, v in node.items() if k not in ours}
        try:
            _refuse_unknown_keys(group, own, {})
        except ConfigurationError as error:
            found += error.problems
    return found


def _refuse_unknown_keys(group: str, node: Node, more: Node) -> None:
    takes = _parameters(str(node["_target_"]), group)
    if "**" in takes:
        return
    unknown = [k for k in (*node, *more) if not k.startswith("_") and k not in takes]
    if unknown:
        names = [name for name in takes if name not in ("self", "params")]
        problems = [
            Problem(f"{group}.{k}={node.get(k)}", f"{node['_target_']} takes: {listed(names)}") for k in unknown
        ]
        raise ConfigurationError(problems)


def _object(target: str, group: str) -> Any:
    try:
        return get_object(target)
    except Exception as error:  # whatever importing somebody's module raises
        cause = error.__cause__ or error
        wrong = f"cannot be imported: {cause}"
        raise ConfigurationError([Problem(f"{group}._target_={target}", wrong)]) from error


def _parameters(target: str, group: str) -> list[str]:
    """The names that a class or function takes; `**` among them if it takes any."""
    thing = _object(target, group)
    if not callable(thing):
        raise ConfigurationError([Problem(f"{group}._target_={target}", "is no class or function")])
    parameters = inspect.signature(thing).parameters.values()
    return ["**" if p.kind is inspect.Parameter.VAR_KEYWORD else p.name for p in parameters]
