"""Sweeps by submitit: on this machine, and on a Slurm cluster of stand-ins that really runs the array."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import slurm_stand_in as slurm
import yaml
from killing import End, typed
from watching import FIRST, SECOND, TWO_JOBS, record, rows, soon, statuses

from experiments.config.locations import configuration_folder
from experiments.sweeps import on_submitit

LINES = ["fit", "-m", "recipe=line", "optimizer.lr=0.1,0.2", "schedule.epochs=2", "hydra.sweep.dir=sweep"]
SLURM = "hydra/launcher=submitit_slurm"

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> End:
    """The two jobs on this machine, uninterrupted."""
    folder = tmp_path_factory.mktemp("whole")
    done = typed(folder, *TWO_JOBS)
    assert done.code == 0, done.err
    return End.of(folder / "sweep")


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "slurm"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{slurm.install(folder)}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(slurm.FOLDER, str(folder))
    monkeypatch.setattr(on_submitit, "GRACE_SECONDS", 0.0)
    return folder


def pid_of(run: Path) -> int:
    return int(record(run)["pid"])


@pytest.fixture
def heeding_ctrl_c() -> Iterator[None]:
    """A process that was started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_on_this_machine_a_crash_costs_that_job_alone(tmp_path: Path) -> None:
    run = tmp_path / "sweep" / SECOND
    kill = soon(lambda: rows(run) > 2 and pid_of(run) != os.getpid(), lambda: os.kill(pid_of(run), signal.SIGKILL))
    done = typed(tmp_path, *TWO_JOBS, "hydra/launcher=submitit_local")
    kill.join()
    assert done.code == 1, done.err
    assert statuses(tmp_path / "sweep") == ["finished", "failed"]
    cause = "its process was ended by SIGKILL, as the system does when memory runs out"
    assert record(run)["error"] == {"type": "Killed", "message": cause}
    assert f"[2/2] {SECOND}: failed: Killed: {cause}\n" in done.err
    assert "submitit" not in done.out + done.err
    assert list((tmp_path / "sweep" / ".submitit").glob("*_log.err"))


def test_a_job_that_slurm_stops_is_requeued_and_ends_as_if_nothing_had_happened(
    whole: End, cluster: Path, tmp_path: Path
) -> None:
    run = tmp_path / "sweep" / SECOND
    signalled = soon(lambda: rows(run) > 2, lambda: slurm.told(cluster, "scancel", "--signal=USR2", "1_1"))
    asked = ["partition=short", "timeout_min=90", "array_parallelism=2", "cpus_per_task=1", "mem_gb=2"]
    more = ["additional_parameters={reservation:course}", "setup=['export MARK=1']"]
    done = typed(tmp_path, *TWO_JOBS, SLURM, *(f"hydra.launcher.{text}" for text in [*asked, *more]))
    signalled.join()
    assert done.code == 0, done.err
    assert "scontrol requeue 1_1" in (cluster / "typed").read_text()
    assert len(record(run)["resumed"]) == 1
    assert not record(tmp_path / "sweep" / FIRST)["resumed"]
    assert End.of(tmp_path / "sweep") == whole
    script = (cluster / "1.sh").read_text()
    flags = set(re.findall(r"^#SBATCH --(\S+)$", script, re.MULTILINE))
    expected = {"array=0-1%2", "partition=short", "time=90", "cpus-per-task=1", "mem=2GB", "nodes=1"}
    assert flags >= expected | {"job-name=experiments", "reservation=course", "signal=USR2@90", "ntasks-per-node=1"}
    assert "\nexport MARK=1\n" in script


@pytest.mark.slow
@pytest.mark.usefixtures("heeding_ctrl_c")
def test_ctrl_c_cancels_the_array_and_resume_goes_on_with_another_launcher(
    whole: End, cluster: Path, tmp_path: Path
) -> None:
    run = tmp_path / "sweep" / FIRST
    stop = soon(lambda: rows(run) > 2, lambda: os.kill(os.getpid(), signal.SIGINT))
    done = typed(tmp_path, *TWO_JOBS, SLURM, "hydra.launcher.array_parallelism=1")
    stop.join()
    assert done.code == 130, done.err
    assert statuses(tmp_path / "sweep") == ["interrupted", "planned"]
    assert record(run)["status"] == "interrupted"
    assert slurm.states(cluster)["1_1"] == "CANCELLED by 1000"
    assert not (tmp_path / "sweep" / SECOND / "run.json").exists()
    again = typed(tmp_path, "fit", "--resume", "sweep", "hydra/launcher=parallel", "hydra.launcher.workers=1")
    assert again.code == 0, again.err
    assert len(record(run)["resumed"]) == 1
    assert End.of(tmp_path / "sweep") == whole


def test_what_slurm_ends_has_failed_with_what_slurm_says(cluster: Path, tmp_path: Path) -> None:
    done = typed(tmp_path, *LINES, SLURM, "hydra.launcher.setup=['exit 7']")
    assert done.code == 1, done.err
    assert slurm.states(cluster) == {"1_0": "FAILED", "1_1": "FAILED"}
    error = record(tmp_path / "sweep" / "optimizer.lr=0.1")["error"]
    assert error["type"] == "Lost"
    assert error["message"].startswith("Slurm says FAILED; its log is ")


def test_what_sbatch_refuses_is_said(cluster: Path, tmp_path: Path) -> None:
    done = typed(tmp_path, *LINES, SLURM, "hydra.launcher.partition=nowhere")
    assert done.code == 1
    assert "sbatch did not take the jobs: sbatch: error: invalid partition specified: nowhere" in done.err
    assert statuses(tmp_path / "sweep") == ["planned", "planned"]
    assert slurm.states(cluster) == {}


def test_all_keys_are_submitits(cluster: Path, tmp_path: Path) -> None:
    for kind in ("local", "slurm"):
        file = configuration_folder() / "hydra" / "launcher" / f"submitit_{kind}.yaml"
        keys = yaml.safe_load(file.read_text())
        values = {name: 1 if value is None else value for name, value in keys.items()}
        values |= {"submitit_folder": str(tmp_path / kind)}
        values |= {name: ["true"] for name in ("setup", "teardown", "srun_args") if name in keys}
        values |= {"additional_parameters": {}} if kind == "slurm" else {}
        on_submitit.OnSubmitit(kind, values, tmp_path)
    assert subprocess.run([cluster / "sacct"], capture_output=True, check=True).stdout


def test_on_a_machine_without_slurm_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = typed(tmp_path, *LINES, SLURM)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(
        "  hydra/launcher=submitit_slurm\n    this machine has no sbatch and srun, so it is no login node of a Slurm "
        "cluster\n    try: hydra/launcher=submitit_local\n"
    )
    assert not (tmp_path / "sweep").exists()
