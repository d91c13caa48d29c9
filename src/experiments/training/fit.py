"""One configuration becomes one run."""

from __future__ import annotations

import contextlib
import logging
import random
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from experiments.data.datamodule import DataModule
from experiments.runs.config_hash import config_hash
from experiments.runs.files import write_csv
from experiments.runs.run import Run
from experiments.training.build import (
    build_data,
    build_logger,
    build_network,
    build_optimizer,
    build_schedule,
)
from experiments.training.least_squares import compare_with_least_squares
from experiments.training.logs import logged_to
from experiments.training.module import SupervisedModule
from experiments.training.predictions import prediction_table
from experiments.training.recorder import Recorder
from experiments.training.run_record import RunRecord, package_version
from experiments.training.task import task_for
from experiments.training.tensorboard import EpochMetrics, TensorBoardCharts
from experiments.training.terminal import EpochTable, ProgressBar, say

log = logging.getLogger(__name__)


@dataclass
class Request:
    """A run to be: a checked configuration and what is to be written about where it comes from.

    `parameters` go to TensorBoard's HParams tab; `in_sweep` keeps the terminal to a line a job.
    """

    configuration: dict[str, Any]
    folder: Path
    command: str | None = None
    overrides: list[str] = field(default_factory=list)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    in_sweep: str | None = None
    quiet: bool = False


@dataclass
class Prepared:
    """Loaded data and a network for them, ready to train."""

    configuration: dict[str, Any]
    data: DataModule
    module: SupervisedModule


def prepare(configuration: Mapping[str, Any]) -> Prepared:
    """Load the data and build the network; all that can still be refused is refused here.

    Raises:
        ConfigurationError, DataError: it cannot be trained.
    """
    configuration = dict(configuration)
    if configuration["seed"] is None:
        configuration["seed"] = random.SystemRandom().randrange(2**31)
    # Everything random begins here, whatever ran before in this process.
    pl.seed_everything(configuration["seed"], verbose=False)
    data = build_data(configuration)
    data.setup()
    network = build_network(configuration, data)
    module = SupervisedModule(
        network, task_for(data.kind), build_optimizer(configuration), build_schedule(configuration)
    )
    return Prepared(configuration, data, module)


def train(request: Request, prepared: Prepared | None = None) -> Run:
    """Train, and leave the run's files in `request.folder`.

    Raises:
        KeyboardInterrupt: Ctrl-C; the run is left `interrupted`.
        Exception: whatever loading or training raised; the run is left `failed`, its log has the traceback.
    """
    request.folder.mkdir(parents=True, exist_ok=True)
    record = RunRecord(request.folder, command=request.command, overrides=request.overrides)
    record.update()
    with logged_to(request.folder / "fit.log"):
        try:
            _train(prepared or prepare(request.configuration), request, record)
        except Exception as error:
            log.exception("the run failed")
            record.fail(error)
            if request.in_sweep:
                say(f"{request.in_sweep}: failed: {type(error).__name__}: {error}")
            raise
    return Run(request.folder)


def _train(prepared: Prepared, request: Request, record: RunRecord) -> None:
    configuration, data, module = prepared.configuration, prepared.data, prepared.module
    record.update(_about(configuration, data))
    write_csv(request.folder / "split.csv", ["path", "sha256", "label", "split"], _split_rows(data))
    recorder = Recorder(
        request.folder,
        record=record,
        expect=configuration.get("expect"),
        model_about=_model_about(configuration, data),
        predictions=lambda evaluation: prediction_table(data, evaluation),
        keep_checkpoint=configuration["keep_checkpoint"],
    )
    logger = build_logger(configuration, request.folder)
    callbacks: list[pl.Callback] = [recorder, EpochMetrics(recorder)]
    if isinstance(logger, pl.loggers.TensorBoardLogger):
        parameters = request.parameters or _main_parameters(configuration)
        callbacks.append(TensorBoardCharts(recorder, configuration, parameters, data.contact_sheet()))
    if not request.quiet:
        callbacks += _shown(prepared, request, recorder)
    _fit(build_trainer(configuration, request.folder, callbacks, logger), module, data)
    coefficients = compare_with_least_squares(module, data)
    if coefficients:
        record.update({"coefficients": coefficients})
    if request.in_sweep and not request.quiet:
        say(f"{request.in_sweep}: {_ended(record)}")


