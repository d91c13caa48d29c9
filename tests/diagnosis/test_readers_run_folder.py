"""A run of our own as curves."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from histories import written

from experiments import compose, fit
from experiments.diagnosis.curves import Curves, Epoch, Step
from experiments.diagnosis.readers.any_path import read_all, read_any
from experiments.diagnosis.readers.history_csv import read_history
from experiments.diagnosis.readers.own_files import own_history, own_steps
from experiments.diagnosis.readers.run_folder import read_run
from experiments.diagnosis.readers.unreadable import Unreadable
from experiments.runs.run import Run

HISTORY = """
    epoch,lr,train_loss,train_loss_eval,train_error_rate_eval,valid_loss,error_rate,seconds
    0,,,1.1,0.6,1.12,0.7,
    1,0.002,0.9,0.7,0.25,0.75,0.3,0.3
"""
STEPS = "step,epoch,lr,train_loss,grad_norm\n0,1,0.001,1.2,0.5\n1,1,0.002,nan,"
SPLIT = "path,sha256,label,split\na,1,cat,train\nb,2,dog,valid\nc,3,cat,train\nd,4,dog,train\ne,5,dog,unused"
RECORD: dict[str, Any] = {
    "status": "finished",
    "overrides": ["optimizer.lr=0.01"],
    "variation": ["optimizer.lr=0.01"],
    "configuration": {
        "seed": 1,
        "optimizer": {"_target_": "torch.optim.AdamW", "lr": 0.01, "betas": [0.9, 0.99]},
        "schedule": {"_target_": "experiments.training.schedules.OneCycle", "epochs": 4},
    },
    "data": {"kind": "classification", "classes": ["cat", "dog", "eel"], "train_size": 3, "valid_size": 1},
    "guess": {"valid_loss": 1.0986, "error_rate": 0.6667},
    "error": None,
}


def run(folder: Path, **changes: Any) -> Run:
    written(folder, json.dumps(RECORD | changes), "run.json")
    written(folder, HISTORY)
    written(folder, STEPS, "steps.csv")
    written(folder, SPLIT, "split.csv")
    return Run(folder)


def test_all_that_a_run_recorded(tmp_path: Path) -> None:
    curves = read_run(run(tmp_path))
    assert curves.before == Epoch(0, train_loss_eval=1.1, train_error=0.6, valid_loss=1.12, error=0.7)
    assert curves.epochs == (Epoch(1, 0.9, 0.7, 0.25, 0.75, 0.3, 0.002),)
    assert curves.steps[0] == Step(0, 1.2, 0.001, 0.5, 1)
    assert math.isnan(curves.steps[1].loss or 0)
    assert curves.steps[1].gradient_norm is None
    assert (curves.classes, curves.train_size, curves.valid_size) == (3, 3, 1)
    assert (curves.guessing_loss, curves.guessing_error) == (1.0986, 0.6667)
    assert curves.class_counts == {"cat": 2, "dog": 1, "eel": 0}
    assert (curves.status, curves.failure, curves.own) == ("finished", None, True)
    assert (curves.learning_rate, curves.planned_epochs, curves.schedule) == (0.01, 4, "OneCycle")
    assert curves.configuration["optimizer.betas"] == [0.9, 0.99]
    assert curves.configuration["seed"] == 1
    assert curves.overrides == ("optimizer.lr=0.01",)


def test_a_path_to_it_is_read_the_same_whatever_the_options_say(tmp_path: Path) -> None:
    expected = read_run(run(tmp_path, configuration=None))
    assert read_any(tmp_path, valid_size=99, classes=9).valid_size == expected.valid_size == 1
    run(tmp_path, data=None)
    assert read_any(tmp_path, valid_size=99, classes=9).valid_size == 99


def test_what_was_varied_and_where_the_users_files_are(tmp_path: Path) -> None:
    curves = read_run(run(tmp_path, variation=["model=linear"], config_dir="mine"), status="diverged")
    assert (curves.overrides, curves.config_dir, curves.status) == (("model=linear",), "mine", "diverged")


def test_a_run_without_a_configuration_is_not_one_to_repeat(tmp_path: Path) -> None:
    curves = read_run(run(tmp_path, configuration=None, guess=None, data=None, overrides=[]))
    assert (curves.own, curves.learning_rate, curves.schedule, curves.configuration) == (False, None, None, {})
    assert (curves.classes, curves.guess_loss, curves.regression) == (None, None, False)
    assert curves.class_counts == {"cat": 2, "dog": 1}


def test_a_regressions_error_is_its_rmse(tmp_path: Path) -> None:
    data = {"kind": "regression", "classes": None, "train_size": 80, "valid_size": 20}
    folder = run(tmp_path, data=data, guess={"valid_loss": 4.0, "rmse": 2.0}).path
    columns = "epoch,lr,train_loss,train_loss_eval,train_error_rate_eval,valid_loss,error_rate,seconds,rmse"
    written(folder, f"{columns}\n0,,,4,,4,,,2\n1,0.1,2,2,,2.25,,0.1,1.5")
    curves = read_run(Run(folder))
    assert (curves.regression, curves.guess_error, curves.class_counts, curves.classes) == (True, 2.0, {}, None)
    assert curves.column("error") == [1.5]
    assert curves.before == Epoch(0, train_loss_eval=4, valid_loss=4, error=2)


def test_why_it_failed(tmp_path: Path) -> None:
    curves = read_run(run(tmp_path, status="failed", error={"type": "OSError", "message": "No space left"}))
    assert (curves.status, curves.failure) == ("failed", "OSError: No space left")


@pytest.mark.parametrize("damage", ["", "epoch,lr\n1\n", "\0\0", None])
def test_files_that_are_missing_or_damaged_are_absent(tmp_path: Path, damage: str | None) -> None:
    folder = run(tmp_path).path
    for name in ("history.csv", "steps.csv", "split.csv"):
        (folder / name).unlink()
        if damage is not None:
            written(folder, damage, name)
    curves = read_run(Run(folder))
    assert (curves.epochs, curves.before, curves.steps) == ((), None, ())
    assert (curves.status, curves.planned_epochs) == ("finished", 4)


def test_a_run_that_has_just_claimed_its_folder(tmp_path: Path) -> None:
    written(tmp_path, '{"schema": 1, "status": "running", "jobs": []}', "run.json")
    assert vars(read_any(tmp_path)) == vars(Curves(str(tmp_path), status="running"))


@pytest.mark.parametrize("record", ['{"status": "fin', "[]"])
def test_a_damaged_record_is_said(tmp_path: Path, record: str) -> None:
    written(tmp_path, record, "run.json")
    with pytest.raises(Unreadable, match="is damaged") as refused:
        read_any(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}\n  {tmp_path / 'run.json'} is damaged: ")
    assert str(refused.value).endswith("\n  allowed: a run.json as `experiments fit` writes it")


def test_a_folder_of_runs_without_a_sweep(tmp_path: Path) -> None:
    run(tmp_path / "a", status="running")
    run(tmp_path / "b")
    assert [curves.status for curves in read_all(tmp_path)] == ["running", "finished"]


@pytest.mark.parametrize("words", [["dataset.subset_fraction=0.1", "model.width=4"], ["recipe=line"]])
def test_our_own_history_is_read_as_any_other_would_be(words: list[str], tmp_path: Path) -> None:
    run = fit(compose([*words, "schedule.epochs=3"]), folder=tmp_path / "run", quiet=True)
    path = run.path / "history.csv"
    own, any_other = own_history(path), read_history(path)
    assert own is not None
    assert (own.epochs, own.before, own.regression) == (any_other.epochs, any_other.before, any_other.regression)
    assert [step.loss for step in own_steps(run.path / "steps.csv")] == list(run.steps["train_loss"])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n3,", "\n4,"),
        lambda text: text.replace("error_rate,seconds", "accuracy,seconds"),
        lambda text: text[:-5].rpartition(",")[0],
        lambda text: text.replace("\n1,", "\n1,x"),
        lambda text: "\n".join(line for line in text.splitlines() if not line.startswith("0,")),
    ],
)
def test_what_is_not_quite_ours_is_left_to_the_reader_of_all(change: Callable[[str], str], tmp_path: Path) -> None:
    run = fit(compose(["recipe=line", "schedule.epochs=3"]), folder=tmp_path / "run", quiet=True)
    path = run.path / "history.csv"
    path.write_text(change(path.read_text().replace("\r\n", "\n")))
    assert own_history(path) is None
