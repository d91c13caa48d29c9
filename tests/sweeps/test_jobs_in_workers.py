"""Jobs run in processes of their own, each recorded; what goes wrong in one costs that one only.

What trains is a stand-in here.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from stand_ins import act, decide, planned, record_hydra_alone, seen, specs_of

from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError
from experiments.sweeps.claim import claim
from experiments.sweeps.launch import run_single, run_sweep
from experiments.sweeps.plan import make_plan
from experiments.sweeps.record import SweepRecord
from experiments.sweeps.shares import Shares
from experiments.sweeps.supervision import Crew

IN_TURN = Shares()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(*overrides: str, shares: Shares = IN_TURN, train: Any = act, **fates: str) -> Path:
    """The folder of a sweep after all its jobs."""
    _, plan, folder = planned(*overrides)
    decide(folder, **{name.replace("_", "="): fate for name, fate in fates.items()})
    with Crew() as crew:
        run_sweep(crew, SweepRecord.of(folder, plan, "the command"), specs_of(plan, folder), shares, train)
    return folder


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def statuses(folder: Path) -> list[str]:
    return [job["status"] for job in read(folder / "sweep.json")["jobs"]]


def test_every_job_is_trained_in_its_own_folder_and_recorded() -> None:
    folder = ran("seed=0,1", "optimizer.lr=0.1,0.2", "schedule.epochs=2")
    names = [f"seed={seed},optimizer.lr={lr}" for seed in (0, 1) for lr in (0.1, 0.2)]
    assert [name for name, _, _ in seen(folder)] == names
    assert seen(folder)[1][2] == {"seed": 0, "optimizer.lr": 0.2}
    record = read(folder / "sweep.json")
    assert (record["schema"], record["name"], record["status"]) == (1, "seed,optimizer.lr", "finished")
    assert record["command"] == "the command"
    assert [job["folder"] for job in record["jobs"]] == names
    assert statuses(folder) == ["finished"] * 4
    assert [job["config_hash"] for job in record["jobs"]] == [f"hash of {name}" for name in names]
    assert record["jobs"][1]["overrides"] == ["seed=0", "optimizer.lr=0.2", "schedule.epochs=2"]
    assert record["jobs"][1]["swept"] == {"seed": "0", "optimizer.lr": "0.2"}
    assert record["configuration"]["schedule"]["epochs"] == 2


def test_hydras_own_record_is_the_jobs_own() -> None:
    folder = ran("seed=5,6", train=record_hydra_alone)
    for number, seed in enumerate((5, 6)):
        hydra = folder / f"seed={seed}" / ".hydra"
        assert yaml.safe_load((hydra / "config.yaml").read_text())["seed"] == seed
        assert yaml.safe_load((hydra / "overrides.yaml").read_text()) == [f"seed={seed}"]
        own = yaml.safe_load((hydra / "hydra.yaml").read_text())["hydra"]
        assert own["job"]["num"] == number
        assert own["runtime"]["output_dir"] == str((folder / f"seed={seed}").resolve())


def test_one_worker_does_all_jobs() -> None:
    processes = {process for _, process, _ in seen(ran("seed=0,1,2"))}
    assert len(processes) == 1
    assert os.getpid() not in processes


def test_several_workers_share_the_jobs_and_the_first_may_be_alone() -> None:
    folder = ran("seed=0,1,2,3,4", shares=Shares(2, 1, first_alone=True))
    assert statuses(folder) == ["finished"] * 5
    assert seen(folder)[0][0] == "seed=0"
    assert len({process for _, process, _ in seen(folder)}) <= 2


@pytest.mark.parametrize(
    ("fate", "kind", "message"),
    [
        ("raise", "RuntimeError", "boom"),
        ("exit", "Died", "its process ended with exit code 3"),
        ("SIGKILL", "Killed", "its process was ended by SIGKILL, as the system does when memory runs out"),
        ("SIGSEGV", "Killed", "its process was ended by SIGSEGV"),
    ],
)
def test_a_job_that_fails_costs_that_job_only(
    capfd: pytest.CaptureFixture[str], fate: str, kind: str, message: str
) -> None:
    folder = ran("seed=0,1,2", seed_1=fate)
    assert [name for name, _, _ in seen(folder)] == ["seed=0", "seed=1", "seed=2"]
    assert statuses(folder) == ["finished", "failed", "finished"]
    assert read(folder / "sweep.json")["status"] == "finished"
    assert read(folder / "seed=1" / "run.json")["error"] == {"type": kind, "message": message}
    assert f"[2/3] seed=1: failed: {kind}: {message}\n" in capfd.readouterr().err
    first, second, third = (process for _, process, _ in seen(folder))
    assert first == second
    assert (third == second) == (fate == "raise"), "a process that died is replaced, and no other"


def test_a_job_that_left_nothing_has_failed() -> None:
    folder = ran("seed=0,1", seed_0="leave nothing", seed_1="leave nothing")
    assert [(job["status"], job["config_hash"]) for job in read(folder / "sweep.json")["jobs"]] == [
        ("failed", None)
    ] * 2


def test_a_job_that_died_before_it_wrote_anything_says_why() -> None:
    folder = ran("seed=0,1", seed_0="vanish")
    run = read(folder / "seed=0" / "run.json")
    assert (run["status"], run["error"]) == (
        "failed",
        {"type": "Died", "message": "its process ended with exit code 4"},
    )
    assert run["overrides"] == ["seed=0"]
    assert statuses(folder) == ["failed", "finished"]


@pytest.fixture
def heeding_ctrl_c() -> Any:
    """A process that was started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_ctrl_c")
@pytest.mark.parametrize(("number", "stop"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_interruption_stops_the_sweep_with_what_is_done(number: int, stop: type[BaseException]) -> None:
    _, plan, folder = planned("seed=0,1,2")
    decide(folder, **{"seed=1": "hang"})
    before = signal.getsignal(signal.SIGTERM)

    def interrupt() -> None:
        while not (folder / "hanging").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt).start()
    with pytest.raises(stop), Crew() as crew:
        run_sweep(crew, SweepRecord.of(folder, plan, ""), specs_of(plan, folder), Shares(), act)
    assert statuses(folder) == ["finished", "interrupted", "planned"]
    assert read(folder / "sweep.json")["status"] == "interrupted"
    assert read(folder / "seed=1" / "run.json")["status"] == "interrupted"
    assert not (folder / "seed=2").exists()
    assert signal.getsignal(signal.SIGTERM) is before


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
        run_single(Composer(), plan, lambda _: pytest.fail("nothing may be trained"))
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
