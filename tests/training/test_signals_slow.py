"""Ctrl-C, SIGTERM and SIGKILL for processes in the middle of a training. Seconds each: they must train first."""

import csv
import json
import signal
from pathlib import Path

import pytest
import torch
from processes import Child, Nursery, eventually
from safetensors.torch import load_file
from typed import record, rows, strict_json

from experiments.training.weights import read_model_weights

LONG = ["dataset.subset_fraction=0.1", "model.width=4", "schedule.epochs=100000"]


@pytest.fixture(scope="module")
def training(nursery: Nursery) -> dict[str, Child]:
    """All of them at once, since they mostly wait for each other."""
    single = {name: nursery.start(name, "fit", *LONG) for name in ("ctrl_c", "term", "kill")}
    words = ["fit", "-m", *LONG[:2], "schedule.epochs=2,100000,3", "hydra.sweep.dir=sweep"]
    return {**single, "sweep": nursery.start("sweep", *words)}


def consistent(run: Path) -> None:
    """History goes up to the last finished epoch, steps into the one after it at most."""
    history, steps = rows(run / "history.csv"), rows(run / "steps.csv")
    epochs = [int(row["epoch"]) for row in history]
    assert epochs == list(range(len(history)))
    assert [int(step["step"]) for step in steps] == list(range(len(steps)))
    assert [int(step["epoch"]) for step in steps] == [1 + n // 2 for n in range(len(steps))]
    assert epochs[-1] <= int(steps[-1]["epoch"]) <= epochs[-1] + 1
    assert record(run)["metrics"]["final"]["epoch"] == epochs[-1]
    assert float(history[-1]["valid_loss"]) == record(run)["metrics"]["final"]["valid_loss"]


def can_be_gone_on_with(run: Path) -> None:
    """Model and predictions of the last finite epoch, and a checkpoint."""
    last = rows(run / "history.csv")[-1]
    about = json.loads((run / "model" / "model.json").read_text())
    assert about["training"]["epoch"] == int(last["epoch"])
    assert about["training"]["status"] == "interrupted"
    assert read_model_weights(run / "model")
    predictions = rows(run / "predictions.csv")
    wrong = sum(row["label"] != row["predicted"] for row in predictions)
    assert wrong / len(predictions) == pytest.approx(float(last["error_rate"]))
    checkpoint = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert 0 < checkpoint["global_step"] <= 2 * int(last["epoch"])


def test_ctrl_c_leaves_an_interrupted_run(training: dict[str, Child]) -> None:
    child = training["ctrl_c"]
    run = child.until(3, "outputs/*/history.csv")
    child.signal(signal.SIGINT)
    assert child.wait() == 130
    assert record(run)["status"] == "interrupted"
    assert record(run)["error"] is None
    consistent(run)
    can_be_gone_on_with(run)
    assert child.err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in child.err
    assert "KeyboardInterrupt" not in child.out + child.err


def test_ctrl_c_in_a_sweep_prints_the_table_of_what_is_done(training: dict[str, Child]) -> None:
    child = training["sweep"]
    run = child.until(3, "sweep/schedule.epochs=100000/history.csv")
    child.signal(signal.SIGINT)
    assert child.wait() == 130
    consistent(run)
    can_be_gone_on_with(run)
    sweep = strict_json((child.folder / "sweep" / "sweep.json").read_text())
    assert sweep["status"] == "interrupted"
    assert [job["status"] for job in sweep["jobs"]] == ["finished", "interrupted", "planned"]
    assert not (child.folder / "sweep" / "schedule.epochs=3").exists()
    assert "schedule.epochs=2 " in child.out
    assert "interrupted" in child.out
    assert "Traceback" not in child.err
    table = rows(child.folder / "sweep" / "runs.csv")
    assert {row["schedule.epochs"]: row["status"] for row in table} == {
        "2": "finished",
        "100000": "interrupted",
        "3": "planned",
    }


def test_sigterm_leaves_an_interrupted_run_and_no_exit_code_of_success(training: dict[str, Child]) -> None:
    child = training["term"]
    run = child.until(3, "outputs/*/history.csv")
    child.signal(signal.SIGTERM)
    assert child.wait() == 128 + signal.SIGTERM
    assert record(run)["status"] == "interrupted"
    consistent(run)
    can_be_gone_on_with(run)
    assert "Traceback" not in child.err


def test_sigkill_leaves_whole_files_of_a_running_run(training: dict[str, Child]) -> None:
    child = training["kill"]
    run = child.until(10, "outputs/*/history.csv")
    child.signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert record(run)["status"] == "running"
    assert record(run)["pid"] == child.pid
    parsed = {path.name for path in run.rglob("*") if path.is_file() and whole(path)}
    assert {"run.json", "history.csv", "steps.csv", "split.csv", "last.ckpt"} <= parsed
    epochs = [int(row["epoch"]) for row in rows(run / "history.csv")]
    assert epochs == list(range(len(epochs)))
    # Written one after the other, run.json last: it may lack what history.csv has since they were last written.
    assert record(run)["metrics"]["final"]["epoch"] in epochs


def whole(path: Path) -> bool:
    """Whether this is a file that somebody may read; it must then be complete. Written aside is hidden."""
    if path.name.startswith("."):
        return False
    match path.suffix:
        case ".json":
            strict_json(path.read_text())
        case ".csv":
            text = path.read_text()
            assert text.endswith("\n")
            assert len({len(row) for row in csv.reader(text.splitlines())}) == 1
        case ".ckpt":
            torch.load(path, weights_only=True)
        case ".safetensors":
            load_file(path)
        case _:
            return False
    return True


def test_a_second_ctrl_c_does_not_spoil_what_the_first_leaves(nursery: Nursery) -> None:
    child = nursery.start("impatient", "fit", *LONG)
    run = child.until(3, "outputs/*/history.csv")
    child.signal(signal.SIGINT)
    eventually(lambda: True if record(run)["status"] == "interrupted" else None)
    try:
        child.signal(signal.SIGINT)
    except ProcessLookupError:
        pytest.skip("it ended before the second Ctrl-C")
    assert child.wait() in (130, -signal.SIGINT)
    consistent(run)
    can_be_gone_on_with(run)


def test_what_a_finished_run_leaves_can_be_told_from_an_interrupted_one(training: dict[str, Child]) -> None:
    finished = training["sweep"].folder / "sweep" / "schedule.epochs=2"
    assert record(finished)["status"] == "finished"
    assert not (finished / "checkpoints").exists()
