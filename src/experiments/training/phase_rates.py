"""The range test of one phase of a training: the batches, layers and rates that `fit` would train it with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytorch_lightning as pl
from lightning_fabric import Fabric

from experiments.config.problems import ConfigurationError, Problem
from experiments.data.progress import at_terminal
from experiments.runs.rate_curve import RateCurve
from experiments.training.distributed import on_one_device
from experiments.training.fit import build_trainer, run_trainer
from experiments.training.phases import UNFROZEN, Phase, WithBody, unfrozen_phase
from experiments.training.preparation import Prepared
from experiments.training.range_test import endless, range_test
from experiments.training.terminal import ProgressBar


def choose_phase(prepared: Prepared, name: str | None) -> Phase:
    """The phase that is asked for; None: the first one.

    Raises:
        ConfigurationError: this training has no such phase; the message says why.
    """
    phases = prepared.module.phases
    if name is None:
        return phases[0]
    for phase in phases:
        if phase.name == name:
            return phase
    if not isinstance(prepared.module.network, WithBody):
        wrong = "the model has no body that could be frozen or unfrozen: there is one phase, with every layer trained"
        raise ConfigurationError([Problem(f"--phase {name}", wrong, "experiments lr-find")])
    if name == UNFROZEN:
        return replace(unfrozen_phase(prepared.configuration), first_epoch=phases[-1].end)
    epochs = prepared.configuration["schedule"]["epochs"]
    wrong = "the body is not frozen: " + ("model.freeze_body=false" if epochs else "schedule.epochs=0")
    raise ConfigurationError([Problem(f"--phase {name}", wrong, "model.freeze_body=true" if epochs else None)])


def phase_curve(prepared: Prepared, phase: Phase, folder: Path, stepped: Callable[[], None]) -> RateCurve:
    """The range test of a phase, after the phases before it have been trained as `fit` would; nothing is written.

    Args:
        prepared: the training; its network is trained if there is a phase before.
        phase: from `choose_phase`.
        folder: where Lightning believes that it may write.
        stepped: called after each step of the test.
    """
    configuration, module, data = on_one_device(prepared.configuration), prepared.module, prepared.phased
    prepared.data.notices += data.prepare_features()
    before = [one for one in module.phases if one.end <= phase.first_epoch]
    if before:
        bar: list[pl.Callback] = [ProgressBar(f"{before[-1].name} phase")] if at_terminal() else []
        run_trainer(build_trainer(configuration, folder, bar, None, before), module, data)
        module.enter(phase)
    trainer = configuration["trainer"]
    fabric = Fabric(accelerator=trainer["accelerator"], devices=trainer["devices"], precision=trainer["precision"])
    with closing(endless(data.train_batches(phase), phase.first_epoch)) as batches:
        return range_test(module, batches, fabric=fabric, clip=trainer["gradient_clip_val"], stepped=stepped)
