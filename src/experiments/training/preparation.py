"""Everything that can still be refused: data loaded, a network built for them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytorch_lightning as pl

from experiments.config.problems import ConfigurationError, Problem
from experiments.data.datamodule import DataModule
from experiments.training.build import build_data, build_network, build_optimizer, build_schedule
from experiments.training.module import SupervisedModule
from experiments.training.phased_data import PhasedData
from experiments.training.phases import WithBody, plan_phases
from experiments.training.rehearsal import check_network
from experiments.training.task import task_for


@dataclass
class Prepared:
    """Loaded data and a network for them, ready to train; the configuration has its seed."""

    configuration: dict[str, Any]
    data: DataModule
    module: SupervisedModule

    @cached_property
    def phased(self) -> PhasedData:
        """The data as each phase trains on them."""
        return PhasedData(self.data, self.module, self.configuration)


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
    _refuse_views_of_nothing(data)
    network = build_network(configuration, data)
    normalisation: tuple[Any, Any] = getattr(network, "mean", None), getattr(network, "std", None)
    if None not in normalisation:
        data.normalise(*normalisation)
    module = SupervisedModule(
        network,
        task_for(data.kind),
        build_optimizer(configuration),
        build_schedule(configuration),
        plan_phases(configuration, network),
    )
    check_network(module, data, configuration)
    _refuse_batches_of_one(module, data)
    return Prepared(configuration, data, module)


def _refuse_batches_of_one(module: SupervisedModule, data: DataModule) -> None:
    size = data.train_dataloader().batch_size
    if size == 1 and isinstance(module.network, WithBody):
        wrong = "the head normalises over the images of a batch, and one image has nothing to be compared with"
        raise ConfigurationError([Problem("dataset.batch_size=1", wrong, "dataset.batch_size=16")])


def _refuse_views_of_nothing(data: DataModule) -> None:
    if data.views > 1 and not data.augments:
        wrong = "views are augmented variants of photographs, and these images are not augmented: all would be the same"
        raise ConfigurationError([Problem(f"dataset.views={data.views}", wrong, "dataset.views=1")])


def with_seed(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with a seed, drawn if it has none."""
    seed = configuration["seed"]
    return {**configuration, "seed": random.SystemRandom().randrange(2**31) if seed is None else seed}
