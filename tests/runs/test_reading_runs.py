"""`Run` and `Sweep` read what is on disk, say what a wrong path is, and import nothing heavy."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.runs.files import write_csv, write_json
from experiments.runs.run import NotARun, Run
from experiments.runs.sweep import NotASweep, Sweep

HISTORY = [
    "epoch", "lr", "train_loss", "train_loss_eval", "train_error_rate_eval", "valid_loss", "error_rate",
    "seconds",
]  # fmt: skip


def make_run(folder: Path, status: str = "finished", error: float = 0.1, loss: float = 0.3, **more: Any) -> Path:
    folder.mkdir(parents=True)
    final = {"epoch": 2, "valid_loss": loss, "error_rate": error}
    metrics = {"final": final, "best": {**final, "epoch": 1, "error_rate": error / 2}}
    record = {"status": status, "metrics": metrics, "data": {"kind": "classification"}, "seconds": 4.5}
    write_json(folder / "run.json", {**record, **more})
    rows = [[0, None, None, 2.4, 0.9, 2.5, 0.9, None], [1, 0.1, 0.5, math.inf, 0.2, math.nan, 0.2, 2.0]]
    write_csv(folder / "history.csv", HISTORY, [*rows, [2, 0.01, 0.3, 0.25, 0.1, loss, error, 2.0]])
    return folder


def make_sweep(folder: Path, values: list[str], key: str = "optimizer.lr") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [{"folder": f"{key}={v}", "overrides": [], "swept": {key: v}, "status": "planned"} for v in values]
    write_json(folder / "sweep.json", {"name": "rates", "jobs": jobs})
    return folder


def test_a_run_reads_its_history_with_what_is_missing_and_not_finite(tmp_path: Path) -> None:
    run = Run(make_run(tmp_path / "good"))
    assert (run.name, run.status, run.metrics["best"]["epoch"]) == ("good", "finished", 1)
    assert list(run.history) == HISTORY
    assert run.history["epoch"].tolist() == [0, 1, 2]
    assert run.history["train_loss_eval"].tolist() == [2.4, math.inf, 0.25]
    assert run.history["lr"].isna().tolist() == [True, False, False]
    assert repr(run) == f"Run('{tmp_path / 'good'}': finished, epoch 2, valid_loss 0.3, error_rate 0.1)"


def test_class_names_stay_texts_and_targets_become_numbers(tmp_path: Path) -> None:
    columns = ["path", "sha256", "label", "predicted", "probability", "loss"]
    row = ["1.png", "00", "7", "NA", 0.5, math.inf]
    run = Run(make_run(tmp_path / "digits"))
    write_csv(run.path / "predictions.csv", columns, [row])
    assert run.predictions.iloc[0].tolist() == row
    line = Run(make_run(tmp_path / "line", data={"kind": "regression"}))
    write_csv(line.path / "predictions.csv", columns, [["1", "00", 7.5, 7.25, None, 0.25]])
    assert line.predictions["predicted"].tolist() == [7.25]


def test_a_table_that_is_not_written_yet_is_empty(tmp_path: Path) -> None:
    run = Run(make_run(tmp_path / "running", status="running"))
    assert list(run.steps) == ["step", "epoch", "lr", "train_loss", "grad_norm"]
    assert len(run.split) == 0
    assert run.diagnosis is None


def test_a_wrong_path_is_told_what_it_is_and_what_is_near(tmp_path: Path) -> None:
    run = make_run(tmp_path / "outputs" / "good")
    with pytest.raises(NotARun) as told:
        Run(tmp_path / "outputs" / "goood")
    assert str(told.value) == (
        f"{tmp_path}/outputs/goood does not exist.\n"
        "A run's folder holds run.json, history.csv and model/; `experiments fit` makes one.\n"
        f"Nearest:\n  {run}"
    )
    with pytest.raises(NotARun, match=r"is a folder without run.json(.|\n)*outputs/good$"):
        Run(tmp_path)
    with pytest.raises(NotARun, match=r"is a file, not a folder(.|\n)*outputs/good$"):
        Run(run / "history.csv")
    (run / "run.json").write_text("{")
    with pytest.raises(NotARun, match=r"run.json is damaged: Expecting"):
        _ = Run(run).status


def test_a_sweep_given_for_a_run_names_its_runs_and_the_other_way_round(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", ["0.1"])
    with pytest.raises(NotARun, match="is a sweep, and none of its runs has started yet"):
        Run(sweep)
    run = make_run(sweep / "optimizer.lr=0.1")
    with pytest.raises(NotARun, match=rf"is a sweep, not a run.(.|\n)*Its runs:\n  {run}$"):
        Run(sweep)
    with pytest.raises(NotASweep, match=rf"is a run, not a sweep.(.|\n)*belongs to the sweep:\n  {sweep}$"):
        Sweep(run)
    with pytest.raises(NotASweep, match=r"does not exist(.|\n)*fit sweep=NAME"):
        Sweep(tmp_path / "nowhere")


def test_the_table_puts_the_best_first_and_what_did_not_finish_last(tmp_path: Path) -> None:
    values = ["6", "5", "4", "3", "2", "1", "0.5"]
    sweep = Sweep(make_sweep(tmp_path, values))
    make_run(tmp_path / "optimizer.lr=5", "interrupted", error=0.0)
    make_run(tmp_path / "optimizer.lr=4", "failed", error=0.0)
    make_run(tmp_path / "optimizer.lr=3", "diverged", error=0.0)
    make_run(tmp_path / "optimizer.lr=2", error=0.1, loss=0.5)
    make_run(tmp_path / "optimizer.lr=1", error=0.1, loss=0.4)
    make_run(tmp_path / "optimizer.lr=0.5", error=0.2, loss=0.1, expect={"answer": "refuted"})
    table = sweep.table()
    assert table["optimizer.lr"].tolist() == [1, 2, 0.5, 3, 4, 5, 6]
    assert table["status"].tolist()[2:] == ["finished", "diverged", "failed", "interrupted", "planned"]
    best = table.iloc[0]
    assert (best["run"], best["folder"]) == ("optimizer.lr=1", str(tmp_path / "optimizer.lr=1"))
    assert (best["epochs"], best["best_epoch"], best["seconds"]) == (2, 1, 4.5)
    assert (best["train_loss_eval"], best["best_error_rate"]) == (0.25, 0.05)
    assert table["expect"].tolist() == ["", "", "refuted", "", "", "", ""]
    assert sweep.runs[0].name == "optimizer.lr=5"  # as planned, not as ranked


def test_the_table_grows_while_the_sweep_runs(tmp_path: Path) -> None:
    sweep = Sweep(make_sweep(tmp_path, ["0.1", "0.2"]))
    assert sweep.table()["status"].tolist() == ["planned", "planned"]
    started = {"metrics": None, "expect": None, "seconds": None}
    make_run(tmp_path / "optimizer.lr=0.2", "running", **started)
    table = sweep.table()
    assert table["status"].tolist() == ["running", "planned"]
    assert table["error_rate"].isna().all()
    assert repr(sweep) == f"Sweep('{tmp_path}': rates, 0 of 2 jobs finished)"


def test_a_regression_is_ranked_by_rmse(tmp_path: Path) -> None:
    sweep = Sweep(make_sweep(tmp_path, ["1", "2"], "model.degree"))
    for value, rmse in (("1", 0.5), ("2", 0.25)):
        final = {"epoch": 2, "valid_loss": rmse**2, "rmse": rmse}
        record = {"data": {"kind": "regression"}, "metrics": {"final": final, "best": final}}
        make_run(tmp_path / f"model.degree={value}", **record)
    assert sweep.table()["rmse"].tolist() == [0.25, 0.5]
    assert "error_rate" not in sweep.table()


def test_reading_the_numbers_of_a_sweep_imports_nothing_heavy(tmp_path: Path) -> None:
    make_run(make_sweep(tmp_path, ["1"]) / "optimizer.lr=1")
    code = (
        "import sys; from experiments.runs.sweep import Sweep; from experiments.reports import table, curves;"
        "assert Sweep(sys.argv[1]).rows()[0]['error_rate'] == 0.1;"
        "print({'torch', 'pandas', 'numpy', 'matplotlib', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
