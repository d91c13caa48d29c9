"""One configuration becomes one run."""

from __future__ import annotations

import contextlib
import logging
import signal
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning.utilities.exceptions import SIGTERMException

from experiments.data.progress import at_terminal
from experiments.runs.ending import OVER
from experiments.runs.full_disk import named
from experiments.runs.lock import alone_in
from experiments.runs.run import Run
from experiments.training.about import main_parameters
from experiments.training.beginning import Request, begin_recording
from experiments.training.build import build_logger
from experiments.training.distributed import processes
from experiments.training.first_pictures import pictures_of
from experiments.training.going_on import before_it_went_on, checkpoint_of
from experiments.training.linear_in_parameters import least_squares, training_design
from experiments.training.loggers import EpochMetrics, TensorBoardCharts
from experiments.training.logs import logged_to
from experiments.training.module import SupervisedModule
from experiments.training.parameter_path import ParameterPath
from experiments.training.phased_data import PhasedData
from experiments.training.phases import Phase
from experiments.training.preparation import Prepared, prepare
from experiments.training.recorder import Recorder
from experiments.training.run_record import RunRecord
from experiments.training.tensorboard import Charts
from experiments.training.terminal import EpochTable, ProgressBar, announce, say_notices
from experiments.training.threads import OneThreadForHeads

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""A process whose sweep was killed ends soon after it."""


def train(request: Request, prepared: Prepared | None = None) -> Run:
    """Train, and leave the run's files in `request.folder`.

    Raises:
        KeyboardInterrupt: Ctrl-C; the run is left `interrupted`.
        Exception: whatever loading or training raised; the run is left `failed`, its log has the traceback.
    """
    request.folder.mkdir(parents=True, exist_ok=True)
    with alone_in(request.folder, PATIENCE_SECONDS):
        return _train_alone(request, prepared)


def _train_alone(request: Request, prepared: Prepared | None) -> Run:
    record = RunRecord(request.folder, request.origin)
    before = before_it_went_on(request)
    if before is not None:
        record.go_on_from(before)
    record.update()
    with logged_to(request.folder / "fit.log"):
        try:
            _train(prepared or prepare(request.configuration), request, record, before)
        except Exception as error:
            log.exception("the run failed")
            failure = named(error, request.folder)
            record.fail(failure)
            if failure is error:
                raise
            raise failure from error
        except BaseException:
            # Ctrl-C while the data were still loading; in training the recorder has said so already.
            record.end("interrupted")
            raise
    return Run(request.folder)


def _train(prepared: Prepared, request: Request, record: RunRecord, before: Mapping[str, Any] | None) -> None:
    configuration, data, module = prepared.configuration, prepared.data, prepared.module
    for notice in data.notices:
        log.info(notice)
    design = training_design(module, data)
    recording = begin_recording(request, record, prepared, design)
    data.notices += prepared.phased.prepare_features()
    recorder = Recorder(request.folder, recording=recording, keep_checkpoint=configuration["keep_checkpoint"])
    logger = build_logger(configuration, request.folder)
    callbacks: list[pl.Callback] = [recorder, EpochMetrics(recording), OneThreadForHeads(prepared.phased)]
    if isinstance(logger, pl.loggers.TensorBoardLogger):
        parameters = {**main_parameters(configuration), **request.parameters}
        about = (data.kind, configuration, parameters, pictures_of(prepared, request.in_sweep), data.counts())
        callbacks.append(TensorBoardCharts(Charts(logger.experiment, recording, *about)))
    if design is not None:
        path = ParameterPath(request.folder)
        callbacks.append(path)
    if not request.quiet:
        callbacks += _shown(request, prepared, recorder)
    trainer = build_trainer(configuration, request.folder, callbacks, logger, module.phases)
    try:
        run_trainer(trainer, module, prepared.phased, checkpoint_of(request, record, before))
    except OSError as error:
        if record.status not in OVER:
            raise
        log.warning("the run is done, and a logger could not write its end: %s", named(error, request.folder))
    if design is not None:
        record.update({"coefficients": {"fitted": path.rows[-1], "least_squares": least_squares(design)}})


def _shown(request: Request, prepared: Prepared, recorder: Recorder) -> list[pl.Callback]:
    """What a terminal shows: for a job of a sweep no more than a bar, since the sweep's table follows."""
    bar: list[pl.Callback] = [ProgressBar(request.in_sweep or "training")] if at_terminal() else []
    if request.in_sweep:
        return bar
    say_notices(prepared.data.notices)
    announce(prepared.configuration, prepared.data, prepared.module)
    return [EpochTable(recorder, prepared.module.phases[-1].end, prepared.data.kind), *bar]


def build_trainer(
    configuration: Mapping[str, Any],
    folder: Path,
    callbacks: list[pl.Callback],
    logger: pl.loggers.Logger | None,
    phases: Sequence[Phase],
) -> pl.Trainer:
    """Lightning's Trainer for a configuration; recording, saving and showing are our callbacks' business."""
    return pl.Trainer(
        **{k: v for k, v in configuration["trainer"].items() if k != "_target_"},
        plugins=[LightningEnvironment()] if processes(configuration) > 1 else None,
        max_epochs=phases[-1].end,
        reload_dataloaders_every_n_epochs=1 if len(phases) > 1 else 0,  # another phase has other batches
        default_root_dir=folder,
        callbacks=callbacks,
        logger=logger or False,
        num_sanity_val_steps=-1,  # over the whole validation set: that is epoch 0
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        log_every_n_steps=0,  # our callbacks log; it also keeps Lightning from warning about short epochs
    )


def run_trainer(
    trainer: pl.Trainer, module: SupervisedModule, data: PhasedData, checkpoint: Path | None = None
) -> None:
    """`trainer.fit`, from a checkpoint where there is one.

    Ctrl-C comes out as the KeyboardInterrupt that it was, and SIGTERM with the exit code of one.

    Lightning ignores further Ctrl-C from there on and exits the process; neither is right for the next job. After
    SIGTERM it exits with 0, as if the run were done.
    """
    before = signal.getsignal(signal.SIGINT)
    try:
        with warnings.catch_warnings():
            # A frozen body is meant to be in evaluation mode.
            warnings.filterwarnings("ignore", "Found .* in eval mode at the start of training")
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    except SystemExit as exit_:
        if isinstance(exit_.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        if isinstance(exit_, SIGTERMException):
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        with contextlib.suppress(ValueError):  # only the main thread may set signals
            signal.signal(signal.SIGINT, before)
