"""The table in the terminal and runs.csv."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import fake_sweeps
import pytest
from rich.console import Console

from experiments.reports import wording
from experiments.reports.table import runs_csv, sweep_table
from experiments.runs.files import write_json
from experiments.runs.sweep import Sweep


def printed(sweep: Sweep) -> str:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(sweep_table(sweep))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_five_experiments_fit_80_columns_unfolded(tmp_path: Path) -> None:
    lines = printed(Sweep(fake_sweeps.lesson(tmp_path))).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if "%" in line] == [
        "good", "too_many_epochs", "too_few_epochs", "learning_rate_too_low", "learning_rate_too_high",
    ]  # fmt: skip
    good = next(line for line in lines if line.startswith("good"))
    assert good.split() == ["good", "4", "0.054", "0.086", "2.4%", "confirmed", "10.0", "s"]


def test_what_did_not_finish_says_why(tmp_path: Path) -> None:
    text = printed(Sweep(fake_sweeps.with_failures(tmp_path)))
    words = " ".join(text.split())
    assert "failed: RuntimeError: dropout probability has to be between 0" in words
    assert "but got 2" not in words  # one line of the error
    assert [word for word in words.split() if word in ("diverged", "interrupted", "planned")] == [
        "diverged", "interrupted", "planned",
    ]  # fmt: skip
    assert "expected" not in text


def test_markup_in_an_error_is_printed_as_it_is(tmp_path: Path) -> None:
    folder = fake_sweeps.with_failures(tmp_path)
    error = {"type": "KeyError", "message": "[bold]x[/nope]"}
    write_json(folder / "model.dropout=2" / "run.json", {"status": "failed", "error": error})
    assert "[bold]x[/nope]" in printed(Sweep(folder))


def test_a_regression_shows_rmse(tmp_path: Path) -> None:
    text = printed(Sweep(fake_sweeps.regression(tmp_path)))
    assert "rmse" in text
    assert "%" not in text


def test_runs_csv_has_a_row_a_job(tmp_path: Path) -> None:
    sweep = Sweep(fake_sweeps.with_failures(tmp_path))
    verdict = {"schema": 1, "runs": [{"verdict": "healthy"}], "sweep": None}
    write_json(tmp_path / "seed=1" / "diagnosis.json", verdict)
    runs_csv(sweep, tmp_path / "runs.csv")
    rows = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
    assert ",".join(rows[0]) == (
        "folder,seed,model.dropout,optimizer.lr,status,epochs,train_loss_eval,valid_loss,"
        "error_rate,best_error_rate,best_epoch,verdict,expect,seconds,error"
    )
    assert [row["folder"] for row in rows] == [
        "seed=1", "optimizer.lr=30", "model.dropout=2", "seed=2", "seed=3",
    ]  # fmt: skip
    best, failed, waiting = rows[0], rows[2], rows[4]
    assert (best["seed"], best["model.dropout"], best["epochs"], best["verdict"]) == ("1", "", "4", "healthy")
    assert float(best["error_rate"]) == sweep.runs[0].metrics["final"]["error_rate"]
    assert failed["error"].startswith("RuntimeError: dropout")
    assert (waiting["status"], waiting["error_rate"], waiting["seconds"]) == ("planned", "", "")


@pytest.mark.parametrize(
    ("say", "value", "said"),
    [
        (wording.duration, 8.44, "8.4 s"),
        (wording.duration, 200, "3m 20s"),
        (wording.duration, 3599.9, "1h 00m"),
        (wording.duration, 7500, "2h 05m"),
        (wording.loss, 0.08649, "0.086"),
        (wording.loss, 123456.0, "1.2e+05"),
        (wording.loss, float("nan"), "-"),
        (wording.loss, float("inf"), "inf"),
        (wording.percent, 0.0222, "2.2%"),
        (wording.epochs, 4, "4"),
    ],
)
def test_numbers_read_well(say: Callable[[float], str], value: float, said: str) -> None:
    assert say(value) == said
