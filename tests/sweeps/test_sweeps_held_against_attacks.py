"""Odd ways to go on with a sweep, to look at it and to end its processes that once broke it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import errands
import pytest
from killing import Typed, typed

from experiments.reports.comparison.content import content
from experiments.reports.comparison.groups import groups
from experiments.runs.lock import alone_in
from experiments.runs.sweep import Sweep
from experiments.sweeps.launch import _reason
from experiments.sweeps.supervision import Crew
from experiments.sweeps.worker_life import Died

LINES = ["-m", "recipe=line", "schedule.epochs=3", "logger=csv", "hydra.sweep.dir=sweep"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rates, and a key that follows from the rate."""
    folder = tmp_path_factory.mktemp("attacked")
    done = typed(folder, "fit", *LINES, "optimizer.lr=0.1,0.2", "optimizer.weight_decay=${optimizer.lr}")
    assert done.code == 0, done.err
    return folder / "sweep"


@pytest.fixture
def sweep(trained: Path, tmp_path: Path) -> Path:
    """One that may be damaged."""
    return Path(shutil.copytree(trained, tmp_path / "sweep"))


def go_on(sweep: Path, *words: str) -> Typed:
    return typed(sweep.parent, "fit", "--resume", "sweep", *words)


def test_what_follows_from_a_swept_value_follows_from_a_new_one(sweep: Path) -> None:
    again = go_on(sweep, "optimizer.lr=0.3")
    assert again.code == 0, again.err
    assert "edited" not in again.err
    optimizer = json.loads((sweep / "optimizer.lr=0.3" / "run.json").read_text())["configuration"]["optimizer"]
    assert (optimizer["lr"], optimizer["weight_decay"]) == (0.3, 0.3)


def test_another_limit_is_no_other_sweep(sweep: Path) -> None:
    path = sweep / "optimizer.lr=0.2" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "status": "failed"}))
    again = go_on(sweep, "job.timeout=600", "on_failure=stop")
    assert again.code == 0, again.err
    assert "1 finished, 1 to go on with" in again.err
    jobs = json.loads((sweep / "sweep.json").read_text())["jobs"]
    assert {(job["configuration"]["job"]["timeout"], job["configuration"]["on_failure"]) for job in jobs} == {
        (600, "stop")
    }
    assert go_on(sweep, "job.timeout=-1").code == 2


def test_an_interval_and_a_misspelt_key_are_refused_with_what_to_type(sweep: Path) -> None:
    again = go_on(sweep, "optimizer.lr=interval(0.1,1)")
    assert again.code == 2
    assert "an interval has no list of values to run over" in again.err
    again = go_on(sweep, "optimiser.lr=0.3")
    assert again.code == 2
    assert "try: optimizer.lr=0.3" in again.err


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "has no configuration": lambda content: content["jobs"][0].pop("configuration"),
    "it has no configuration": lambda content: content.pop("configuration"),
    "is in no folder of this one": lambda content: content["jobs"][1].update(folder="../escaped"),
    "is there twice": lambda content: content["jobs"].append(content["jobs"][0]),
    "has other swept keys than the first": lambda content: content["jobs"][1].update(swept={}),
    "it has no jobs": lambda content: content["jobs"].clear(),
    "its config_dir is no path": lambda content: content.update(config_dir=5),
    "has no list of overrides": lambda content: content["jobs"][0].update(overrides=None),
}


@pytest.mark.parametrize("said", list(CHANGES))
def test_a_changed_sweep_json_is_said_to_be_damaged(said: str, sweep: Path) -> None:
    changed = json.loads((sweep / "sweep.json").read_text())
    CHANGES[said](changed)
    (sweep / "sweep.json").write_text(json.dumps(changed))
    again = go_on(sweep, "optimizer.lr=0.3")
    assert again.code == 2
    assert f"sweep.json is damaged: {'' if said.startswith('it') else 'its job'}" in again.err
    assert said in again.err


@pytest.mark.parametrize("folder", ["..", ".", ""])
def test_a_job_in_the_folder_above_is_not_trained(folder: str, sweep: Path) -> None:
    changed = json.loads((sweep / "sweep.json").read_text())
    changed["jobs"][1]["folder"] = folder
    (sweep / "sweep.json").write_text(json.dumps(changed))
    again = go_on(sweep)
    assert again.code == 2
    assert f"its job {folder!r} is in no folder of this one" in again.err
    assert not (sweep.parent / "run.json").exists()


