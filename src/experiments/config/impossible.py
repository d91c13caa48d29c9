"""Combinations of options and values that cannot be trained."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.config.expectation import check_expectation
from experiments.config.problems import Problem
from experiments.config.schema import SCHEMAS

Node = dict[str, Any]


def impossible(configuration: Node, composed: DictConfig) -> list[Problem]:
    """Combinations that cannot be trained, and an expectation that cannot be read."""
    return [
        *check_expectation(configuration.get("expect")),
        *_wrong_kind(configuration, composed),
        *_not_two_numbers(configuration),
        *_nothing_left(configuration["dataset"]),
        *_nothing_to_vary(configuration["dataset"]),
        *_half_precision_on_cpu(configuration["trainer"]),
        *_more_devices_than_processes(configuration["trainer"]),
    ]


def _wrong_kind(configuration: Node, composed: DictConfig) -> list[Problem]:
    """A model, or an experiment, that is not for such data."""
    found = []
    schema, model_schema = (SCHEMAS[group].get(configuration[group]["_target_"]) for group in ("dataset", "model"))
    if getattr(model_schema, "needs_images", False) and getattr(schema, "images", True) is False:
        wrong = f"model={choice(composed, 'model')} is for images and dataset={choice(composed, 'dataset')} has none"
        found.append(Problem(f"model={choice(composed, 'model')}", wrong, "model=linear"))
    kind = getattr(schema, "kind", None)
    if kind and configuration.get("fits") and configuration["fits"] != kind:
        experiment = f"experiment={choice(composed, 'experiment')}"
        wrong = f"{experiment} is made for {configuration['fits']} and dataset={choice(composed, 'dataset')} is {kind}"
        found.append(Problem(experiment, wrong, "experiment=good"))
    return found


def _not_two_numbers(configuration: Node) -> list[Problem]:
    examples = {"optimizer.betas": [0.95, 0.99], "schedule.momentum": [0.95, 0.85], "schedule.unfrozen_lr": [0.01, 0.1]}
    found = []
    for name, example in examples.items():
        group, _, last = name.partition(".")
        pair = configuration[group].get(last)
        instead = f"{name}={example}".replace(" ", "")
        if pair is not None and len(pair) != 2:
            found.append(Problem(f"{name}={pair}", "must be a list of two numbers", instead))
        elif pair is not None and last == "unfrozen_lr" and pair[0] > pair[1]:
            wrong = "the first layers have the lowest rate, so the first number is the smaller one"
            found.append(Problem(f"{name}={pair}", wrong, f"{name}=[{pair[1]:g},{pair[0]:g}]"))
    return found


def _nothing_left(dataset: Node) -> list[Problem]:
    """Held out twice over."""
    valid, test = dataset.get("valid_fraction", 0.0), dataset.get("test_fraction", 0.0)
    if valid + test < 1:
        return []
    wrong = f"with dataset.valid_fraction={valid} nothing is left to train on: the two must be below 1 together"
    return [Problem(f"dataset.test_fraction={test}", wrong, "dataset.test_fraction=0.1")]


def _nothing_to_vary(dataset: Node) -> list[Problem]:
    if dataset.get("views", 1) == 1 or dataset.get("augment") != "none":
        return []
    wrong = "views are augmented variants of an image, and dataset.augment=none makes none"
    return [Problem(f"dataset.views={dataset['views']}", wrong, "dataset.views=1, or dataset.augment=default")]


def no_epochs(schedule: Node, *, body: bool) -> list[Problem]:
    """Nothing to train: only a model with a body may begin with its unfrozen epochs."""
    if schedule.get("epochs") != 0 or (body and schedule.get("unfrozen_epochs")):
        return []
    wrong = "must be a whole number of at least 1, unless schedule.unfrozen_epochs trains a model with a body"
    return [Problem("schedule.epochs=0", wrong, "schedule.epochs=4")]


def _half_precision_on_cpu(trainer: Node) -> list[Problem]:
    if trainer.get("precision") != "16-mixed" or trainer["accelerator"] != "cpu":
        return []
    wrong = "16-mixed needs a GPU; a CPU computes in 32-true or bf16-mixed"
    return [Problem("trainer.precision=16-mixed", wrong, "trainer.precision=32-true")]


def _more_devices_than_processes(trainer: Node) -> list[Problem]:
    devices, asked = trainer.get("devices", 1), trainer.get("strategy", "auto")
    if trainer["accelerator"] == "mps" and asked == "ddp":
        wrong = "Apple's GPU is one, and cannot be trained on by several processes"
        return [Problem("trainer.accelerator=mps", wrong, "trainer=auto, or trainer.accelerator=cpu")]
    if devices == 1 or asked == "ddp":
        return []
    return [Problem(f"trainer.devices={devices}", "one process trains on one device", "trainer=ddp")]


def choice(composed: DictConfig, group: str) -> str | None:
    """The chosen option; of a configuration that has lost its choices, what it builds."""
    choice = OmegaConf.select(composed, f"hydra.runtime.choices.{group}")
    target = OmegaConf.select(composed, f"{group}._target_", throw_on_missing=False) if choice is None else None
    return choice or (str(target).rsplit(".", 1)[-1] if target else None)
