"""Jobs run in turn, each recorded; what goes wrong in one costs that one only. What trains is a stand-in here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError
from experiments.sweeps.launch import claim, run_single, run_sweep
from experiments.sweeps.plan import Job, Plan, make_plan

Seen = list[tuple[str, Mapping[str, Any]]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def finishing(seen: Seen, errors: Mapping[str, BaseException] | None = None) -> Callable[..., None]:
    """Leaves a run.json; raises what is asked for, as training does after it has recorded it."""

    def train(job: Job, folder: Path, parameters: Mapping[str, Any]) -> None:
        assert json.loads((folder.parent / "sweep.json").read_text())["status"] == "running"
        seen.append((job.name, parameters))
        error = (errors or {}).get(job.name)
        status = "finished" if error is None else "failed" if isinstance(error, Exception) else "interrupted"
        (folder / "run.json").write_text(json.dumps({"status": status, "config_hash": f"hash of {job.name}"}))
        if error is not None:
            raise error

    return train


def sweep(*overrides: str) -> tuple[Composer, Plan, Path]:
    composer = Composer()
    plan = make_plan(composer, overrides, multirun=True)
    return composer, plan, claim(plan)


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "sweep.json").read_text())
    return found


def test_every_job_is_trained_in_its_own_folder_and_recorded() -> None:
    composer, plan, folder = sweep("seed=0,1", "optimizer.lr=0.1,0.2", "schedule.epochs=2")
    seen: Seen = []
    run_sweep(composer, plan, folder, finishing(seen), "the command")
    names = [f"seed={seed},optimizer.lr={lr}" for seed in (0, 1) for lr in (0.1, 0.2)]
    assert [name for name, _ in seen] == names
    assert seen[1][1] == {"seed": 0, "optimizer.lr": 0.2}
    record = read(folder)
    assert (record["schema"], record["name"], record["status"]) == (1, "seed,optimizer.lr", "finished")
    assert record["command"] == "the command"
    assert [job["folder"] for job in record["jobs"]] == names
    assert [job["status"] for job in record["jobs"]] == ["finished"] * 4
    assert [job["config_hash"] for job in record["jobs"]] == [f"hash of {name}" for name in names]
    assert record["jobs"][1]["overrides"] == ["seed=0", "optimizer.lr=0.2", "schedule.epochs=2"]
    assert record["jobs"][1]["swept"] == {"seed": "0", "optimizer.lr": "0.2"}
    assert record["configuration"]["schedule"]["epochs"] == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted([*names, "sweep.json"])


def test_hydras_own_record_is_the_jobs_own() -> None:
    composer, plan, folder = sweep("seed=5,6")
    run_sweep(composer, plan, folder, finishing([]), "")
    for number, seed in enumerate((5, 6)):
        hydra = folder / f"seed={seed}" / ".hydra"
        assert yaml.safe_load((hydra / "config.yaml").read_text())["seed"] == seed
        assert yaml.safe_load((hydra / "overrides.yaml").read_text()) == [f"seed={seed}"]
        own = yaml.safe_load((hydra / "hydra.yaml").read_text())["hydra"]
        assert own["job"]["num"] == number
        assert own["runtime"]["output_dir"] == str((folder / f"seed={seed}").resolve())


def test_a_job_that_fails_costs_that_job_only() -> None:
    composer, plan, folder = sweep("seed=0,1,2")
    seen: Seen = []
    run_sweep(composer, plan, folder, finishing(seen, {"seed=1": RuntimeError("boom")}), "")
    assert [name for name, _ in seen] == ["seed=0", "seed=1", "seed=2"]
    assert [job["status"] for job in read(folder)["jobs"]] == ["finished", "failed", "finished"]
    assert read(folder)["status"] == "finished"


def test_a_job_that_left_nothing_has_failed() -> None:
    composer, plan, folder = sweep("seed=0,1")
    run_sweep(composer, plan, folder, lambda job, folder, parameters: None, "")
    assert [(job["status"], job["config_hash"]) for job in read(folder)["jobs"]] == [("failed", None)] * 2


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(1)])
def test_an_interruption_stops_the_sweep_with_what_is_done(stop: BaseException) -> None:
    composer, plan, folder = sweep("seed=0,1,2")
    with pytest.raises(type(stop)):
        run_sweep(composer, plan, folder, finishing([], {"seed=1": stop}), "")
    assert [job["status"] for job in read(folder)["jobs"]] == ["finished", "interrupted", "planned"]
    assert read(folder)["status"] == "interrupted"


def test_two_of_the_same_second_do_not_share_a_folder() -> None:
    composer = Composer()
    plan = make_plan(composer, [])
    first, second, third = (claim(plan) for _ in range(3))
    assert [second, third] == [first.with_name(f"{first.name}_2"), first.with_name(f"{first.name}_3")]
    assert first.is_dir()
    assert third.is_dir()


@pytest.mark.parametrize(
    ("words", "multirun", "key"),
    [(["hydra.run.dir=mine"], False, "hydra.run.dir"), (["hydra.sweep.dir=mine", "seed=0,1"], True, "hydra.sweep.dir")],
)
def test_a_folder_that_was_typed_is_taken_as_it_is_or_refused(
    here: Path, words: list[str], multirun: bool, key: str
) -> None:
    plan = make_plan(Composer(), words, multirun=multirun)
    (here / "mine").mkdir()
    (here / "mine" / "notes.txt").write_text("kept")
    assert claim(plan) == Path("mine"), "it holds no run yet"
    kind = "sweep" if multirun else "run"
    with pytest.raises(ConfigurationError) as refused:
        claim(plan)
    assert str(refused.value) == (
        f"error: 1 mistake, nothing was trained\n\n  {key}=mine\n"
        f"    mine already holds a {kind} ({kind}.json); choose another folder\n    try: {key}=mine_2"
    )
    assert (here / "mine" / "notes.txt").read_text() == "kept"


def test_a_folder_that_cannot_be_written_is_refused(here: Path) -> None:
    (here / "file").write_text("")
    plan = make_plan(Composer(), ["hydra.run.dir=file/run"])
    with pytest.raises(ConfigurationError) as refused:
        run_single(Composer(), plan, lambda *_: pytest.fail("nothing may be trained"))
    assert str(refused.value) == (
        "error: 1 mistake, nothing was trained\n\n  hydra.run.dir=file/run\n"
        "    this folder cannot be written: Not a directory\n    try: hydra.run.dir=FOLDER"
    )
    assert [path.name for path in here.iterdir()] == ["file"]


def test_what_a_single_run_raises_comes_out() -> None:
    def train(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    composer = Composer()
    with pytest.raises(ZeroDivisionError, match="by nothing"):
        run_single(composer, make_plan(composer, []), train)
