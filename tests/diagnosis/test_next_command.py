"""The command that is printed can be typed, and trains what the advice means."""

import json
import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from trainings import good, training

from experiments.config.composition import Composer
from experiments.config.examination import Examined, examine
from experiments.config.variation import written
from experiments.diagnosis.commands import next_command, next_overrides
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.report import diagnose
from experiments.runs.newest import NothingYet, newest
from experiments.sweeps.plan import make_plan


def made_by(*overrides: str, **more: Any) -> Curves:
    return training(own=True, overrides=overrides, **more)


def test_the_advised_setting_takes_the_place_of_the_runs_own() -> None:
    curves = made_by("model.width=8", "optimizer.lr=0.1", "seed=3")
    assert next_overrides(curves, ["optimizer.lr=0.01"]) == ["model.width=8", "seed=3", "optimizer.lr=0.01"]
    command = next_command(curves, ["optimizer.lr=0.01", "schedule=one_cycle"])
    assert command == "experiments fit model.width=8 seed=3 optimizer.lr=0.01 schedule=one_cycle"
    assert next_overrides(made_by("+optimizer.lr=0.1", "~seed"), ["optimizer.lr=1", "seed=1"]) == [
        "optimizer.lr=1", "seed=1",
    ]  # fmt: skip


def test_a_key_that_begins_like_the_advised_one_stays() -> None:
    curves = made_by("optimizer=sgd", "optimizer.lr_decay=2", "optimizer.lr=0.1")
    assert next_overrides(curves, ["optimizer.lr=0.01"]) == [
        "optimizer=sgd", "optimizer.lr_decay=2", "optimizer.lr=0.01",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "inherited",
    ["hydra.run.dir=mine", "+hydra.x=1", "sweep=learning_rate", "experiment=good", "expect=null", "name=mine",
     "expect.error_rate='< 0.1'"],
)  # fmt: skip
def test_what_a_next_run_must_not_inherit_is_dropped(inherited: str) -> None:
    assert next_command(made_by(inherited, "seed=1"), ["optimizer.lr=1"]) == "experiments fit seed=1 optimizer.lr=1"


def test_what_a_shell_would_take_apart_is_quoted() -> None:
    root = "dataset.root='/mine/my pictures (1)'"
    command = next_command(made_by("dataset=folder", root, "optimizer.betas=[0.9,0.99]"), ["optimizer.lr=1"])
    assert command is not None
    words = ["experiments", "fit", "dataset=folder", root, "optimizer.betas=[0.9,0.99]", "optimizer.lr=1"]
    assert shlex.split(command) == words
    assert command != " ".join(words)


def test_the_folder_of_the_users_own_files_is_kept() -> None:
    command = next_command(made_by("seed=1", config_dir="/mine/my conf"), ["optimizer.lr=1"])
    assert command == "experiments fit --config-dir '/mine/my conf' seed=1 optimizer.lr=1"


@pytest.mark.parametrize(
    ("advised", "many"),
    [("optimizer.lr=0.1,0.3", True), ("optimizer.lr=0.1", False), ("optimizer.betas=[0.9,0.99]", False)],
)
def test_a_list_of_values_is_a_sweep(advised: str, many: bool) -> None:
    command = next_command(made_by("seed=1"), [advised])
    assert command is not None
    assert (" -m " in command) == many
    assert command.startswith("experiments fit -m " if many else "experiments fit seed")


def test_without_advice_or_for_a_strangers_training_there_is_no_command() -> None:
    assert next_command(made_by("seed=1"), []) is None
    assert next_command(training(own=False), ["optimizer.lr=1"]) is None


def test_a_diagnosis_carries_the_command_of_its_headline() -> None:
    found = diagnose(good(overrides=("seed=1", "schedule.epochs=4")))
    (override,) = found.findings[0].overrides
    assert found.command == f"experiments fit seed=1 {override}"
    assert found.as_json()["command"] == found.command


# A run's configuration, spelt out, without the experiment that insists on its own values.


def plain(examined: Examined) -> dict[str, Any]:
    """The configuration without what it is expected to show."""
    return {key: value for key, value in examined.configuration.items() if key not in ("expect", "name", "fits")}


OURS = Composer()
"""Reading the files is most of composing; a composer reads each once."""


