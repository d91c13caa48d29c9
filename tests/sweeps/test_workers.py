"""Processes that do tasks: what dies is replaced, what hangs is ended, nobody outlives who started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import errands
import pytest

from experiments.config.problems import ConfigurationError, Problem
from experiments.sweeps.supervision import Crew
from experiments.sweeps.worker_life import Died, Done, Raised
from experiments.sweeps.workforce import Outcome, TimedOut, Work


def outcomes(function: Any, *tasks: Any, crew: Crew | None = None, **options: Any) -> dict[Any, Outcome]:
    found: dict[Any, Outcome] = {}
    with crew or Crew() as crew:
        crew.run(tasks, Work(function, found.__setitem__, **options))
    return found


def test_tasks_are_done_where_this_process_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that workers are forked from began in another folder, with other variables."""
    with Crew() as crew:
        assert crew.ask(errands.place, "EXPERIMENTS_TEST") == (str(Path.cwd()), None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXPERIMENTS_TEST", "here")
    with Crew() as crew:
        assert crew.ask(errands.place, "EXPERIMENTS_TEST") == (str(tmp_path), "here")


def test_torch_is_there_already_and_has_started_no_thread() -> None:
    with Crew() as crew:
        assert crew.ask(errands.imported, "torch")


def test_what_a_task_raises_arrives() -> None:
    with Crew() as crew:
        with pytest.raises(ConfigurationError) as refused:
            crew.ask(errands.refuse, "seed=x")
        assert refused.value.problems == [Problem("seed=x", "no", "seed=1")]
        with pytest.raises(RuntimeError, match="Unsendable: too heavy"):
            crew.ask(errands.raise_unsendable, None)
        with pytest.raises(AttributeError, match="gone_by_then"):
            crew.ask(errands.gone_by_then, None)
        with pytest.raises(KeyboardInterrupt):
            crew.ask(errands.interrupt, None)
        assert crew.ask(errands.place, "X")[1] is None, "the worker goes on"


def test_two_at_once_are_two_processes() -> None:
    found = outcomes(errands.nap_when, 1.0, 1.01, 1.02, 1.03, at_once=2)
    naps = [answer.value for answer in found.values() if isinstance(answer, Done)]
    assert len(naps) == 4
    assert len({who for who, _, _ in naps}) == 2
    assert any(one[0] != other[0] and one[1] < other[2] and other[1] < one[2] for one in naps for other in naps)


def test_one_that_dies_costs_its_task_only() -> None:
    found = outcomes(errands.die_if_negative, 1, -9, 2, -3, 3)
    assert found[-9] == Died(-9)
    assert found[-3] == Died(3)
    first, second, third = (found[n].value for n in (1, 2, 3))  # type: ignore[union-attr]
    assert len({first, second, third}) == 3


def test_one_that_died_with_nothing_to_do_is_replaced() -> None:
    with Crew() as crew:
        first = crew.ask(errands.nap, 0)
        os.kill(first, signal.SIGKILL)
        while Path(f"/proc/{first}/stat").exists() and " Z " not in Path(f"/proc/{first}/stat").read_text():
            time.sleep(0.01)
        assert crew.ask(errands.nap, 0) != first


def test_one_that_hangs_is_ended_and_says_where(tmp_path: Path) -> None:
    found = outcomes(
        errands.hang_if_named,
        tmp_path / "a.log",
        tmp_path / "hang.log",
        tmp_path / "b.log",
        limit=lambda log: 2.0 if "hang" in log.name else None,
    )
    assert found[tmp_path / "hang.log"] == TimedOut(2.0)
    assert isinstance(found[tmp_path / "b.log"], Done)
    said = (tmp_path / "hang.log").read_text()
    assert "errands.py" in said
    assert "in hang_if_named" in said
    assert (tmp_path / "a.log").read_text() == ""


def test_a_crash_of_the_interpreter_says_where(tmp_path: Path) -> None:
    assert outcomes(errands.crash, tmp_path / "log") == {tmp_path / "log": Died(-signal.SIGSEGV)}
    assert "Segmentation fault" in (tmp_path / "log").read_text()
    assert "in crash" in (tmp_path / "log").read_text()


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import errands
from experiments.sweeps.supervision import Crew
from experiments.sweeps.workforce import Work

if __name__ == "__main__":
    with Crew() as crew:
        crew.run([sys.argv[2]] * 2, Work(errands.sign_in, print, at_once=2))
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_workers_do_not_outlive_who_started_them(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    here = str(Path(__file__).parent)
    program = subprocess.Popen([sys.executable, str(tmp_path / "program.py"), here, str(tmp_path)])
    try:
        until = time.monotonic() + 60
        while len(workers := list(tmp_path.glob("pid_*"))) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(workers) == 2
    finally:
        program.kill()
        program.wait()
    pids = [int(path.name.removeprefix("pid_")) for path in workers]
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_answers_that_cannot_be_sent_are_said_to_be_so() -> None:
    (answer,) = outcomes(errands.answer_unsendable, "x").values()
    assert isinstance(answer, Raised)
    assert "lambda" in str(answer.error)
