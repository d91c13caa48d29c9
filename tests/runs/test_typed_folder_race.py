"""Two processes that ask for the same typed folder at the same moment: one of them gets it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments.runs.files import claim_exact, read_json


def claims(path: Path, racers: int) -> int:
    """How many of so many forked processes, let go together, got the folder."""
    ready, go = os.pipe()
    children = []
    for _ in range(racers):
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(ready, 1)  # returns for all of them at once, when the last writer closes
            try:
                claim_exact(path)
            except FileExistsError:
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.close(go)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    os.close(ready)
    return codes.count(0)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # forking beside the threads of other tests
@pytest.mark.parametrize("there_before", [False, True])
def test_one_of_four_gets_the_folder(tmp_path: Path, there_before: bool) -> None:
    for number in range(10):
        path = tmp_path / str(number)
        if there_before:
            path.mkdir()
        assert claims(path, 4) == 1
        assert read_json(path / "run.json")["status"] == "running"
