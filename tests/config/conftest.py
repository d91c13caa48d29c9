"""What a user types, answered in this process: a configuration that is not trained needs no torch."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from answers import Answer, Refused, Typed

from experiments.cli import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def typed(here: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Types a command line behind `experiments`."""

    assert Path.cwd() == here

    def run(line: str) -> Answer:
        code = main(shlex.split(line))
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def refused(typed: Typed, here: Path) -> Refused:
    """Types what must be refused; answers with the message."""

    def run(line: str) -> str:
        before = sorted(here.rglob("*"))
        answer = typed(line)
        assert (answer.code, answer.out) == (2, ""), answer
        assert sorted(here.rglob("*")) == before, "a refusal leaves nothing behind"
        return answer.err

    return run
