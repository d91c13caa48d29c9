"""What a user types, answered in this process: a configuration that is not trained needs no torch."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator
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
def typed(here: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """Types a command line behind `experiments`; what Hydra's --info does to logging ends with the test."""

    assert Path.cwd() == here

    def run(line: str) -> Answer:
        code = main(shlex.split(line))
        return Answer(code, *capsys.readouterr())

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield run
    root.handlers[:], root.level = handlers, level


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
