"""The learning rates that sweep=learning_rate and sweep=map run over are the recipe's own."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError
from experiments.config.variation import as_overrides
from experiments.runs.config_hash import config_hash
from experiments.sweeps.plan import Plan, make_plan

DIGITS = [1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 5e-1]


@cache
def composer() -> Composer:
    """One for all: reading the files is most of what composing costs."""
    return Composer()


def plan(*overrides: str) -> Plan:
    return make_plan(composer(), overrides)


def configuration(*overrides: str) -> dict[str, Any]:
    return plan(*overrides).jobs[0].examined.configuration


def rates(planned: Plan) -> list[float]:
    return [job.examined.configuration["optimizer"]["lr"] for job in planned.jobs]


def refused(*overrides: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        plan(*overrides)
    return str(caught.value)


@pytest.mark.parametrize("recipe", [[], ["recipe=digits"], ["model=linear"]])
def test_on_digits_there_are_eight_from_far_too_low_to_far_too_high(recipe: list[str]) -> None:
    planned = plan("sweep=learning_rate", *recipe)
    assert rates(planned) == DIGITS
    assert [job.name for job in planned.jobs] == [f"optimizer.lr={rate}" for rate in DIGITS]


@pytest.mark.parametrize("recipe", ["line", "polynomial"])
def test_other_recipes_have_their_own(recipe: str) -> None:
    own = configuration(f"recipe={recipe}")["learning_rates"]
    assert own != DIGITS
    assert own == sorted(own)
    planned = plan("sweep=learning_rate", f"recipe={recipe}")
    assert rates(planned) == own
    assert [job.swept for job in planned.jobs] == [{"optimizer.lr": str(rate)} for rate in own]


def test_the_map_takes_them_too() -> None:
    planned = plan("sweep=map", "recipe=line", "learning_rates=[0.3,0.7]")
    assert rates(planned) == [0.3] * 10 + [0.7] * 10
    epochs = [job.examined.configuration["schedule"]["epochs"] for job in planned.jobs]
    assert epochs == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16] * 2


@pytest.mark.parametrize("recipe", ["digits", "line"])
def test_rates_that_are_typed_win(recipe: str) -> None:
    planned = plan("sweep=learning_rate", f"recipe={recipe}", "learning_rates=[0.1,0.2]")
    assert rates(planned) == [0.1, 0.2]
    assert rates(plan("sweep=learning_rate", f"recipe={recipe}", "learning_rates=[0.1,0.2]", "seed=0,1")) == [
        0.1, 0.1, 0.2, 0.2,
    ]  # fmt: skip


def test_a_recipe_of_ones_own_brings_its_own(tmp_path: Path) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "mine.yaml").write_text(
        "# @package _global_\n"
        "defaults: [/dataset: line, /model: linear, /optimizer: sgd, /schedule: constant, /trainer: cpu, "
        "/logger: csv, _self_]\nlearning_rates: [0.25, 4]\n"
    )
    assert rates(make_plan(Composer(str(tmp_path)), ["sweep=learning_rate", "recipe=mine"])) == [0.25, 4.0]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("[0.1,abc]", "[0.1, 'abc']"),
        ("[0.1,-1]", "[0.1, -1]"),
        ("[0.1,0]", "[0.1, 0]"),
        ("0.1", "0.1"),
        ("null", "null"),
    ],
)
def test_what_is_no_list_of_rates_is_refused(typed: str, shown: str) -> None:
    wrong = f"  learning_rates={shown}\n    must be a list, each a number, above 0\n    try: learning_rates=[0.01,0.1]"
    assert wrong in refused("sweep=learning_rate", "recipe=line", f"learning_rates={typed}")
    assert refused("recipe=line", f"learning_rates={typed}") == f"error: 1 mistake, nothing was trained\n\n{wrong}"


def test_no_rates_at_all_are_refused() -> None:
    assert "nothing was trained" in refused("sweep=learning_rate", "recipe=line", "learning_rates=[]")


def test_the_rate_itself_may_not_be_typed_as_well() -> None:
    values = "0.001,0.01,0.1,0.5,0.9,0.97,1.05,1.2"
    assert refused("sweep=learning_rate", "recipe=line", "optimizer.lr=0.1") == (
        "error: 1 mistake, nothing was trained\n\n  optimizer.lr=0.1\n"
        f"    sweep=learning_rate itself runs over optimizer.lr={values} and you typed optimizer.lr=0.1: "
        "leave one of the two out"
    )


@pytest.mark.parametrize("sweep", ["polynomial_degree", "regularisation"])
def test_a_sweep_that_is_about_a_recipe_keeps_it_in_all_of_its_jobs(sweep: str) -> None:
    assert refused(f"sweep={sweep}", "recipe=digits") == (
        "error: 1 mistake, nothing was trained\n\n  recipe=digits\n"
        f"    sweep={sweep} itself sets recipe=polynomial and you typed recipe=digits: leave one of the two out\n"
        f"    try: sweep={sweep} without recipe, or recipe=digits without sweep={sweep}"
    )


def test_the_recipe_of_a_sweep_may_be_typed_as_well() -> None:
    planned = plan("sweep=regularisation", "recipe=polynomial")
    assert {job.examined.configuration["model"]["degree"] for job in planned.jobs} == {12}
    assert len(planned.jobs) == 9


# Neither decides what a run gives.


def hash_of(*overrides: str) -> str:
    return config_hash(configuration(*overrides), split_hash="s", weights_hash=None, package_version="1")


@pytest.mark.parametrize("recipe", ["digits", "line"])
def test_neither_rates_nor_pictures_change_the_hash(recipe: str) -> None:
    assert hash_of(f"recipe={recipe}", "learning_rates=[7]", "draw=true") == hash_of(f"recipe={recipe}")
    assert hash_of(f"recipe={recipe}", "optimizer.lr=7") != hash_of(f"recipe={recipe}")


def test_nor_do_they_appear_in_what_the_next_command_is_made_from() -> None:
    words = ["recipe=line", "learning_rates=[0.1,0.2]", "draw=true"]
    assert plan(*words, "seed=3").jobs[0].examined.variation == ["recipe=line", "seed=3"]
    of_sweep = plan("sweep=learning_rate", *words)
    assert [job.examined.variation for job in of_sweep.jobs] == [
        [f"optimizer.lr={rate}", "recipe=line"] for rate in (0.1, 0.2)
    ]
    found = as_overrides(composer(), configuration(*words)) or []
    assert "schedule=constant" in found
    assert not [text for text in found if text.startswith(("learning_rates", "draw"))]
