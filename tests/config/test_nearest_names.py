"""The name that was meant."""

from __future__ import annotations

import pytest

from experiments.config.problems import ConfigurationError, Problem, nearest
from experiments.config.schema import BASES, GROUPS, known_keys

NAMES = [*known_keys(), *GROUPS, *BASES]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lr", "optimizer.lr"),
        ("optimiser.lr", "optimizer.lr"),
        ("optimizer.lrr", "optimizer.lr"),
        ("schedule.lr", "optimizer.lr"),
        ("weight_decay", "optimizer.weight_decay"),
        ("wd", "optimizer.weight_decay"),
        ("bs", "dataset.batch_size"),
        ("batchsize", "dataset.batch_size"),
        ("max_epochs", "schedule.epochs"),
        ("trainer.max_epochs", "schedule.epochs"),
        ("epoch", "schedule.epochs"),
        ("optim", "optimizer"),
        ("arch", "model"),
        ("experimnt", "experiment"),
        ("randomseed", None),
        ("random_seed", "seed"),
        ("zzz", None),
        ("", None),
    ],
)
def test_what_was_meant(typed: str, meant: str | None) -> None:
    assert nearest(typed, NAMES) == meant


def test_a_synonym_is_only_offered_where_it_is_allowed() -> None:
    assert nearest("bs", ["adamw", "sgd"]) is None
    assert nearest("admw", ["adamw", "sgd"]) == "adamw"
    assert nearest("anything", []) is None


def test_the_same_mistake_twice_is_said_once() -> None:
    problem = Problem("a", "is wrong\nin two lines", "b")
    error = ConfigurationError([problem, Problem("a", "is wrong\nin two lines", "b")])
    assert error.problems == [problem]
    assert str(error) == ("error: 1 mistake, nothing was trained\n\n  a\n    is wrong\n    in two lines\n    try: b")