@pytest.mark.parametrize("length", [0, 20, 300])
def test_a_history_that_was_cut_costs_the_end_of_a_sweep_its_curve_alone(
    length: int, sweep: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = sweep / "optimizer.lr=0.2" / "history.csv"
    path.write_bytes(path.read_bytes()[:length])
    (sweep / "report.html").unlink()
    again = go_on(sweep)
    assert again.code == 0, again.err
    assert "optimizer.lr=0.2" in again.out
    assert caplog.text.count("history.csv is damaged") == 1
    assert (sweep / "report.html").exists()


def test_a_run_json_that_was_cut_is_said_to_be(sweep: Path) -> None:
    path = sweep / "optimizer.lr=0.2" / "run.json"
    path.write_bytes(path.read_bytes()[:100])
    again = go_on(sweep)
    assert again.code == 0, again.err
    assert "run.json is damaged: it is set aside, and the job trained anew\n" in again.err
    assert path.with_name("run.json.damaged").stat().st_size == 100


def test_a_launcher_is_looked_at_even_if_nothing_is_left(sweep: Path) -> None:
    again = go_on(sweep, "hydra/launcher=nix")
    assert again.code == 2
    assert "there is no hydra/launcher called nix" in again.err


def test_a_file_is_no_folder_for_submitits_logs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    words = ["optimizer.lr=0.1,0.2", "hydra/launcher=submitit_local", "hydra.launcher.submitit_folder=file/logs"]
    refused = typed(tmp_path, "fit", *LINES, *words)
    assert refused.code == 2
    assert f"this folder cannot be written: {tmp_path / 'file'} is a file" in refused.err
    assert not (tmp_path / "sweep").exists()


def test_what_did_not_end_has_no_final_error(sweep: Path) -> None:
    path = sweep / "optimizer.lr=0.2" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "status": "failed"}))
    found = content(Sweep(sweep), groups(Sweep(sweep)), [])
    assert {run["name"]: run["over"] for run in found["runs"]} == {"optimizer.lr=0.1": True, "optimizer.lr=0.2": False}


def test_jobs_that_are_trained_together_are_not_gone_on_with_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []

    def look(*_: object) -> None:
        answer = subprocess.run(
            [sys.executable, "-c", "import sys; from pathlib import Path; from experiments.runs.lock import *\n"
             "with alone_in(Path(sys.argv[1])): pass", str(tmp_path / "sweep")],
            capture_output=True, check=False,
        )  # fmt: skip
        held.append(b"AtWork" in answer.stderr)

    monkeypatch.setattr("experiments.sweeps.launch.run_together", look)
    typed(tmp_path, "fit", *LINES, "optimizer.lr=0.1,0.2", "hydra/launcher=vectorised")
    assert held == [True]
    with alone_in(tmp_path / "sweep"):
        assert "another process is at work" in go_on(tmp_path / "sweep").err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("predictions.csv", b"path,sha256,label,predicted,probability,loss\na,b,1"),
        ("predictions.csv", bytes(range(256))),
        ("history.csv", b"\x00\xff,\n1"),
        ("diagnosis.json", b'{"schema": 1, "runs": [5]}'),
    ],
)
def test_a_damaged_file_costs_the_report_what_it_says_alone(
    name: str, content: bytes, sweep: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (sweep / "diagnosis.json").write_text("[]")
    (sweep / "optimizer.lr=0.2" / name).write_bytes(content)
    said = typed(sweep.parent, "report", "sweep")
    assert said.code == 0, said.err
    assert "optimizer.lr=0.1" in said.out
    assert "optimizer.lr=0.2" in said.out
    assert name == "diagnosis.json" or f"{name} is damaged" in caplog.text
    assert json.loads(typed(sweep.parent, "report", "sweep", "--json").out)["groups"]


@pytest.mark.parametrize("metrics", [[1, 2], {"final": [1]}])
def test_metrics_of_another_shape(metrics: object, sweep: Path) -> None:
    path = sweep / "optimizer.lr=0.2" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "metrics": metrics}))
    assert typed(sweep.parent, "report", "sweep").code == 0


def test_a_report_into_a_closed_pipe(sweep: Path) -> None:
    line = f"{sys.executable} -m experiments report sweep | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=sweep.parent, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_a_refused_sweep_leaves_no_process_that_holds_its_output(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "experiments", "fit", "-m", "recipe=line", "seed=0,1", "job.timeout=0"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as started:
        assert started.wait(60) == 2
        assert started.stderr is not None
        ended = time.monotonic()
        assert "job.timeout=0" in started.stderr.read(), "up to its end: nobody else may write there"
    assert time.monotonic() - ended < 3, "the server's imports take longer"


def test_if_the_server_of_the_workers_is_killed_there_is_another() -> None:
    with Crew() as crew:
        first = crew.ask(errands.nap, 0)
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]
        os.kill(first, signal.SIGKILL)
        assert crew.ask(errands.nap, 0) != first


def test_a_signal_without_a_name_has_its_number() -> None:
    assert _reason(Died(-40)) == ("Killed", "its process was ended by signal 40")


def test_a_single_run_says_that_it_has_no_limit(tmp_path: Path) -> None:
    said = typed(tmp_path, "fit", "recipe=line", "schedule.epochs=2", "logger=csv", "job.timeout=0.5")
    assert said.code == 0
    assert "note: job.timeout=0.5 is ignored: a single run may take as long as it likes" in said.err