def recomposed(overrides: list[str], config_dir: Path | None = None) -> Examined:
    """The variation of these overrides composes to the same configuration; returns what they compose to."""
    composer = OURS if config_dir is None else Composer(str(config_dir))
    first = examine(composer, overrides)
    assert not any(text.startswith(("experiment", "sweep", "expect")) for text in first.variation), first.variation
    keys = [text.lstrip("+~").partition("=")[0] for text in first.variation]
    assert len(keys) == len(set(keys)), first.variation
    again = examine(composer, first.variation)
    assert plain(again) == plain(first)
    return first


SHIPPED = OURS.options("experiment")


@pytest.mark.parametrize("more", [["seed=7"], ["optimizer=sgd", "model.width=8"]])
@pytest.mark.parametrize("name", SHIPPED)
def test_the_variation_of_each_shipped_experiment_is_the_same_configuration(name: str, more: list[str]) -> None:
    recomposed([f"experiment={name}", *more])


@pytest.mark.parametrize("name", SHIPPED)
def test_after_its_variation_any_key_may_be_overridden(name: str) -> None:
    examined = recomposed([f"experiment={name}"])
    curves = made_by(*examined.variation)
    following = examine(OURS, next_overrides(curves, ["optimizer.lr=0.007", "schedule.epochs=9"]))
    assert following.configuration["optimizer"]["lr"] == 0.007
    assert following.configuration["schedule"]["epochs"] == 9
    theirs = plain(examined)
    theirs["optimizer"]["lr"], theirs["schedule"]["epochs"] = 0.007, 9
    assert plain(following) == theirs


@pytest.mark.parametrize("recipe", ["digits", "line"])
def test_the_variation_of_a_recipe_alone_is_what_was_typed(recipe: str) -> None:
    assert recomposed([f"recipe={recipe}", "optimizer.lr=0.01"]).variation == [f"recipe={recipe}", "optimizer.lr=0.01"]


@pytest.mark.parametrize("sweep", ["what_can_go_wrong", "learning_rate", "epochs"])
def test_the_variation_of_each_job_of_a_sweep_is_that_jobs_configuration(sweep: str) -> None:
    jobs = make_plan(OURS, [f"sweep={sweep}", "seed=5"]).jobs
    assert len(jobs) > 3
    for job in jobs:
        again = examine(OURS, job.examined.variation)
        assert plain(again) == plain(job.examined), job.name
        assert not any(text.startswith(("sweep=", "experiment=", "hydra")) for text in job.examined.variation)


OWN = """
# @package _global_
# Values of every kind.
defaults:
  - override /optimizer: adamw
  - override /schedule: one_cycle
  - override /dataset: folder
optimizer: {lr: 1e-4, betas: [0.9, 0.95]}
schedule: {momentum: [0.9, 0.8], epochs: 2}
dataset: {root: "/pictures/it's (mine), too", augment: none, batch_size: all}
seed: null
"""


def test_lists_texts_null_and_a_picked_group_survive(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "odd.yaml").write_text(OWN)
    examined = recomposed(["experiment=odd", "model.width=8"], tmp_path)
    assert examined.configuration["optimizer"]["betas"] == [0.9, 0.95]
    assert examined.configuration["dataset"]["root"] == "/pictures/it's (mine), too"
    assert examined.configuration["seed"] is None
    for expected in ("dataset=folder", "optimizer=adamw", "schedule=one_cycle", "seed=null", "model.width=8"):
        assert expected in examined.variation
    assert "optimizer.betas=[0.9,0.95]" in examined.variation


def test_the_printed_command_of_such_a_run_composes(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "odd.yaml").write_text(OWN)
    examined = recomposed(["experiment=odd"], tmp_path)
    command = next_command(made_by(*examined.variation, config_dir=str(tmp_path)), ["optimizer.lr=0.02"])
    assert command is not None
    words = shlex.split(command)
    assert words[:4] == ["experiments", "fit", "--config-dir", str(tmp_path)]
    following = examine(Composer(str(tmp_path)), words[4:])
    assert following.configuration["optimizer"] == examined.configuration["optimizer"] | {"lr": 0.02}
    assert following.configuration["dataset"] == examined.configuration["dataset"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (False, "false"), (3, "3"), (1e-5, "1e-05"), (0.5, "0.5"), ("adam", "adam"),
        ("a b", "'a b'"), ("it's", r"'it\'s'"), ("< 0.05", "'< 0.05'"), ([0.9, None, "a,b"], "[0.9,null,'a,b']"),
    ],
)  # fmt: skip
def test_values_are_written_in_hydras_grammar(value: object, text: str) -> None:
    assert written(value) == text
    assert OURS.parse(f"key={text}").value() == value