def build_trainer(
    configuration: Mapping[str, Any], folder: Path, callbacks: list[pl.Callback], logger: pl.loggers.Logger
) -> pl.Trainer:
    """Lightning's Trainer for a configuration; recording, saving and showing are our callbacks' business."""
    return pl.Trainer(
        **{k: v for k, v in configuration["trainer"].items() if k != "_target_"},
        max_epochs=configuration["schedule"]["epochs"],
        default_root_dir=folder,
        callbacks=callbacks,
        logger=logger,
        num_sanity_val_steps=-1,  # over the whole validation set: that is epoch 0
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        log_every_n_steps=sys.maxsize,
    )


def _fit(trainer: pl.Trainer, module: SupervisedModule, data: DataModule) -> None:
    """`trainer.fit`, with Ctrl-C as the KeyboardInterrupt that it was.

    Lightning ignores further Ctrl-C from there on and exits the process; neither is right for the next job.
    """
    before = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(module, datamodule=data)
    except SystemExit as exit_:
        if isinstance(exit_.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    finally:
        with contextlib.suppress(ValueError):  # only the main thread may set signals
            signal.signal(signal.SIGINT, before)


def _about(configuration: Mapping[str, Any], data: DataModule) -> dict[str, Any]:
    hashed = config_hash(
        configuration, split_hash=data.split_hash, weights_hash=None, package_version=package_version()
    )
    return {
        "seed": configuration["seed"],
        "config_hash": hashed,
        "data": {
            "kind": data.kind,
            "classes": data.classes,
            "train_size": data.train_size,
            "valid_size": data.valid_size,
            "split_hash": data.split_hash,
        },
        "guess": data.guess,
        "expect": {"declared": configuration["expect"], "answer": None, "details": []}
        if configuration.get("expect")
        else None,
    }


def _model_about(configuration: Mapping[str, Any], data: DataModule) -> dict[str, Any]:
    return {
        "schema": 1,
        "architecture": {
            **configuration["model"],
            "input_shape": list(data.input_shape),
            "output_size": data.output_size,
        },
        "classes": data.classes,
        **data.preprocessing,
    }


def _split_rows(data: DataModule) -> list[tuple[str, str, str, str]]:
    table = data.table
    return list(zip(table.paths, table.sha256, table.labels, table.splits, strict=True))


def _main_parameters(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What a single run shows in HParams."""
    return {
        "model": configuration["model"]["_target_"].rsplit(".", 1)[-1],
        "optimizer.lr": configuration["optimizer"].get("lr", 0.0),
        "optimizer.weight_decay": configuration["optimizer"].get("weight_decay", 0.0),
        "schedule.epochs": configuration["schedule"]["epochs"],
        "seed": configuration["seed"],
    }


def _ended(record: RunRecord) -> str:
    """A finished run in half a line."""
    final = record.content["metrics"]["final"] or {}
    numbers = ", ".join(f"{k} {v:.4g}" for k, v in final.items() if k != "epoch" and v is not None)
    return f"{record.status}, {numbers} ({record.content['seconds']:.1f} s)"


def _shown(prepared: Prepared, request: Request, recorder: Recorder) -> list[pl.Callback]:
    """Say what is about to be trained; the callbacks that show how it goes."""
    configuration, data, network = prepared.configuration, prepared.data, prepared.module.network
    for notice in data.notices:
        say(f"note: {notice}")
    epochs = configuration["schedule"]["epochs"]
    bar: list[pl.Callback] = [ProgressBar(request.in_sweep or "training")] if sys.stderr.isatty() else []
    if request.in_sweep:
        return bar
    shape = " x ".join(str(n) for n in data.input_shape)
    classes = f" in {len(data.classes)} classes" if data.classes else ""
    total = sum(p.numel() for p in network.parameters())
    trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
    optimizer, schedule = configuration["optimizer"], configuration["schedule"]
    names = (optimizer["_target_"].rsplit(".", 1)[-1], schedule["_target_"].rsplit(".", 1)[-1])
    say(f"data    {data.train_size} training, {data.valid_size} validation samples of {shape}{classes}")
    say(f"model   {type(network).__name__}: {total:,} parameters, {trained:,} trained")
    say(
        f"steps   {names[0]} at {optimizer.get('lr', '?')}, {names[1]}, {epochs} epochs of {len(data.train_dataloader())}"
    )
    return [EpochTable(recorder, epochs, data.kind), *bar]
