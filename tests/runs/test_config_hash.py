"""The hash moves with all that decides a result, and with nothing else."""

import copy
from typing import Any

import pytest

from experiments.runs.config_hash import config_hash

CONFIGURATION: dict[str, Any] = {
    "name": "learning_rate",
    "seed": 42,
    "dataset": {"root": "/here/bears", "valid_fraction": 0.2},
    "optimizer": {"lr": 3e-3, "name": "adamw"},
    "logger": {"_target_": "tensorboard"},
    "expect": {"verdict": "healthy"},
    "hydra": {"run": {"dir": "outputs"}},
}


def hash_of(configuration: dict[str, Any], **more: Any) -> str:
    others = {"split_hash": "s", "weights_hash": None, "package_version": "1.0"}
    return config_hash(configuration, **{**others, **more})


def changed(path: str, value: object) -> dict[str, Any]:
    configuration = copy.deepcopy(CONFIGURATION)
    *groups, key = path.split(".")
    inner = configuration
    for group in groups:
        inner = inner[group]
    inner[key] = value
    return configuration


def test_it_is_a_sha256_that_the_order_of_keys_does_not_move() -> None:
    backwards = {key: CONFIGURATION[key] for key in reversed(CONFIGURATION)}
    assert hash_of(backwards) == hash_of(CONFIGURATION)
    assert len(hash_of(CONFIGURATION)) == 64


def test_it_stays_the_same_from_release_to_release() -> None:
    assert hash_of(CONFIGURATION) == "d117329e050337582d147300aa812a3bac385769a254a5d6e38d08dd658a6dd4"


@pytest.mark.parametrize("path", ["name", "logger", "expect", "hydra", "dataset.root"])
def test_it_ignores_what_changes_no_result(path: str) -> None:
    assert hash_of(changed(path, "other")) == hash_of(CONFIGURATION)
    without = copy.deepcopy(CONFIGURATION)
    if "." not in path:
        del without[path]
        assert hash_of(without) == hash_of(CONFIGURATION)


@pytest.mark.parametrize(
    ("path", "value"),
    [("seed", 43), ("seed", None), ("optimizer.lr", 0.0030000001), ("optimizer.name", "sgd"),
     ("dataset.valid_fraction", 0.25), ("optimizer.root", "/here"), ("optimizer.logger", 1)],
)  # fmt: skip
def test_it_moves_with_everything_else(path: str, value: object) -> None:
    assert hash_of(changed(path, value)) != hash_of(CONFIGURATION)


@pytest.mark.parametrize("more", [{"split_hash": "t"}, {"weights_hash": "w"}, {"package_version": "1.1"}])
def test_it_moves_with_the_data_the_weights_and_the_version(more: dict[str, str]) -> None:
    assert hash_of(CONFIGURATION, **more) != hash_of(CONFIGURATION)


def test_it_leaves_the_configuration_as_it_was() -> None:
    before = copy.deepcopy(CONFIGURATION)
    hash_of(CONFIGURATION)
    assert before == CONFIGURATION
