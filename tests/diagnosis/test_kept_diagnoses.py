"""What a run said of itself at its end is not worked out again when it is compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments import compose, fit
from experiments.diagnosis import journal
from experiments.diagnosis.readers import run_folder
from experiments.runs.files import write_json
from experiments.runs.sweep import Sweep


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Three rates; the largest diverges."""
    jobs = []
    for rate in ("0.1", "0.5", "1.2"):
        folder = f"optimizer.lr={rate}"
        fit(compose(["recipe=line", folder, "schedule.epochs=40"]), folder=tmp_path / folder, quiet=True)
        jobs.append({"folder": folder, "status": "finished", "swept": {"optimizer.lr": rate}, "overrides": []})
    write_json(tmp_path / "sweep.json", {"schema": 1, "name": "rates", "jobs": jobs})
    return Sweep(tmp_path)


def test_the_report_is_the_same_with_and_without_them(sweep: Sweep) -> None:
    kept = journal.report_of_sweep(sweep).as_json()
    for run in sweep.runs:
        (run.path / "diagnosis.json").unlink()
    assert journal.report_of_sweep(sweep).as_json() == kept
    assert {"learning_rate_too_high"} <= {run["verdict"] for run in kept["runs"]}


def test_steps_are_read_of_runs_without_one_alone(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    steps = run_folder.own_steps
    monkeypatch.setattr(run_folder, "own_steps", lambda path: read.append(path.parent.name) or steps(path))
    journal.report_of_sweep(sweep)
    assert read == []
    (sweep.path / "optimizer.lr=0.5" / "diagnosis.json").write_text("{")
    journal.report_of_sweep(sweep)
    assert read == ["optimizer.lr=0.5"]


def test_a_run_that_goes_on_is_diagnosed_as_far_as_it_is(sweep: Sweep) -> None:
    path = sweep.path / "optimizer.lr=0.5" / "run.json"
    record = json.loads(path.read_text())
    kept = {run["path"]: run["findings"] for run in journal.report_of_sweep(sweep).as_json()["runs"]}
    said = path.with_name("diagnosis.json")
    said.write_text(said.read_text().replace('"evidence": [', '"evidence": ["as it was yesterday", '))
    again = {run["path"]: run["findings"] for run in journal.report_of_sweep(sweep).as_json()["runs"]}
    assert again != kept, "of a run that is over, what is kept counts"
    path.write_text(json.dumps({**record, "status": "running"}))
    now = journal.report_of_sweep(sweep).as_json()["runs"]
    assert "yesterday" not in json.dumps(now)
