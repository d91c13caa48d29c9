"""Many runs as one vectorised job; each leaves the folder that it would have left alone."""

from __future__ import annotations

import contextlib
import gc
import signal
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.data.progress import progress
from experiments.runs.ending import OVER
from experiments.runs.files import write_text, yaml_text
from experiments.runs.full_disk import named
from experiments.training.about import main_parameters
from experiments.training.beginning import Request, begin_recording
from experiments.training.build import build_logger
from experiments.training.history import History, epoch_metrics
from experiments.training.linear_in_parameters import Design, least_squares
from experiments.training.logs import quiet_about_the_folder
from experiments.training.parameter_path import parameter_names, write_parameters
from experiments.training.preparation import Prepared
from experiments.training.recording import Recording
from experiments.training.run_record import RunRecord
from experiments.training.stacked.event_file import FinishedEventFile, write_event_files
from experiments.training.stacked.stack import Stack
from experiments.training.stacked.trace import Kept
from experiments.training.tensorboard import Charts
from experiments.training.weights import Snapshot

FILES_AT_ONCE = 50
"""TensorBoard's files are framed together, so many at a time."""

TENSORBOARD = "pytorch_lightning.loggers.TensorBoardLogger"


def train_stack(requests: Sequence[Request], stack: Stack) -> None:
    """Train all of them together, and leave each one's files in its folder.

    A run's time is its share of the whole.

    Raises:
        KeyboardInterrupt, SystemExit: Ctrl-C or SIGTERM; every run is left `interrupted` with what was done.
        Exception: whatever training raised; every run is left `failed`, its log has the traceback.
    """
    began = time.monotonic()
    members = [
        Member(request, RunRecord(request.folder, request.origin), prepared, design)
        for request, prepared, design in zip(requests, stack.members, stack.designs, strict=True)
    ]
    status, note = "finished", f"trained together with {len(members) - 1} others by hydra/launcher=vectorised\n"
    try:
        with _stopped_by_sigterm(), _without_collecting():
            try:
                _begin(members, stack)
                with progress(f"{len(members)} runs at once", stack.descent.steps, "steps") as step_done:
                    stack.descent.each_step = step_done
                    stack.descent.run()
            except BaseException as error:
                status = "interrupted" if isinstance(error, KeyboardInterrupt | SystemExit) else "failed"
                note += traceback.format_exc() if status == "failed" else ""
                raise
            finally:
                _finish(members, stack, status, (time.monotonic() - began) / len(members), note)
    except BaseException as error:
        _leave_none_running(members, error)
        raise


@dataclass
class Member:
    """One of the runs: what was asked for, its run.json, its data and network, and what collects its files."""

    request: Request
    record: RunRecord
    prepared: Prepared
    design: Design | None
    recording: Recording | None = None


def _begin(members: Sequence[Member], stack: Stack) -> None:
    twins: dict[int, Path] = {}
    for member in members:
        member.request.folder.mkdir(parents=True, exist_ok=True)
        twin = twins.setdefault(id(member.design), member.request.folder)
        recording = begin_recording(
            member.request,
            member.record,
            member.prepared,
            member.design,
            twin=None if twin == member.request.folder else twin,
        )
        recording.begin(member.prepared.module.network, str(stack.descent.device))
        member.recording = recording


def _finish(members: Sequence[Member], stack: Stack, status: str, seconds: float, note: str) -> None:
    """Every run's files, if there is anything to write."""
    descent = stack.descent
    if not descent.trace.metrics:
        return
    names = parameter_names(members[0].prepared.module.network)
    histories = descent.trace.histories()
    exact = {id(member.design): least_squares(member.design) for member in members if member.design}
    logged: list[FinishedEventFile] = []
    try:
        with progress("writing", len(members), "runs") as run_done:
            for n, member in enumerate(members):
                if member.recording is None:
                    continue
                member.record.take_seconds(seconds)
                _fill(member.recording, histories[n], stack, n)
                if member.design is not None:
                    path = descent.trace.path(n)
                    write_parameters(member.request.folder, names, path)
                    coefficients = {"fitted": path[-1], "least_squares": exact[id(member.design)]}
                    member.record.note({"coefficients": coefficients})
                write_text(member.request.folder / "fit.log", note)
                member.recording.finish("diverged" if status == "finished" and descent.trace.died[n] else status)
                logged += _log(member, member.recording)
                if len(logged) == FILES_AT_ONCE:
                    write_event_files(logged)
                    logged.clear()
                run_done()
    finally:
        write_event_files(logged)


def _fill(recording: Recording, history: History, stack: Stack, number: int) -> None:
    """What a recording would have collected, had it been there."""
    last, best = stack.descent.last, stack.descent.best
    recording.history = history
    recording.evaluation = last.evaluation.of(number)
    recording.weights.last = _snapshot(stack, last, number)
    recording.weights.best = _snapshot(stack, best, number) if best.epochs[number] else None


def _leave_none_running(members: Sequence[Member], error: BaseException) -> None:
    for member in members:
        if not member.request.folder.is_dir() or member.record.status in OVER:  # all its files were written
            continue
        if isinstance(error, Exception):
            member.record.fail(named(error, member.request.folder))
        elif member.record.status == "running":
            member.record.end("interrupted")


def _snapshot(stack: Stack, kept: Kept, number: int) -> Snapshot:
    weights = stack.descent.networks.state_of(kept.weights, number)
    return Snapshot(int(kept.epochs[number]), {name: tensor.to("cpu", copy=True) for name, tensor in weights.items()})


def _log(member: Member, recording: Recording) -> list[FinishedEventFile]:
    """What the run's logger would have been told while it was trained; TensorBoard's file is yet to be written."""
    configuration, folder = member.prepared.configuration, member.request.folder
    if configuration["logger"]["_target_"] == TENSORBOARD:
        parameters = {**main_parameters(configuration), **member.request.parameters}
        writer = FinishedEventFile(folder)
        data = member.prepared.data
        charts = Charts(writer, recording, data.kind, configuration, parameters, data=data.counts())
        charts.begin()
        charts.go_on()
        charts.end()
        write_text(folder / "hparams.yaml", yaml_text(configuration))  # as Lightning's logger does
        return [writer]
    with quiet_about_the_folder():
        logger = build_logger(configuration, folder)
        for row in recording.history.epochs:
            logger.log_metrics(epoch_metrics(row), step=row["epoch"])
        logger.finalize("success")
    return []


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Without Python's search for cycles, which looks at every step of a thousand runs again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM as the SystemExit that lets every run say that it was interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
