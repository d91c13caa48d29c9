"""One run in several processes (`trainer=ddp`): each trains on its share of every batch, the first one writes."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from experiments.config.problems import ConfigurationError, Problem
from experiments.runs.ending import mark
from experiments.runs.files import share_bytes
from experiments.runs.lock import alone_in
from experiments.runs.run import Run
from experiments.sweeps.supervision import Crew
from experiments.sweeps.worker_life import Died, Done, Raised
from experiments.sweeps.workforce import Outcome, Work
from experiments.training.beginning import Request
from experiments.training.device import device_for
from experiments.training.distributed import processes
from experiments.training.fit import PATIENCE_SECONDS, train
from experiments.training.preparation import Prepared

TAKEN_UP = ("run.json", "checkpoints/last.ckpt")
"""What each process of a run that goes on reads of its folder."""


class ProcessDiedError(Exception):
    """One of the processes of a run ended in its middle."""


@dataclass(frozen=True)
class Rank:
    """One process of a run."""

    request: Request
    number: int
    of: int
    port: int


def train_run(request: Request, prepared: Prepared) -> Run:
    """Train, in this process or in as many as the trainer asks for.

    Raises:
        AtWork: another process trains in the folder.
        ProcessDiedError: one of the processes was killed; the run is left `failed`.
        KeyboardInterrupt: Ctrl-C; the run is left `interrupted`.
        Exception: whatever training raised.
    """
    count = processes(request.configuration)
    if count == 1:
        return train(request, prepared)
    with alone_in(request.folder, PATIENCE_SECONDS):
        pass  # the first process holds it later; by then the others would wait for one that is refused
    prepared.phased.prepare_features()  # once; the processes find them
    with tempfile.TemporaryDirectory(prefix="experiments-") as aside, Crew() as crew:
        port = _free_port()
        ranks = [Rank(_as_seen_by(number, request, Path(aside)), number, count, port) for number in range(count)]
        try:
            outcomes: dict[int, Outcome] = {}

            def ended(rank: Rank, outcome: Outcome) -> None:
                outcomes[rank.number] = outcome

            crew.run(ranks, Work(train_rank, ended, at_once=count, together=True))
            _raise_what_went_wrong(outcomes)
        except (KeyboardInterrupt, SystemExit):
            mark(request.folder, "interrupted", instead_of=("running", "failed"))
            raise
        except ProcessDiedError as error:
            # The first process has said that another one no longer answers, which is the consequence.
            mark(request.folder, "failed", (type(error).__name__, str(error)), instead_of=("running", "failed"))
            raise
    return Run(request.folder)


def check_shares(prepared: Prepared) -> None:
    """Refuse batches that leave a process without two samples, which batch norm needs, or without one at all.

    Raises:
        ConfigurationError: with the smallest batch that can be shared out.
    """
    count, size = processes(prepared.configuration), prepared.data.train_dataloader().batch_size
    least = 2 * count if any("norm" in type(m).__name__.lower() for m in prepared.module.network.modules()) else count
    if count > 1 and size < least:
        wrong = f"a batch of {size} cannot be shared out to {count} processes; at least {least} are needed"
        raise ConfigurationError([Problem(f"trainer.devices={count}", wrong, f"dataset.batch_size={least}")])


def train_rank(rank: Rank) -> None:
    """What one of the processes does."""
    import torch

    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": rank.port, "WORLD_SIZE": rank.of, "NODE_RANK": 0}
    os.environ |= {name: str(value) for name, value in {**place, "LOCAL_RANK": rank.number}.items()}
    if device_for(rank.request.configuration).type == "cpu":
        torch.set_num_threads(max(1, torch.get_num_threads() // rank.of))
    try:
        with _torch_said_to(rank.request.folder / "fit.log" if rank.number == 0 else Path(os.devnull)):
            train(rank.request)
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


@contextmanager
def _torch_said_to(path: Path) -> Iterator[None]:
    """What C++ writes to standard error of a lost connection goes to this file; what Python prints stays.

    The processes end with their run, so that nothing need be put back.
    """
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    with path.open("ab") as log:
        os.dup2(log.fileno(), 2)
    yield


def _as_seen_by(number: int, request: Request, aside: Path) -> Request:
    """The first process writes and speaks; the others write where nobody looks."""
    if number == 0:
        return request
    folder = aside / str(number)
    for name in TAKEN_UP if request.goes_on else ():
        if (request.folder / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            share_bytes(request.folder / name, folder / name)
    return replace(
        request, configuration=_logging_nothing(request.configuration), folder=folder, judge=None, quiet=True
    )


def _logging_nothing(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {**configuration, "logger": {"_target_": "pytorch_lightning.loggers.CSVLogger"}}


def _raise_what_went_wrong(outcomes: Mapping[int, Outcome]) -> None:
    """The cause rather than a consequence: whoever loses a process that died raises as well."""
    for number, outcome in sorted(outcomes.items()):
        if isinstance(outcome, Died):
            how = f"signal {-outcome.exitcode}" if outcome.exitcode < 0 else f"exit code {outcome.exitcode}"
            raise ProcessDiedError(f"process {number + 1} of {len(outcomes)} ended with {how}")
    for _, outcome in sorted(outcomes.items()):
        if isinstance(outcome, Raised):
            raise outcome.error
    if not all(isinstance(outcome, Done) for outcome in outcomes.values()):
        raise KeyboardInterrupt


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
