"""What a newcomer types first, and what that leaves."""

from __future__ import annotations

import re
from pathlib import Path

from typing_in import Typed, record, rows, type_in


def test_fit_alone_makes_less_than_five_errors_in_a_hundred(newcomer: Typed) -> None:
    assert newcomer.code == 0
    run = record(newcomer.only)
    assert run["status"] == "finished"
    assert run["metrics"]["final"]["error_rate"] < 0.05
    assert run["metrics"]["final"]["epoch"] == 4
    assert run["expect"]["answer"] == "confirmed"
    assert run["error"] is None


def test_every_file_of_the_contract_is_there(newcomer: Typed) -> None:
    folder = newcomer.only
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", folder.name)
    for name in (
        "run.json",
        "history.csv",
        "steps.csv",
        "predictions.csv",
        "split.csv",
        "fit.log",
        ".hydra/config.yaml",
    ):
        assert (folder / name).stat().st_size > 0, name
    assert (folder / "model" / "model.safetensors").stat().st_size > 95_242 * 4
    assert len(list(folder.glob("events.out.tfevents.*"))) == 1
    assert not (folder / "checkpoints").exists()
    history = "epoch,lr,train_loss,train_loss_eval,train_error_rate_eval,valid_loss,error_rate,seconds"
    assert (folder / "history.csv").read_text().splitlines()[0] == history
    assert [row["epoch"] for row in rows(folder / "history.csv")] == ["0", "1", "2", "3", "4"]
    assert (folder / "steps.csv").read_text().startswith("step,epoch,lr,train_loss,grad_norm")
    assert len(rows(folder / "steps.csv")) == 4 * 22
    assert len(rows(folder / "predictions.csv")) == 360
    assert len(rows(folder / "split.csv")) == 1797


def test_the_table_and_the_result_go_to_standard_output(newcomer: Typed) -> None:
    run, folder = record(newcomer.only), newcomer.only.relative_to(newcomer.here)
    lines = newcomer.out.splitlines()
    assert lines[0].split() == ["epoch", "train_loss", "train_loss_eval", "valid_loss", "error_rate", "seconds"]
    assert [line.split()[0] for line in lines[1:6]] == ["0", "1", "2", "3", "4"]
    assert f"error rate {run['metrics']['final']['error_rate']:.1%} after epoch 4" in newcomer.out
    assert "expected error_rate < 0.15 * guessing: confirmed\n" in newcomer.out
    assert f"run: {folder}\n" in newcomer.out
    assert f"look: tensorboard --logdir {folder}\n" in newcomer.out


def test_what_is_going_on_goes_to_standard_error(newcomer: Typed) -> None:
    assert newcomer.err == (
        "data      1437 training, 360 validation images of 1 x 8 x 8, 10 classes\n"
        "model     SmallCNN, 95,242 parameters, 95,242 of them trained\n"
        "training  AdamW at 0.003, OneCycle, 4 epochs of 22 steps\n"
    )
    assert "\x1b" not in newcomer.out
    log = (newcomer.only / "fit.log").read_text()
    assert "`Trainer.fit` stopped: `max_epochs=4` reached." in log
    assert "Tip:" not in log


def test_the_line_ends_at_least_squares(tmp_path: Path) -> None:
    done = type_in(tmp_path, "fit", "recipe=line")
    assert done.code == 0
    coefficients = record(done.only)["coefficients"]
    assert len(coefficients["fitted"]) == 2
    for fitted, exact in zip(coefficients["fitted"], coefficients["least_squares"], strict=True):
        assert abs(fitted - exact) < 1e-2
    # The data are drawn around 3 x + 2, so that is where least squares lies too, give or take the noise.
    assert abs(coefficients["least_squares"][0] - 3) < 0.2
    assert abs(coefficients["least_squares"][1] - 2) < 0.2
    final = rows(done.only / "history.csv")[-1]
    assert final["error_rate"] == ""
    assert 0.2 < float(final["rmse"]) < 0.4
    assert re.search(r"^coefficients \S+, \S+; least squares \S+, \S+$", done.out, re.MULTILINE)


def test_two_runs_of_the_same_second_have_a_folder_each(tmp_path: Path) -> None:
    # A fixed folder stands for the second: it is what the default pattern gives both of them.
    (tmp_path / "mine" / "logger").mkdir(parents=True)
    (tmp_path / "mine" / "fit.yaml").write_text(
        "defaults: [_self_, recipe: line, experiment: good, sweep: null, "
        "override hydra/job_logging: none, override hydra/hydra_logging: none]\n"
        "name: null\nseed: 42\nkeep_checkpoint: false\n"
        "hydra: {run: {dir: outputs/the_same_second}, job: {name: fit}}\n"
    )
    for _ in range(2):
        done = type_in(tmp_path, "fit", "--config-dir", "mine", "schedule.epochs=1")
        assert done.code == 0
    assert sorted(path.name for path in (tmp_path / "outputs").iterdir()) == ["the_same_second", "the_same_second_2"]
    assert "run: outputs/the_same_second_2\n" in done.out
    for folder in (tmp_path / "outputs").iterdir():
        assert len(rows(folder / "history.csv")) == 2
