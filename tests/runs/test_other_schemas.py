"""Records that another version wrote, or half of which is missing: said in a line, and they spoil nothing else."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from test_reading_runs import make_run, make_sweep

from experiments.cli import main
from experiments.runs.alive import is_killed
from experiments.runs.run import NotARun, Run
from experiments.runs.sweep import NotASweep, Sweep

NEWER = json.dumps({"schema": 99, "code": {"version": "9.1"}})
SPOILT = {
    NEWER: ("foreign", "is of schema 99: experiments 9.1 wrote it, and experiments "),
    "": ("damaged", "is damaged: "),
    '{"schema": 1, "stat': ("damaged", "is damaged: "),
    '{"schema": 1}': ("damaged", "is damaged: it has no status"),
    "[" * 100_000: ("damaged", "is damaged: "),
}


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    folder = make_sweep(tmp_path / "sweep", ["0.1", "0.2", "0.3"])
    for rate in ("0.1", "0.2", "0.3"):
        make_run(folder / f"optimizer.lr={rate}")
    return folder


@pytest.fixture(params=list(SPOILT), ids=["newer", "empty", "truncated", "no status", "deep"])
def spoilt(request: pytest.FixtureRequest, sweep: Path) -> tuple[Path, str, str]:
    """A run of that sweep, its status there, and what is wrong with it."""
    run = sweep / "optimizer.lr=0.2"
    (run / "run.json").write_text(request.param)
    status, wrong = SPOILT[request.param]
    return run, status, f"{run / 'run.json'} {wrong}"


def test_the_run_says_what_is_wrong(spoilt: tuple[Path, str, str]) -> None:
    run, _, wrong = spoilt
    with pytest.raises(NotARun) as refused:
        _ = Run(run).status
    assert str(refused.value).startswith(wrong)


def test_its_sweep_lists_it_behind_the_others(sweep: Path, spoilt: tuple[Path, str, str]) -> None:
    run, status, wrong = spoilt
    row = Sweep(sweep).rows()[-1]
    assert (row["run"], row["status"]) == (run.name, status)
    assert row["error"].startswith(wrong)
    assert [one.name for one in Sweep(sweep).runs] == ["optimizer.lr=0.1", "optimizer.lr=0.3"]


def test_report_shows_the_others(
    sweep: Path, spoilt: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    run, status, _ = spoilt
    assert main(["report", str(sweep)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    table, left = said.out.split("not finished")
    assert "optimizer.lr=0.3" in table
    assert f"{run.name}" in left
    assert f"{status}: " in left
    assert (sweep / "report.html").is_file()
    assert main(["report", str(sweep), "--json"]) == 0
    assert [one["run"] for one in json.loads(capsys.readouterr().out)["failed"]] == [str(run)]


def test_diagnose_judges_the_others_and_says_so(
    sweep: Path, spoilt: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    run, _, wrong = spoilt
    assert main(["diagnose", str(sweep)]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {wrong}")
    assert "optimizer.lr=0.3" in said.out
    assert main(["diagnose", str(run)]) == 1
    said = capsys.readouterr()
    assert wrong in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("verb", ["report", "diagnose"])
@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ('{"schema": 99, "jobs": []}', "sweep.json is of schema 99: a newer version wrote it"),
        ('{"jobs": [{"fol', "sweep.json is damaged: JSONDecodeError"),
    ],
)
def test_a_sweep_that_cannot_be_read(
    verb: str, content: str, wrong: str, sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sweep / "sweep.json").write_text(content)
    with pytest.raises(NotASweep, match=wrong):
        _ = Sweep(sweep).jobs
    assert main([verb, str(sweep)]) == 1
    said = capsys.readouterr()
    assert f"error: {sweep}/{wrong}" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    if "damaged" in wrong:
        assert f"its runs are whole all the same: experiments diagnose {sweep}/*/" in said.err


def test_a_process_that_is_gone_is_not_running(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stale = {"status": "running", "pid": gone.pid, "host": socket.gethostname()}
    assert is_killed(stale)
    assert not is_killed({**stale, "host": "elsewhere"}), "nobody here can know"
    assert not is_killed({**stale, "status": "failed"})
    assert not is_killed({**stale, "pid": 1}), "it lives"
    folder = make_sweep(tmp_path / "sweep", ["0.1", "0.2"])
    make_run(folder / "optimizer.lr=0.1", "running", error=0.0, pid=gone.pid, host=socket.gethostname())
    make_run(folder / "optimizer.lr=0.2", "running", error=0.5, pid=1, host=socket.gethostname())
    rows = Sweep(folder).rows()
    assert [(row["run"], row["status"]) for row in rows] == [
        ("optimizer.lr=0.2", "running"),
        ("optimizer.lr=0.1", "killed"),
    ], "its numbers are of no whole run"
    assert rows[-1]["error"] == "its process is gone, and could not say why"
