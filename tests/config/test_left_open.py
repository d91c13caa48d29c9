"""What follows from other keys, what is ignored because of them, and what cannot go together with them."""

from __future__ import annotations

import json

import pytest
from answers import Refused, Typed

from experiments import compose

BEARS = ["recipe=bears", "dataset.root=bears"]


@pytest.mark.parametrize(
    ("words", "size"),
    [
        (["dataset=folder", "dataset.root=x"], 224),
        (BEARS, 224),
        ([*BEARS, "model=torchvision", "model.architecture=inception_v3"], 299),
        ([*BEARS, "model=torchvision", "model.architecture=efficientnet_b3"], 300),
        ([*BEARS, "model=torchvision", "model.architecture=efficientnet_b3", "model.weights=none"], 224),
        ([*BEARS, "model=torchvision", "model.architecture=efficientnet_b3", "dataset.image_size=96"], 96),
        (["dataset=toy_bears"], 64),
    ],
)
def test_pictures_have_the_size_that_the_weights_were_trained_at(words: list[str], size: int) -> None:
    assert compose(words).dataset.image_size == size


@pytest.mark.parametrize(
    ("words", "frozen"),
    [
        ([], True),
        (["model.weights=none"], False),
        (["model.weights=none", "model.freeze_body=true"], True),
        (["model.weights=mine.pth"], True),
        (["model.freeze_body=false"], False),
    ],
)
def test_a_body_is_frozen_where_weights_are_given(words: list[str], frozen: bool) -> None:
    assert compose([*BEARS, *words]).model.freeze_body is frozen


def test_the_recipe_trains_the_head_then_every_layer() -> None:
    configuration = compose(BEARS)
    assert configuration.model.architecture == "resnet34"
    assert configuration.model.weights == "imagenet"
    assert (configuration.schedule.epochs, configuration.schedule.unfrozen_epochs) == (4, 2)
    assert configuration.schedule.unfrozen_lr == [0.01, 0.1]
    assert configuration.optimizer.lr == 3e-3
    assert configuration.dataset.views == 1


@pytest.mark.parametrize(
    ("words", "notice"),
    [
        (
            "model=small_cnn",
            "schedule.unfrozen_epochs=2 is ignored: the model has no body to unfreeze",
        ),
        (
            "model.weights=none model.train_norm=true",
            "model.train_norm=true is ignored: no body is frozen, and all of it learns",
        ),
        ("dataset.views=3 model.freeze_body=false", "dataset.views=3 is ignored: no body is frozen"),
        (
            "dataset.views=3 model.train_norm=true",
            "dataset.views=3 is ignored: with model.train_norm the body changes, and every epoch augments its images "
            "anew",
        ),
        ("dataset.views=3 schedule.epochs=0", "dataset.views=3 is ignored: no body is frozen"),
    ],
)
def test_what_has_no_effect_is_ignored_with_its_reason(typed: Typed, words: str, notice: str) -> None:
    answer = typed(f"fit recipe=bears dataset.root=bears {words} --dry-run")
    assert answer.code == 0
    assert f"note: {notice}\n" in answer.err


def test_values_that_ask_for_nothing_are_not_worth_a_notice(typed: Typed) -> None:
    assert typed("fit experiment=too_many_epochs dataset.views=1 --dry-run").err == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "dataset.views=4 dataset.augment=none",
            "dataset.views=4\n    views are augmented variants of an image, and dataset.augment=none makes none\n"
            "    try: dataset.views=1, or dataset.augment=default",
        ),
        (
            "schedule.epochs=0 schedule.unfrozen_epochs=0",
            "schedule.epochs=0\n    must be a whole number of at least 1, unless schedule.unfrozen_epochs trains a "
            "model with a body\n    try: schedule.epochs=4",
        ),
        ("schedule.epochs=0 model=small_cnn", "schedule.epochs=0\n    must be a whole number of at least 1"),
        (
            "schedule.unfrozen_lr=[0.1,0.01]",
            "schedule.unfrozen_lr=[0.1, 0.01]\n    the first layers have the lowest rate, so the first number is the "
            "smaller one\n    try: schedule.unfrozen_lr=[0.01,0.1]",
        ),
        ("schedule.unfrozen_lr=[0.1]", "schedule.unfrozen_lr=[0.1]\n    must be a list of two numbers"),
        ("schedule.unfrozen_lr=[0,0.1]", "schedule.unfrozen_lr=[0, 0.1]\n    must be a list, each a number, above 0"),
        ("schedule.unfrozen_epochs=-1", "must be a whole number of at least 0"),
        ("dataset.views=0", "dataset.views=0\n    must be a whole number of at least 1 and at most 1000"),
        ("model=torchvision", "model.architecture\n    is missing: torchvision's name of a classification model"),
    ],
)
def test_what_cannot_go_together_is_refused(refused: Refused, words: str, message: str) -> None:
    assert message in refused(f"fit recipe=bears dataset.root=bears {words} --dry-run")


def test_no_epochs_is_said_together_with_other_mistakes(refused: Refused) -> None:
    said = refused("fit schedule.epochs=0 optimizer.lr=-1")
    assert "2 mistakes" in said
    assert "schedule.epochs=0" in said
    assert "optimizer.lr=-1" in said


def test_only_the_unfrozen_epochs_may_be_trained(typed: Typed) -> None:
    answer = typed("fit recipe=bears dataset.root=bears schedule.epochs=0 --dry-run")
    assert (answer.code, answer.err) == (0, "")


def test_the_map_of_the_bears_is_thirteen_rates_by_six_budgets_by_three_seeds(typed: Typed) -> None:
    answer = typed("fit sweep=map recipe=bears dataset.root=bears --dry-run")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert len(lines) == 1 + 13 * 6 * 3
    smaller = typed("fit sweep=map recipe=bears dataset.root=bears epoch_budgets=[1,2] map_seeds=[7] --dry-run")
    assert len(smaller.out.splitlines()) == 1 + 13 * 2


def test_a_body_cannot_be_trained_vectorised(refused: Refused) -> None:
    said = refused("fit sweep=learning_rate recipe=bears dataset.root=bears hydra/launcher=vectorised --dry-run")
    assert "a model with a body" in said
    assert "hydra/launcher=basic" in said


def test_a_configuration_of_a_named_model_is_spelt_by_its_own_name() -> None:
    from experiments.config.composition import Composer
    from experiments.config.variation import as_overrides

    configuration = compose([*BEARS, "model=squeezenet1_1", "model.dropout=0.25"])
    spelt = as_overrides(Composer(), json.loads(json.dumps(_plain(configuration))))
    assert spelt is not None
    assert "model=squeezenet1_1" in spelt
    assert "model.dropout=0.25" in spelt
    assert not [text for text in spelt if text.startswith("model.architecture")]


def _plain(configuration: object) -> object:
    from omegaconf import OmegaConf

    return OmegaConf.to_container(configuration)
