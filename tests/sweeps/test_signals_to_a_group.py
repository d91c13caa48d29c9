"""Signals to all processes of a sweep at once, as `timeout` and systemd send them, or to one that is still starting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

import errands
import pytest
from watching import record, rows, statuses

from experiments.sweeps.supervision import Crew
from experiments.sweeps.worker import Worker
from experiments.sweeps.worker_life import Died, Interrupted

LONG = ["fit", "-m", "recipe=line", "seed=0,1,2", "schedule.epochs=50000", "logger=csv", "hydra/launcher=parallel"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_comes_while_a_worker_starts_waits_for_its_task(number: int) -> None:
    worker = Worker()
    try:
        worker.give(errands.nap, 600)
        worker.interrupt(number)
        assert worker.answer() == Interrupted()
        worker.give(errands.nap, 0)
        assert worker.answer() not in (None, Interrupted()), "one signal, one task"
    finally:
        worker.kill()


def test_the_server_of_the_workers_outlives_sigterm() -> None:
    with Crew() as crew:
        first = crew.ask(errands.nap, 0)
        server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        os.kill(server, signal.SIGTERM)
        assert crew.ask(errands.nap, 0.5) == first
        assert forkserver._forkserver._forkserver_pid == server  # type: ignore[attr-defined]
        os.kill(server, 0)


def test_a_worker_whose_server_was_killed_does_not_go_on_unheard(tmp_path: Path) -> None:
    worker = Worker()
    worker.give(errands.sign_and_nap, tmp_path / "pid")
    while not (tmp_path / "pid").exists():
        time.sleep(0.01)
    pid = int((tmp_path / "pid").read_text())
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]
    assert isinstance(worker.answer(), Died)
    until = time.monotonic() + 10
    while _lives(pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _lives(pid)


def test_sigterm_to_the_whole_group_interrupts_its_jobs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "experiments", *LONG, "hydra.sweep.dir=sweep"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=tmp_path, stdout=quiet, stderr=quiet, start_new_session=True) as sweep:
        runs = [tmp_path / "sweep" / f"seed={seed}" for seed in (0, 1)]
        while not all(rows(run) > 1 for run in runs):
            assert sweep.poll() is None
            time.sleep(0.05)
        os.killpg(sweep.pid, signal.SIGTERM)
        assert sweep.wait(60) == 128 + signal.SIGTERM
    assert statuses(tmp_path / "sweep") == ["interrupted", "interrupted", "planned"]
    assert [record(run)["status"] for run in runs] == ["interrupted", "interrupted"]


def _lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and ") Z " not in stat.read_text()
