"""A sweep that was interrupted goes on: what is missing is trained, what is finished is not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from killing import SIX_JOBS, End, kill_one, typed

from experiments.runs.lock import alone_in

pytestmark = pytest.mark.usefixtures("one_thread")

KILLS = int(os.environ.get("EXPERIMENTS_KILLS", "1"))
"""Seconds each; `EXPERIMENTS_KILLS=20` kills at twenty moments."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> End:
    """The six jobs without interruption."""
    folder = tmp_path_factory.mktemp("whole")
    done = typed(folder, "fit", *SIX_JOBS)
    assert done.code == 0, done.err
    return End.of(folder / "sweep")


@pytest.mark.parametrize("seed", range(KILLS))
@pytest.mark.parametrize("whom", ["parent", "worker"])
def test_killed_at_any_moment_it_ends_as_if_nothing_had_happened(
    seed: int, whom: str, whole: End, tmp_path: Path
) -> None:
    killed = kill_one(tmp_path / "killed", seed, whom)
    again = typed(killed.folder, "fit", "--resume", "sweep")
    assert again.code == 0, again.err
    assert End.of(killed.sweep) == whole
    for name, before in killed.done.items():
        assert (killed.sweep / name / "run.json").read_bytes() == before, "a finished job is not run twice"
    record = json.loads((killed.sweep / "sweep.json").read_text())
    assert record["status"] == "finished"
    assert {job["status"] for job in record["jobs"]} == {"finished"}


@pytest.fixture
def done(tmp_path: Path) -> Path:
    """Two finished jobs."""
    words = ["-m", "recipe=line", "optimizer.lr=0.1,0.2", "schedule.epochs=3", "hydra.sweep.dir=sweep"]
    assert typed(tmp_path, "fit", *words).code == 0
    return tmp_path / "sweep"


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return found


def test_nothing_is_left_of_a_finished_sweep(done: Path) -> None:
    before = {path: path.read_bytes() for path in done.glob("*/*") if path.is_file()}
    again = typed(done.parent, "fit", "--resume", "sweep")
    assert again.code == 0
    assert "2 finished below sweep" in again.err
    assert "optimizer.lr=0.2" in again.out, "its table"
    assert {path: path.read_bytes() for path in before} == before


def test_one_value_more_trains_one_run(done: Path) -> None:
    again = typed(done.parent, "fit", "--resume", "sweep", "optimizer.lr=0.3")
    assert again.code == 0, again.err
    assert "2 finished, 1 not begun below sweep" in again.err
    assert again.err.count("finished, valid_loss") == 1
    added = record(done / "optimizer.lr=0.3")
    assert added["configuration"]["optimizer"]["lr"] == 0.3
    assert added["configuration"]["schedule"]["epochs"] == 3
    assert added["overrides"] == ["recipe=line", "optimizer.lr=0.3", "schedule.epochs=3", "hydra.sweep.dir=sweep"]
    assert len(json.loads((done / "sweep.json").read_text())["jobs"]) == 3
    once_more = typed(done.parent, "fit", "--resume", "sweep", "optimizer.lr=0.3,0.1")
    assert "3 finished below sweep" in once_more.err


def test_another_key_than_the_swept_is_refused(done: Path) -> None:
    again = typed(done.parent, "fit", "--resume", "sweep", "seed=1", "optimizer.lr=x")
    assert again.code == 2
    assert "seed=1\n    this sweep runs over optimizer.lr; another value of another key is another sweep" in again.err
    assert len(list(done.glob("*/run.json"))) == 2
    again = typed(done.parent, "fit", "--resume", "sweep", "optimizer.lr=-1")
    assert again.code == 2
    assert "optimizer.lr=-1" in again.err


def test_a_job_that_failed_is_trained_again_and_the_others_are_not(done: Path) -> None:
    failed = done / "optimizer.lr=0.2"
    content = {**record(failed), "status": "failed", "error": {"type": "OSError", "message": "disk full"}}
    (failed / "run.json").write_text(json.dumps(content))
    other = (done / "optimizer.lr=0.1" / "run.json").read_bytes()
    again = typed(done.parent, "fit", "--resume", "sweep")
    assert again.code == 0, again.err
    assert "1 finished, 1 to go on with below sweep" in again.err
    assert (record(failed)["status"], record(failed)["error"]) == ("finished", None)
    assert record(failed)["started"] == content["started"]
    assert len(record(failed)["resumed"]) == 1
    assert (done / "optimizer.lr=0.1" / "run.json").read_bytes() == other


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"schema": 1, "status": "running", "pid": 1}'])
def test_a_damaged_or_stale_record_is_one_to_go_on_with(done: Path, damage: str) -> None:
    run = done / "optimizer.lr=0.2"
    (run / "run.json").write_text(damage)
    again = typed(done.parent, "fit", "--resume", "sweep")
    assert again.code == 0, again.err
    assert record(run)["status"] == "finished"
    set_aside = [path.read_text() for path in run.glob("run.json.damaged")]
    assert set_aside == ([] if "schema" in damage else [damage])


