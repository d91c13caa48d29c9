"""A composed configuration against the schema: types, ranges, unknown keys, combinations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.config.expectation import check_expectation
from experiments.config.keys import Key, keys_of
from experiments.config.problems import Problem
from experiments.config.schema import BASES, COMMON_KEYS, GROUPS, SCHEMAS, known_keys
from experiments.config.screening import EXAMPLES, TOP_LEVEL, ignored, unknown_key

MISSING = "???"


@dataclass
class Checked:
    """A configuration with every value of its key's type, and what is to be said about it."""

    configuration: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def check(composed: DictConfig) -> Checked:
    """Check every key of a composed configuration (Hydra's own node aside) and the combinations of options."""
    checked = Checked()
    plain = _resolved(composed, checked)
    unresolved = {problem.subject.partition(".")[0] for problem in checked.problems}
    for name, value in plain.items():
        if name in TOP_LEVEL:
            _store(checked, checked.configuration, TOP_LEVEL[name], name, value)
        elif name in BASES:
            wrong = f"the first line of a file in {name}/ must be: # @package _global_"
            checked.problems.append(Problem(f"{name}={_choice(composed, name)}", wrong))
        elif name not in GROUPS:
            checked.problems.append(unknown_key(name, value, composed))
    for group in GROUPS:
        if group in unresolved:
            continue
        checked.configuration[group] = _check_group(group, plain.get(group), composed, checked)
    if not checked.problems:
        checked.problems += _impossible(checked.configuration, composed)
    return checked


def _resolved(composed: DictConfig, checked: Checked) -> dict[str, Any]:
    """Plain values; an interpolation that leads nowhere is a problem of its key alone."""
    plain: dict[str, Any] = {}
    for name in composed:
        if name == "hydra":
            continue
        try:
            node = OmegaConf.select(composed, str(name), throw_on_missing=False)
            plain[str(name)] = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
        except OmegaConfBaseException as error:
            checked.problems.append(Problem(error.full_key or str(name), str(error).splitlines()[0]))
    return plain


def _check_group(group: str, node: object, composed: DictConfig, checked: Checked) -> dict[str, Any]:
    option = _choice(composed, group)
    if not isinstance(node, dict) or "_target_" not in node:
        wrong = "its file has no _target_, the thing to build" if option else f"no {group} is chosen"
        checked.problems.append(Problem(f"{group}={option or MISSING}", wrong, EXAMPLES[group]))
        return {}
    schema = SCHEMAS[group].get(str(node["_target_"]))
    keys = keys_of(schema) if schema else COMMON_KEYS.get(group, {})
    clean: dict[str, Any] = {"_target_": node["_target_"]}
    for name, value in node.items():
        full = f"{group}.{name}"
        if name in keys:
            _store(checked, clean, keys[name], full, value)
        elif schema is None:
            clean[str(name)] = value
        elif full in known_keys():
            checked.notices.append(ignored(full, value, option))
        elif name != "_target_":
            checked.problems.append(unknown_key(full, value, composed))
    if schema:
        checked.problems += [
            Problem(f"{group}={option}", f"its file does not give {group}.{name}, {key.meaning}: {key.allowed}")
            for name, key in keys.items()
            if name not in node
        ]
    return clean


def _choice(composed: DictConfig, group: str) -> str | None:
    """The chosen option; of a configuration that has lost its choices, what it builds."""
    choice = OmegaConf.select(composed, f"hydra.runtime.choices.{group}")
    target = OmegaConf.select(composed, f"{group}._target_", throw_on_missing=False) if choice is None else None
    return choice or (str(target).rsplit(".", 1)[-1] if target else None)


def _store(checked: Checked, into: dict[str, Any], key: Key, full_name: str, value: object) -> None:
    if value == MISSING:
        placeholder = "FOLDER" if key.name == "root" else "VALUE"
        checked.problems.append(Problem(full_name, f"is missing: {key.meaning}", f"{full_name}={placeholder}"))
        return
    try:
        into[key.name] = key.convert(value)
    except ValueError:
        shown = "null" if value is None else str(value).lower() if isinstance(value, bool) else value
        hint = f"{full_name}={key.hint}" if key.hint else None
        checked.problems.append(Problem(f"{full_name}={shown}", f"must be {key.allowed}", hint))


def _impossible(configuration: dict[str, Any], composed: DictConfig) -> list[Problem]:
    """Combinations that cannot be trained, and an expectation that cannot be read."""
    dataset, model = configuration["dataset"], configuration["model"]
    schema = SCHEMAS["dataset"].get(dataset["_target_"])
    model_schema = SCHEMAS["model"].get(model["_target_"])
    kind = getattr(schema, "kind", None)
    found = check_expectation(configuration.get("expect"))
    if getattr(model_schema, "needs_images", False) and getattr(schema, "images", True) is False:
        wrong = f"model={_choice(composed, 'model')} is for images and dataset={_choice(composed, 'dataset')} has none"
        found.append(Problem(f"model={_choice(composed, 'model')}", wrong, "model=linear"))
    if kind and configuration.get("fits") and configuration["fits"] != kind:
        experiment = f"experiment={_choice(composed, 'experiment')}"
        wrong = f"{experiment} is made for {configuration['fits']} and dataset={_choice(composed, 'dataset')} is {kind}"
        found.append(Problem(experiment, wrong, "experiment=good"))
    for name in ("optimizer.betas", "schedule.momentum"):
        group, _, last = name.partition(".")
        pair = configuration[group].get(last)
        if pair is not None and len(pair) != 2:
            found.append(Problem(f"{name}={pair}", "must be a list of two numbers", f"{name}=[0.95,0.99]"))
    found += _nothing_left(dataset)
    if configuration["trainer"].get("precision") == "16-mixed" and configuration["trainer"]["accelerator"] == "cpu":
        wrong = "16-mixed needs a GPU; a CPU computes in 32-true or bf16-mixed"
        found.append(Problem("trainer.precision=16-mixed", wrong, "trainer.precision=32-true"))
    return found


def _nothing_left(dataset: dict[str, Any]) -> list[Problem]:
    """Held out twice over."""
    valid, test = dataset.get("valid_fraction", 0.0), dataset.get("test_fraction", 0.0)
    if valid + test < 1:
        return []
    wrong = f"with dataset.valid_fraction={valid} nothing is left to train on: the two must be below 1 together"
    return [Problem(f"dataset.test_fraction={test}", wrong, "dataset.test_fraction=0.1")]
