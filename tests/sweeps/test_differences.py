"""What differs between the configurations of a sweep."""

from __future__ import annotations

from typing import Any

from experiments.config.composition import Composer
from experiments.sweeps.differences import differences
from experiments.sweeps.plan import make_plan


def test_only_what_is_not_the_same_in_all() -> None:
    first: dict[str, Any] = {"seed": 1, "optimizer": {"lr": 0.1, "betas": [0.9, 0.99]}, "name": "a", "expect": {"x": 1}}
    second: dict[str, Any] = {"seed": 1, "optimizer": {"lr": 0.2, "betas": [0.9, 0.99]}, "name": "b", "fits": None}
    assert differences([first, second]) == [{"optimizer.lr": 0.1}, {"optimizer.lr": 0.2}]


def test_a_key_that_one_lacks_is_a_difference_and_lists_become_text() -> None:
    assert differences([{"a": {"b": [1, 2]}, "c": True}, {"a": {"b": [1, 3]}, "d": "x", "c": False}]) == [
        {"a.b": "[1, 2]", "c": True, "d": "None"},
        {"a.b": "[1, 3]", "c": False, "d": "x"},
    ]


def test_nothing_differs_from_itself() -> None:
    assert differences([]) == []
    assert differences([{"a": 1}]) == [{}]
    assert differences([{"a": {}}, {"a": {}}]) == [{}, {}]


def test_an_experiments_changes_are_told_although_only_its_name_was_swept() -> None:
    jobs = make_plan(Composer(), ["experiment=good,too_few_epochs"], multirun=True).jobs
    found = differences([job.examined.configuration for job in jobs])
    assert found == [{"schedule.epochs": 4}, {"schedule.epochs": 1}]
