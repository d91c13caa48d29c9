"""Sweeps on a Ray cluster that is there already: started by the fixture, with `ray start --head`."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from killing import THREADS, typed
from watching import FIRST, SECOND, TWO_JOBS, record, rows, soon, statuses

# Ray leaves files and processes of its own to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ON_RAY = [*TWO_JOBS, "hydra/launcher=ray"]


@pytest.fixture(autouse=True)
def _swept_up() -> Iterator[None]:
    """Now, and not in the middle of a test that knows nothing of Ray."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster of two cores that nobody else knows."""
    folder = tempfile.mkdtemp(prefix="ray")  # paths of its sockets may be no longer than 107 bytes
    address = f"127.0.0.1:{free_port()}"
    head = ["start", "--head", "--block", "--port", address.split(":")[1], "--num-cpus=2", "--include-dashboard=false"]
    environment = {**os.environ, **THREADS, "RAY_USAGE_STATS_ENABLED": "0"}
    command = [Path(sys.executable).with_name("ray"), *head, "--temp-dir", folder, "--node-ip-address=127.0.0.1"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RAY_ADDRESS", address)
            for name, value in THREADS.items():
                patch.setenv(name, value)
            _until_it_listens(address, process)
            yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _until_it_listens(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    check = [Path(sys.executable).with_name("ray"), "health-check", "--address", address]
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            if subprocess.run(check, capture_output=True, timeout=20).returncode == 0:
                return
        time.sleep(0.5)
    raise RuntimeError("Ray did not start")


@pytest.mark.usefixtures("cluster")
def test_one_job_dies_and_the_other_finishes(tmp_path: Path) -> None:
    run = tmp_path / "sweep" / SECOND

    def kill() -> None:
        pid = int(record(run)["pid"])
        assert pid != os.getpid()
        os.kill(pid, signal.SIGKILL)

    killed = soon(lambda: rows(run) > 2, kill)
    done = typed(tmp_path, *ON_RAY)
    killed.join()
    assert done.code == 1, done.err
    assert statuses(tmp_path / "sweep") == ["finished", "failed"]
    cause = "its process was ended by SIGKILL, as the system does when memory runs out"
    assert record(run)["error"] == {"type": "Killed", "message": cause}
    said = re.sub("hydra/launcher=ray", "", done.out + done.err)
    assert not re.search("ray", said, re.IGNORECASE), "its own messages stay away"


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_ctrl_c_ends_the_jobs_on_the_cluster_in_order(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    runs = [tmp_path / "sweep" / name for name in (FIRST, SECOND)]
    stop = soon(lambda: all(rows(run) > 1 for run in runs), lambda: os.kill(os.getpid(), signal.SIGINT))
    try:
        done = typed(tmp_path, *ON_RAY, "schedule.epochs=400")
    finally:
        stop.join()
        signal.signal(signal.SIGINT, before)
    assert done.code == 130, done.err
    assert statuses(tmp_path / "sweep") == ["interrupted", "interrupted"]
    for run in runs:
        assert record(run)["status"] == "interrupted"
        assert (run / "checkpoints" / "last.ckpt").exists()
        assert "Traceback" not in (run / "fit.log").read_text()


def test_without_a_cluster_it_is_refused(tmp_path: Path) -> None:
    nowhere = f"hydra.launcher.ray.init.address=127.0.0.1:{free_port()}"
    done = typed(tmp_path, *ON_RAY, nowhere)
    assert (done.code, done.out) == (2, "")
    assert f"{nowhere}\n    Ray is not to be had: " in done.err
    assert not (tmp_path / "sweep").exists()
