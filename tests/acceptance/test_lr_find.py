"""`experiments lr-find`: rates with their evidence, the next command, pictures; and nothing that a training notices."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typing_in import Typed, record, rows, type_in

from experiments.runs.newest import NothingYet, newest

LINE = ("recipe=line", "schedule.epochs=30")
FILES = ["lr_find.csv", "lr_find.json", "lr_find.log", "lr_find.png"]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    return type_in(tmp_path_factory.mktemp("line"), "lr-find", *LINE)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    return type_in(tmp_path_factory.mktemp("digits"), "lr-find", "--json")


def said(done: Typed, label: str) -> str:
    (found,) = [line for line in done.out.splitlines() if line.startswith(label)]
    return found.removeprefix(label).strip()


def test_it_says_three_rates_one_to_begin_with_and_what_to_type(line: Typed) -> None:
    assert (line.code, line.err) == (0, "")
    found = record(line.only, "lr_find.json")
    for words, rule in (("steepest slope", "steepest"), ("valley", "valley"), ("a tenth of the m", "minimum_tenth")):
        assert said(line, words).split()[-1] == f"{found['suggestions'][rule]:.2g}"
    assert said(line, "begin with") == f"{found['suggested']:g}, the middle one of the three"
    assert 0.05 < found["suggested"] < 1.0, "the critical rate is just under 1"
    assert said(line, "try:") == f"experiments fit recipe=line schedule.epochs=30 optimizer.lr={found['suggested']:g}"
    assert said(line, "picture:") == str(line.only.relative_to(line.here) / "lr_find.png")


def test_what_it_says_to_type_is_better_than_a_tenth_of_it(line: Typed, tmp_path: Path) -> None:
    words = shlex.split(said(line, "try:"))[1:]
    done = type_in(tmp_path / "suggested", *words)
    tenth = type_in(tmp_path / "tenth", *words[:-1], f"optimizer.lr={float(words[-1].partition('=')[2]) / 10}")
    final, other = (record(run.only)["metrics"]["final"]["valid_loss"] for run in (done, tenth))
    assert final < other
    assert final < 0.1, "the noise's own is 1/12"


def test_it_leaves_a_table_a_picture_and_a_curve_in_tensorboard(line: Typed) -> None:
    names = sorted(path.name for path in line.only.iterdir() if "tfevents" not in path.name)
    assert names == FILES
    assert line.only.name.endswith("_lr-find")
    table = rows(line.only / "lr_find.csv")
    assert list(table[0]) == ["step", "lr", "loss", "smoothed"]
    assert [float(table[n]["lr"]) for n in (0, 99)] == pytest.approx([1e-7, 10])
    assert (line.only / "lr_find.png").read_bytes().startswith(b"\x89PNG")
    events = EventAccumulator(str(line.only))
    events.Reload()
    assert events.Tags()["images"] == ["lr_find"]
    smoothed = events.Scalars("lr_find/smoothed")
    assert [point.step for point in smoothed] == list(range(1, 101))
    assert smoothed[50].value == pytest.approx(float(table[50]["smoothed"]))


def test_it_is_no_run(line: Typed) -> None:
    with pytest.raises(NothingYet):
        newest(line.here)
    for path in (line.only, line.only / "lr_find.csv"):
        done = type_in(line.here, "diagnose", str(path))
        assert (done.code, done.out) == (1, "")
        assert "is a range test of learning rates, not a training; lr_find.png shows it" in done.err


def test_the_json_document_alone_goes_to_standard_output(digits: Typed) -> None:
    assert (digits.code, digits.err) == (0, "")
    found = json.loads(digits.out)
    assert found == record(digits.only, "lr_find.json")
    assert list(found) == [
        "schema", "phase", "steps", "suggestions", "suggested", "agree", "climbs", "notes", "overrides", "command",
        "folder",
    ]  # fmt: skip
    assert (found["schema"], found["phase"]) == (1, "whole")
    assert found["folder"] == str(digits.only.relative_to(digits.here))
    assert found["overrides"] == [f"optimizer.lr={found['suggested']:g}"]
    assert found["command"] == f"experiments fit {found['overrides'][0]}"
    assert 0.003 <= found["suggested"] <= 0.03, "where four epochs end at 2.2 to 2.7 % error"
    assert len(found["steps"]) > 50, "an epoch has 22 batches"


def test_the_first_losses_are_those_that_fit_begins_with(digits: Typed, tmp_path: Path) -> None:
    """Same seed, same batches, same dropout: at rates this small the network is the one that fit starts from."""
    done = type_in(tmp_path, "fit", "schedule.epochs=1", "schedule=constant", "optimizer.lr=1e-7")
    trained = [float(row["train_loss"]) for row in rows(done.only / "steps.csv")][:5]
    assert [step["loss"] for step in json.loads(digits.out)["steps"]][:5] == pytest.approx(trained, rel=1e-4)


def test_losses_that_are_not_finite_are_null(tmp_path: Path) -> None:
    done = type_in(tmp_path, "lr-find", "recipe=line", "dataset.slope=1e6", "dataset.noise_width=1e6", "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert not any(isinstance(v, float) and not math.isfinite(v) for step in found["steps"] for v in step.values())


def test_a_flat_curve_suggests_nothing(tmp_path: Path) -> None:
    done = type_in(tmp_path, "lr-find", "dataset.batch_size=2")
    found = record(done.only, "lr_find.json")
    assert (done.code, found["suggested"], found["command"], found["overrides"]) == (0, None, None, [])
    assert set(found["suggestions"].values()) == {None}
    assert done.out.startswith("The curve is flat: ")
    assert "begin with" not in done.out
    assert "try:" not in done.out


def test_an_experiment_is_spelt_out_in_the_next_command(tmp_path: Path) -> None:
    done = type_in(tmp_path, "lr-find", "experiment=learning_rate_too_high", "recipe=digits", "hydra.run.dir=mine")
    words = shlex.split(said(done, "try:"))
    assert words[:2] == ["experiments", "fit"]
    assert not [word for word in words if word.startswith(("experiment=", "hydra.", "optimizer.lr=0.5"))]
    assert type_in(tmp_path, *words[1:], "--dry-run").code == 0
    assert sorted(path.name for path in (tmp_path / "mine").iterdir() if "tfevents" not in path.name) == FILES


def test_a_folder_that_holds_one_is_refused(tmp_path: Path) -> None:
    words = ("lr-find", "recipe=line", "hydra.run.dir=mine")
    assert type_in(tmp_path, *words).code == 0
    again = type_in(tmp_path, *words)
    assert (again.code, again.out) == (2, "")
    assert "mine already holds" in again.err


def test_the_job_is_shown_and_nothing_tested(tmp_path: Path) -> None:
    done = type_in(tmp_path, "lr-find", "recipe=line", "--cfg", "job")
    assert done.code == 0
    assert "optimizer:\n  _target_: torch.optim.SGD\n  lr: 0.1\n" in done.out
    assert not list(tmp_path.iterdir())


ONE = "the range test is of one configuration, and this is a sweep; fit trains its jobs side by side"
NO_BODY = "the model has no body that could be frozen or unfrozen: there is one phase, with every layer trained"
REFUSED = [
    ("-m seed=1,2", "-m", ONE, "experiments fit -m seed=1,2"),
    ("seed=1,2", "seed=1,2", ONE, "experiments fit -m seed=1,2"),
    ("sweep=epochs", "sweep=epochs", ONE, "experiments fit sweep=epochs"),
    ("recipe=line --phase frozen", "--phase frozen", NO_BODY, "experiments lr-find"),
    ("recipe=line --phase unfrozen", "--phase unfrozen", NO_BODY, "experiments lr-find"),
    ("lr=1", "lr=1", "there is no key lr", "optimizer.lr=1"),
    (
        "--phase melted",
        "experiments lr-find",
        "argument --phase: invalid choice: 'melted' (choose from 'frozen', 'unfrozen')",
        "experiments lr-find --help",
    ),
]


@pytest.mark.parametrize(("words", "subject", "wrong", "instead"), REFUSED, ids=lambda value: value[:20])
def test_what_is_refused_leaves_nothing_behind(
    words: str, subject: str, wrong: str, instead: str, tmp_path: Path
) -> None:
    done = type_in(tmp_path, "lr-find", *words.split())
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: 1 mistake, nothing was trained\n\n  {subject}\n    {wrong}\n    try: {instead}\n"
    assert not list(tmp_path.iterdir())


def test_a_network_that_fails_is_one_message_and_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of breath")

    monkeypatch.setattr("experiments.training.module.SupervisedModule.training_step", fail)
    done = type_in(tmp_path, "lr-find", *LINE)
    assert (done.code, done.out) == (1, "")
    log = done.only.relative_to(tmp_path) / "lr_find.log"
    assert done.err == f"error: the range test failed: RuntimeError: out of breath\n{log} has the traceback\n"
    assert "Traceback" in (tmp_path / log).read_text()


def test_ctrl_c_is_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.training.module.SupervisedModule.training_step", interrupt)
    done = type_in(tmp_path, "lr-find", *LINE)
    assert (done.code, done.out, done.err) == (130, "", "interrupted\n")