@pytest.mark.parametrize("text", ["null", "true", "5", "1e-3", "nan", ""])
def test_a_text_that_looks_like_something_else_stays_a_text(text: str) -> None:
    assert OURS.parse(f"key={written(text)}").value() == text


ODD: list[object] = [
    "C:\\data\\digits", "C:\\data\\", "\\", "\\\\", "it's", "it\\'s", "\\'", 'say "so"', "a'b\"c\\", "a,b=c",
    "{x}", "[x]", " x ",
    {"a": 1, "b": "C:\\x\\"}, {"a": {"b": [1, None, "c d"]}}, {}, [], [{"a": 1}, {"b": "it's"}], [[1, 2], ["a b"]],
    "a\tb", "${x}", "$x", "ä ö", "+1", "1_000", "1e5", "a:b", "#",
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_what_is_written_is_read_back_the_same(value: object) -> None:
    assert OURS.parse(f"key={written(value)}").value() == value


def test_a_relative_folder_of_images_is_absolute_in_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = ["dataset=folder", "dataset.root=my/pictures"]
    assert f"dataset.root={written(str(tmp_path / 'my/pictures'))}" in examine(OURS, typed).variation
    elsewhere = examine(OURS, ["dataset=folder", "dataset.root=/my/pictures"]).variation
    assert "dataset.root=/my/pictures" in elsewhere


# The newest run or sweep.


def begun(folder: Path, seconds: int, record: str = "run.json") -> Path:
    """A run or a sweep that began at this time, and whose record was written long after."""
    folder.mkdir(parents=True)
    started = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    (folder / record).write_text(json.dumps({"started": started}))
    os.utime(folder / record, (20_000 - seconds, 20_000 - seconds))
    return folder


def test_the_newest_run_is_the_one_that_began_last(tmp_path: Path) -> None:
    begun(tmp_path / "outputs" / "b", 5000)
    last = begun(tmp_path / "outputs" / "a", 5500)
    assert newest(tmp_path) == last


def test_the_newest_of_both_places_without_the_runs_of_a_sweep(tmp_path: Path) -> None:
    run = begun(tmp_path / "outputs" / "a", 5000)
    sweep = begun(tmp_path / "multirun" / "learning_rate" / "b", 5500, "sweep.json")
    begun(sweep / "optimizer.lr=0.1", 9000)
    assert newest(tmp_path) == sweep
    later = begun(tmp_path / "outputs" / "c", 6000)
    assert newest(tmp_path) == later
    assert run != later


def test_a_sweep_that_still_runs_is_as_old_as_its_beginning(tmp_path: Path) -> None:
    """sweep.json is written anew with each job: a run that began after the sweep is the newer one."""
    sweep = begun(tmp_path / "multirun" / "learning_rate" / "2026-01-01_10-00-00", 5000, "sweep.json")
    begun(sweep / "optimizer.lr=0.1", 5001)
    run = begun(tmp_path / "outputs" / "2026-01-01_11-00-00", 5500)
    os.utime(sweep / "sweep.json", (9000, 9000))
    assert newest(tmp_path) == run


def test_below_the_working_folder_if_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(tmp_path / "outputs" / "a", 5000)
    monkeypatch.chdir(tmp_path)
    assert newest() == Path("outputs/a")


def test_where_there_is_none_the_message_says_where_it_looked_and_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "outputs" / "not a run").mkdir(parents=True)
    with pytest.raises(NothingYet) as nothing:
        newest(tmp_path)
    assert str(nothing.value) == (
        f"there is no run below {tmp_path / 'outputs'} and no sweep below {tmp_path / 'multirun'}\n"
        "  name one: experiments diagnose PATH, or make one: experiments fit"
    )
