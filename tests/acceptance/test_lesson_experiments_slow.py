"""The five lesson experiments on real digits, as `make run` trains them. Slow: some sixty epochs are trained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from typing_in import Typed, record, rows

from experiments import Sweep
from experiments.reports.summary import print_sweep

EXPERIMENTS = ["good", "learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "too_many_epochs"]


def test_all_five_show_what_they_were_declared_to_show(lesson: Typed) -> None:
    assert lesson.code == 0
    found = {row["experiment"]: row for row in rows(lesson.only / "runs.csv")}
    assert sorted(found) == EXPERIMENTS
    assert {name: row["expect"] for name, row in found.items()} == dict.fromkeys(EXPERIMENTS, "confirmed")
    named = {name: row["verdict"] for name, row in found.items()}
    # Forty epochs on a tenth of the images are no overfitting by the outcome, whatever the setting looks like.
    assert named == {name: name for name in EXPERIMENTS} | {"good": "healthy", "too_many_epochs": "healthy"}
    assert {row["status"] for row in found.values()} == {"finished"}
    assert {row["error"] for row in found.values()} == {""}
    assert [found[name]["epochs"] for name in EXPERIMENTS] == ["4", "4", "5", "1", "40"]
    error = {name: float(row["error_rate"]) for name, row in found.items()}
    assert error["good"] < 0.05 < error["too_many_epochs"]
    assert min(error["learning_rate_too_high"], error["learning_rate_too_low"]) > 0.5
    assert error["good"] < error["too_few_epochs"] < 0.5


def test_runs_csv_is_best_first_and_names_folders_that_are_there(lesson: Typed) -> None:
    found = rows(lesson.only / "runs.csv")
    errors = [float(row["error_rate"]) for row in found]
    assert errors == sorted(errors)
    assert found[0]["folder"] == "good"
    for row in found:
        final = record(lesson.only / row["folder"])["metrics"]["final"]
        assert float(row["error_rate"]) == final["error_rate"]
        assert float(row["valid_loss"]) == final["valid_loss"]


def test_sweep_json_has_the_jobs_in_the_order_in_which_they_ran(lesson: Typed) -> None:
    sweep = record(lesson.only, "sweep.json")
    assert (sweep["name"], sweep["status"]) == ("what_can_go_wrong", "finished")
    assert [job["folder"] for job in sweep["jobs"]] == EXPERIMENTS
    assert {job["status"] for job in sweep["jobs"]} == {"finished"}
    assert [job["overrides"][0] for job in sweep["jobs"]] == [f"experiment={name}" for name in EXPERIMENTS]
    for job in sweep["jobs"]:
        run = record(lesson.only / job["folder"])
        assert job["config_hash"] == run["config_hash"]
        assert job["overrides"] == run["overrides"]
    assert len({job["config_hash"] for job in sweep["jobs"]}) == 5
    assert sweep["configuration"]["optimizer"]["lr"] == 0.003


def test_every_run_saw_the_same_held_out_images(lesson: Typed) -> None:
    runs = [record(lesson.only / name) for name in EXPERIMENTS]
    assert {run["data"]["valid_size"] for run in runs} == {360}
    assert [run["data"]["train_size"] for run in runs[:4]] == [1437] * 4
    assert 130 < runs[4]["data"]["train_size"] < 160
    held_out = [
        sorted(row["path"] for row in rows(lesson.only / name / "split.csv") if row["split"] == "valid")
        for name in ("good", "too_many_epochs")
    ]
    assert held_out[0] == held_out[1]
    assert len(held_out[0]) == 360


def test_the_picture_is_a_picture(lesson: Typed) -> None:
    with Image.open(lesson.only / "curves.png") as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 300
        assert len(picture.convert("RGB").getcolors(maxcolors=2**20) or ()) > 50


def test_the_table_goes_to_standard_output_best_first_and_progress_to_standard_error(lesson: Typed) -> None:
    named = [line.split()[0] for line in lesson.out.splitlines() if line.split() and line.split()[0] in EXPERIMENTS]
    assert named == [row["experiment"] for row in rows(lesson.only / "runs.csv")]
    assert lesson.out.count("confirmed") == 5
    folder = lesson.only.relative_to(lesson.here)
    assert lesson.out.splitlines()[-4:] == [
        f"picture: {folder}/curves.png",
        f"table: {folder}/runs.csv",
        f"report: {folder}/report.html",
        f"look: tensorboard --logdir {folder}",
    ]
    said = lesson.err.splitlines()
    assert said[0] == f"sweep what_can_go_wrong: 5 jobs below {folder}"
    assert [line.split(":")[0] for line in said[1:]] == [f"[{n}/5] {name}" for n, name in enumerate(EXPERIMENTS, 1)]
    assert all(re.search(r": finished, valid_loss \S+, error_rate \S+ \(\d+\.\d s\)$", line) for line in said[1:])


def test_without_a_terminal_there_is_no_escape_code(lesson: Typed) -> None:
    assert "\x1b" not in lesson.out + lesson.err


def test_colour_on_a_terminal_and_none_with_no_color(
    lesson: Typed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_sweep(Sweep(lesson.only))
    assert len(colour.findall(capsys.readouterr().out)) >= 5
    monkeypatch.setenv("NO_COLOR", "1")
    print_sweep(Sweep(lesson.only))
    assert colour.findall(capsys.readouterr().out) == []


def test_what_differs_is_in_the_folder_names_and_nothing_else_is_there(lesson: Typed) -> None:
    assert sorted(path.name for path in lesson.only.iterdir()) == sorted(
        [*EXPERIMENTS, "sweep.json", "runs.csv", "diagnosis.json", "curves.png", "report.html"]
    )
    assert [path.name for path in lesson.here.iterdir()] == ["multirun"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", lesson.only.name)
    assert lesson.only.parent == Path(lesson.here, "multirun", "what_can_go_wrong")