def test_what_another_version_wrote_is_left_alone_and_the_rest_goes_on(done: Path) -> None:
    other, begun = done / "optimizer.lr=0.2", done / "optimizer.lr=0.1"
    (other / "run.json").write_text(json.dumps({"schema": 99, "code": {"version": "9.1"}, "state": {"is": "done"}}))
    (begun / "run.json").write_text("{")
    before = {path: path.read_bytes() for path in other.rglob("*") if path.is_file()}
    again = typed(done.parent, "fit", "--resume", "sweep")
    assert again.code == 1, "not all is done"
    assert "1 to go on with, 1 left alone below sweep\n" in again.err
    assert "error: left alone: sweep/optimizer.lr=0.2/run.json is of schema 99: experiments 9.1 wrote it" in again.err
    assert "Traceback" not in again.err
    assert record(begun)["status"] == "finished"
    assert {path: path.read_bytes() for path in other.rglob("*") if path.is_file()} == before
    assert "foreign: sweep/optimizer.lr=0.2/run.json is of schema 99" in " ".join(again.out.split())
    assert "experiments fit --resume" not in again.out, "that would do nothing"


@pytest.mark.parametrize(
    ("content", "wrong"),
    [('{"schema": 99}', "run.json is of schema 99: a newer version wrote it"), ('{"sch', "run.json is damaged")],
)
def test_a_run_that_cannot_be_read_is_not_gone_on_with(done: Path, content: str, wrong: str) -> None:
    run = done / "optimizer.lr=0.2"
    (run / "run.json").write_text(content)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    again = typed(done.parent, "fit", "--resume", "sweep/optimizer.lr=0.2")
    assert again.code == 2
    assert wrong in again.err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("content", "wrong"),
    [('{"schema": 99, "jobs": []}', "sweep.json is of schema 99"), ('{"jobs": [{"fol', "sweep.json is damaged")],
)
def test_a_sweep_that_cannot_be_read_is_not_gone_on_with(done: Path, content: str, wrong: str) -> None:
    (done / "sweep.json").write_text(content)
    before = {path: path.read_bytes() for path in done.rglob("*") if path.is_file()}
    again = typed(done.parent, "fit", "--resume", "sweep")
    assert again.code == 2
    assert wrong in again.err
    assert "Traceback" not in again.err
    assert {path: path.read_bytes() for path in done.rglob("*") if path.is_file()} == before


def test_a_moved_sweep_goes_on_where_it_is(done: Path, tmp_path: Path) -> None:
    (done / "optimizer.lr=0.2" / "run.json").unlink()
    moved = tmp_path / "elsewhere" / "mine"
    moved.parent.mkdir()
    done.rename(moved)
    again = typed(tmp_path, "fit", "--resume", str(moved))
    assert again.code == 0, again.err
    assert record(moved / "optimizer.lr=0.2")["status"] == "finished"
    assert not done.exists()


def test_a_sweep_that_somebody_is_at_work_on_is_not_resumed(done: Path) -> None:
    with alone_in(done):
        again = typed(done.parent, "fit", "--resume", "sweep")
    assert again.code == 2
    assert "another process is at work in sweep: wait for it, or stop it first" in again.err


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--resume", "nowhere"], "nowhere"),
        (["--resume", "sweep", "-m"], "--resume goes on with what was planned"),
        (["--resume", "sweep", "--dry-run"], "--resume goes on with what was planned"),
        (["--resume", "sweep/optimizer.lr=0.1", "seed=3"], "a run goes on as it began; other values are another run"),
        (["--resume", "sweep/sweep.json"], "sweep.json"),
    ],
)
def test_what_cannot_be_resumed_is_refused(done: Path, words: list[str], wrong: str) -> None:
    again = typed(done.parent, "fit", *words)
    assert again.code == 2
    assert wrong in again.err
    assert "Traceback" not in again.err


def test_edited_files_do_not_change_a_sweep_that_has_begun(tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "experiment"
    mine.mkdir(parents=True)
    (mine / "slow.yaml").write_text("# @package _global_\n# Slow.\noptimizer: {lr: 0.05}\n")
    words = ["--config-dir", "mine", "recipe=line", "experiment=slow", "schedule.epochs=3", "-m", "seed=1,2"]
    assert typed(tmp_path, "fit", *words, "hydra.sweep.dir=sweep").code == 0
    (tmp_path / "sweep" / "seed=2" / "run.json").unlink()
    (mine / "slow.yaml").write_text("# @package _global_\n# Slow.\noptimizer: {lr: 0.07}\n")
    again = typed(tmp_path, "fit", "--resume", "sweep")
    assert again.code == 0, again.err
    assert "note: configuration files were edited since; it goes on with what they said then" in again.err
    assert record(tmp_path / "sweep" / "seed=2")["configuration"]["optimizer"]["lr"] == 0.05
    (mine / "slow.yaml").unlink()
    (tmp_path / "sweep" / "seed=1" / "run.json").unlink()
    assert typed(tmp_path, "fit", "--resume", "sweep").code == 0
    assert record(tmp_path / "sweep" / "seed=1")["configuration"]["optimizer"]["lr"] == 0.05
