"""What did not finish stands last in the terminal: what happened, its log, and the command that trains just that."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
from pathlib import Path
from typing import Any

import pytest
from fake_runs import falling, write_run, write_sweep
from fake_sweeps import lesson, with_failures

from experiments.cli import main
from experiments.reports.summary import print_sweep
from experiments.runs.files import read_json, write_json
from experiments.runs.sweep import Sweep
from experiments.verbs.codes import DONE, FAILED, INTERRUPTED
from experiments.verbs.sweep import told


def ended(folder: Path, status: str = "finished", **more: Any) -> Path:
    """A sweep that nobody is at work on."""
    write_json(folder / "sweep.json", {**read_json(folder / "sweep.json"), "status": status, **more})
    return folder


def test_the_end_of_a_sweep_with_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = ended(with_failures(tmp_path / "my sweeps" / "sweep"))
    (sweep / "model.dropout=2" / "fit.log").touch()
    assert told(sweep, DONE, pictures=False) == FAILED
    out = capsys.readouterr().out
    lines = out[out.index("not finished") :].splitlines()
    assert re.split(" {2,}", lines[0].strip()) == ["not finished", "what happened", "log"]
    rows = " ".join(" ".join(lines[2:]).split())
    assert "model.dropout=2 failed: RuntimeError: dropout probability has to be" in rows
    assert "model.dropout=2/fit.log" in rows
    assert "seed=2 interrupted" in rows
    assert "seed=3 not begun" in rows
    assert "seed=1" not in rows
    assert "optimizer.lr=30" not in rows, "a diverged run is a result"
    assert max(map(len, lines[:-1])) <= 100
    assert lines[-1] == f"again: experiments fit --resume '{sweep}'"
    assert shlex.split(lines[-1])[-1] == str(sweep)


def test_a_sweep_that_finished_says_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(ended(lesson(tmp_path / "sweep")), DONE, pictures=False) == DONE
    out = capsys.readouterr().out
    assert "not finished" not in out
    assert "--resume" not in out
    assert out.splitlines()[-1].startswith("look: tensorboard")


def test_an_interrupted_sweep_keeps_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = write_sweep(tmp_path / "sweep", {"seed=1": {"seed": "1"}, "seed=2": {"seed": "2"}})
    write_run(sweep / "seed=1", falling(4, 0.1, 0.1))
    assert told(ended(sweep, "interrupted"), INTERRUPTED, pictures=False) == INTERRUPTED
    out = capsys.readouterr().out
    assert re.search(r"seed=2 +not begun", out)
    assert out.endswith(f"again: experiments fit --resume {sweep}\n")


def test_the_same_in_report_and_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = ended(with_failures(tmp_path / "sweep"))
    (sweep / "model.dropout=2" / "fit.log").touch()
    assert main(["report", str(sweep)]) == 0
    out = capsys.readouterr().out
    assert "failed: RuntimeError: dropout probability has to be" in " ".join(out.split())
    assert out.endswith(f"again: experiments fit --resume {sweep}\n")
    embedded = re.search(r'id="data">(.*?)</script>', (sweep / "report.html").read_text(), re.DOTALL)
    assert embedded
    data = json.loads(embedded[1])
    assert data["failed"] == [
        {
            "name": "model.dropout=2",
            "error": "failed: RuntimeError: dropout probability has to be between 0 and 1",
            "log": "model.dropout=2/fit.log",
        },
        {"name": "seed=2", "error": "interrupted", "log": ""},
        {"name": "seed=3", "error": "not begun", "log": ""},
    ]
    assert data["again"] == [f"again: experiments fit --resume {sweep}"]


def test_while_it_runs_what_waits_is_no_failure_and_nothing_is_to_be_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = ended(with_failures(tmp_path / "sweep"), "running", pid=os.getppid(), host=socket.gethostname())
    assert main(["report", str(sweep)]) == 0
    left = capsys.readouterr().out.split("not finished")[1]
    assert "model.dropout=2" in left
    assert "seed=3" not in left
    assert "--resume" not in left


def test_of_very_many_the_first_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {f"seed={n}": {"seed": str(n)} for n in range(25)}
    print_sweep(Sweep(ended(write_sweep(tmp_path / "sweep", names))))
    left = capsys.readouterr().out.split("not finished")[1]
    assert left.count("not begun") == 20
    assert "... 5 more in runs.csv ..." in left
