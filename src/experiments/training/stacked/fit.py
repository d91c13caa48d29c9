"""Many runs as one vectorised job; each leaves the folder that it would have left alone."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from experiments.runs.files import write_text, yaml_text
from experiments.training.about import main_parameters
from experiments.training.beginning import Request, begin_recording
from experiments.training.build import build_logger
from experiments.training.history import epoch_metrics
from experiments.training.linear_in_parameters import compare_with_least_squares
from experiments.training.parameter_path import parameter_names, write_parameters
from experiments.training.preparation import Prepared
from experiments.training.recording import Recording
from experiments.training.run_record import RunRecord
from experiments.training.stacked.event_file import FinishedEventFile
from experiments.training.stacked.stack import Stack
from experiments.training.stacked.trace import Kept
from experiments.training.tensorboard import Charts
from experiments.training.terminal import counting
from experiments.training.weights import Snapshot

TENSORBOARD = "pytorch_lightning.loggers.TensorBoardLogger"


def train_stack(requests: Sequence[Request], stack: Stack) -> None:
    """Train all of them together, and leave each one's files in its folder.

    A run's time is its share of the whole.

    Raises:
        KeyboardInterrupt, SystemExit: Ctrl-C or SIGTERM; every run is left `interrupted` with what was done.
        Exception: whatever training raised; every run is left `failed`.
    """
    began = time.monotonic()
    records = [RunRecord(request.folder, request.origin) for request in requests]
    recordings = _begin(requests, records, stack)
    descent, status = stack.descent, "finished"
    try:
        with _stopped_by_sigterm(), counting(f"{len(requests)} runs at once", descent.steps, "steps") as step_done:
            descent.each_step = step_done
            descent.run()
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt | SystemExit) else "failed"
        if status == "failed":
            for record in records:
                record.fail(error)
        raise
    finally:
        share = (time.monotonic() - began) / len(requests)
        for record in records:
            record.take_seconds(share)
        if status != "failed" and descent.trace.metrics:
            _finish(requests, recordings, stack, status)


def _begin(requests: Sequence[Request], records: Sequence[RunRecord], stack: Stack) -> list[Recording]:
    recordings = []
    twin = None
    for request, record, member in zip(requests, records, stack.members, strict=True):
        request.folder.mkdir(parents=True, exist_ok=True)
        recording = begin_recording(request, record, member, stack.design, twin=twin)
        recording.begin(member.module.network, str(stack.descent.device))
        recordings.append(recording)
        twin = requests[0].folder
    return recordings


def _finish(requests: Sequence[Request], recordings: Sequence[Recording], stack: Stack, status: str) -> None:
    descent = stack.descent
    names = parameter_names(stack.members[0].module.network)
    histories = descent.trace.histories()
    with counting("writing", len(requests), "runs") as run_done:
        for n, (request, recording, member) in enumerate(zip(requests, recordings, stack.members, strict=True)):
            recording.history = histories[n]
            recording.evaluation = descent.last.evaluation.of(n)
            recording.weights.last = _snapshot(stack, descent.last, n)
            recording.weights.best = _snapshot(stack, descent.best, n) if descent.best.epochs[n] else None
            if stack.design is not None:
                path = descent.trace.path(n)
                write_parameters(request.folder, names, path)
                recording.record.content["coefficients"] = compare_with_least_squares(path[-1], stack.design)
            recording.finish("diverged" if descent.trace.died[n] else status)
            _log(request, member, recording)
            others = f"trained together with {len(requests) - 1} others by hydra/launcher=vectorised\n"
            write_text(request.folder / "fit.log", others)
            run_done()


def _snapshot(stack: Stack, kept: Kept, number: int) -> Snapshot:
    weights = stack.descent.networks.state_of(kept.weights, number)
    return Snapshot(int(kept.epochs[number]), {name: tensor.cpu().contiguous() for name, tensor in weights.items()})


def _log(request: Request, member: Prepared, recording: Recording) -> None:
    """What the run's logger would have been told while it was trained."""
    if member.configuration["logger"]["_target_"] == TENSORBOARD:
        parameters = {**main_parameters(member.configuration), **request.parameters}
        writer = FinishedEventFile(request.folder)
        charts = Charts(writer, recording, member.data.kind, member.configuration, parameters)
        charts.begin()
        charts.go_on()
        charts.end()
        writer.close()
        write_text(request.folder / "hparams.yaml", yaml_text(member.configuration))  # as Lightning's logger does
        return
    logger = build_logger(member.configuration, request.folder)
    for row in recording.history.epochs:
        logger.log_metrics(epoch_metrics(row), step=row["epoch"])
    logger.finalize("success")


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
