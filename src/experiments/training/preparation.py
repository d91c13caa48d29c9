"""Everything that can still be refused: data loaded, a network built for them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl

from experiments.data.datamodule import DataModule
from experiments.training.build import build_data, build_network, build_optimizer, build_schedule
from experiments.training.module import SupervisedModule
from experiments.training.rehearsal import check_network
from experiments.training.task import task_for


@dataclass
class Prepared:
    """Loaded data and a network for them, ready to train; the configuration has its seed."""

    configuration: dict[str, Any]
    data: DataModule
    module: SupervisedModule


def prepare(configuration: Mapping[str, Any]) -> Prepared:
    """Load the data and build the network; all that can still be refused is refused here.

    Raises:
        ConfigurationError, DataError: it cannot be trained.
    """
    configuration = with_seed(configuration)
    # Everything random begins here, whatever ran before in this process.
    pl.seed_everything(configuration["seed"], verbose=False)
    data = build_data(configuration)
    data.prepare_data()
    data.setup()
    network = build_network(configuration, data)
    module = SupervisedModule(
        network, task_for(data.kind), build_optimizer(configuration), build_schedule(configuration)
    )
    check_network(module, data, configuration)
    return Prepared(configuration, data, module)


def with_seed(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with a seed, drawn if it has none."""
    seed = configuration["seed"]
    return {**configuration, "seed": random.SystemRandom().randrange(2**31) if seed is None else seed}
