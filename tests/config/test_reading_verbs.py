"""`--help`, `list` and `explain`: what ships, from its own lab notes."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import Answer, Refused, Typed

from experiments.config.lab_notes import ORDER, notes
from experiments.config.locations import configuration_folder

SHIPPED = [path for path in configuration_folder().rglob("*.yaml") if path.parent != configuration_folder()]


@pytest.mark.parametrize("line", ["", "--help", "-h", "help"])
def test_help_lists_the_verbs_a_line_each(typed: Typed, line: str) -> None:
    answer = typed(line)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("usage: experiments VERB ...\n")
    for verb in ("fit", "lr-find", "diagnose", "report", "draw", "list", "explain"):
        assert len([line for line in answer.out.splitlines() if line.startswith(f"  {verb} ")]) == 1


@pytest.mark.parametrize("verb", ["fit", "lr-find", "diagnose", "report", "draw", "list", "explain"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_verb_has_help_with_an_example(typed: Typed, verb: str, flag: str) -> None:
    answer = typed(f"{verb} {flag}")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: experiments {verb}")
    assert f"experiments {verb}" in answer.out.partition("\n")[2]


def test_the_help_of_fit_names_every_flag_group_and_choice(typed: Typed) -> None:
    out = typed("fit --help").out
    for flag in ("--multirun", "--dry-run", "--cfg", "--config-dir", "--info"):
        assert flag in out
    for note in notes():
        line = next(line for line in out.splitlines() if line.split()[:1] == [note.group])
        assert note.name in line.replace(",", "").split()[1:]


def test_the_examples_in_the_help_of_fit_compose(typed: Typed) -> None:
    lines = [line.split("   ")[0].strip() for line in typed("fit --help").out.splitlines()]
    commands = [line for line in lines if line.startswith("experiments fit") and "FOLDER" not in line]
    assert len(commands) == 4
    for command in commands:
        answer = typed(command.removeprefix("experiments ") + " --dry-run")
        assert (answer.code, answer.err) == (0, "")


def test_list_has_every_option_with_its_purpose(typed: Typed) -> None:
    answer = typed("list")
    assert (answer.code, answer.err) == (0, "")
    rows = [line.split(maxsplit=1) for line in answer.out.splitlines() if line.startswith("  ")]
    assert sorted(name for name, _ in rows) == sorted(path.stem for path in SHIPPED)
    assert ["adamw", "Adam with decoupled weight decay: the default, forgiving about the rate"] in rows
    headings = [line for line in answer.out.splitlines() if line.endswith("=")]
    assert headings == [f"{group}=" for group in ORDER]


def test_list_and_explain_know_ones_own_files(typed: Typed, here: Path) -> None:
    (here / "mine" / "sweep").mkdir(parents=True)
    (here / "mine" / "sweep" / "widths.yaml").write_text(
        "# @package _global_\n# How wide must it be? More.\n#   experiments fit sweep=widths\nname: widths\n"
    )
    assert "  widths                  How wide must it be?\n" in typed("list --config-dir mine").out
    assert "widths" not in typed("list").out
    assert typed("explain -cd mine widths").out == (
        "sweep=widths\n  How wide must it be? More.\n    experiments fit sweep=widths\n\n  name: widths\n"
    )


def test_explain_a_key(typed: Typed) -> None:
    answer = typed("explain optimizer.lr")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[:3] == [
        "optimizer.lr",
        "  learning rate: the highest that the schedule reaches",
        "  allowed: a number above 0",
    ]
    assert lines[-1] == "  for example: experiments fit optimizer.lr=3e-3"


def test_explain_a_key_of_some_options_says_of_which(typed: Typed) -> None:
    out = typed("explain optimizer.momentum").out
    assert "optimizer=sgd" in out
    assert "optimizer=adamw" not in out


def test_explain_an_experiment(typed: Typed) -> None:
    answer = typed("explain learning_rate_too_high")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(
        "experiment=learning_rate_too_high\n"
        "  What if each step is too long? The loss leaps out of the valley and stays out.\n"
        "  When: to know the sign: a validation loss that is no better than guessing, or far worse.\n"
        "    experiments fit experiment=learning_rate_too_high"
    )
    assert "\n  optimizer: {lr: 0.5}\n" in answer.out


def test_explain_a_group(typed: Typed) -> None:
    assert typed("explain optimizer") == Answer(
        0,
        "optimizer is one of:\n"
        "  adamw                   Adam with decoupled weight decay: the default, forgiving about the rate\n"
        "  sgd                     Stochastic gradient descent, with momentum\n",
        "",
    )


def test_explain_a_name_that_several_groups_have(typed: Typed) -> None:
    out = typed("explain digits").out
    assert out.startswith("recipe=digits\n")
    assert "\n\ndataset=digits\n" in out
    assert "recipe=digits" not in typed("explain dataset=digits").out


NO_GROUP = (
    "there is no group of this name; there are: "
    "recipe, experiment, sweep, dataset, model, optimizer, schedule, trainer, logger, hydra/launcher"
)


@pytest.mark.parametrize(
    ("line", "subject", "wrong", "instead"),
    [
        (
            "explain lrr",
            "lrr",
            "there is no key, group, option or symptom of this name",
            "experiments explain optimizer.lr",
        ),
        (
            "explain modell",
            "modell",
            "there is no key, group, option or symptom of this name",
            "experiments explain model",
        ),
        ("explain zzzzz", "zzzzz", "there is no key, group, option or symptom of this name", "experiments list"),
        (
            "explain",
            "experiments explain",
            "what is to be explained? a key, an experiment, a sweep or any other option",
            "experiments explain --help",
        ),
        ("explain a b", "experiments explain", "unrecognized arguments: b", "experiments explain --help"),
        ("list digits", "digits", NO_GROUP, "experiments explain digits"),
        ("list optimzer", "optimzer", NO_GROUP, "experiments list optimizer"),
        ("list a b", "experiments list", "unrecognized arguments: b", "experiments list --help"),
    ],
)
def test_what_cannot_be_explained(refused: Refused, line: str, subject: str, wrong: str, instead: str) -> None:
    text = refused(line)
    assert text == f"error: 1 mistake\n\n  {subject}\n    {wrong}\n    try: {instead}\n"


def test_version(typed: Typed) -> None:
    assert typed("--version") == Answer(0, "0.1.0\n", "")
