"""A composed configuration against the schema: types, ranges, unknown keys, combinations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.config.impossible import choice, impossible, no_epochs
from experiments.config.keys import Key, keys_of
from experiments.config.left_open import fill_in, has_body
from experiments.config.problems import Problem
from experiments.config.schema import BASES, COMMON_KEYS, GROUPS, SCHEMAS, Job, known_keys
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
        elif name == "job":
            checked.configuration[name] = _check_job(value, composed, checked)
        elif name in BASES:
            wrong = f"the first line of a file in {name}/ must be: # @package _global_"
            checked.problems.append(Problem(f"{name}={choice(composed, name)}", wrong))
        elif name not in GROUPS:
            checked.problems.append(unknown_key(name, value, composed))
    for group in GROUPS:
        if group in unresolved:
            continue
        checked.configuration[group] = _check_group(group, plain.get(group), composed, checked)
    if checked.configuration.get("schedule") and checked.configuration.get("model"):
        checked.problems += no_epochs(checked.configuration["schedule"], body=has_body(checked.configuration))
    if not checked.problems:
        checked.notices += fill_in(checked.configuration)
        checked.problems += impossible(checked.configuration, composed)
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
    option = choice(composed, group)
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
            if value != known_keys()[full].neutral:
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


def _check_job(node: object, composed: DictConfig, checked: Checked) -> dict[str, Any]:
    """Keys without options."""
    clean: dict[str, Any] = {}
    if not isinstance(node, dict):
        checked.problems.append(Problem(f"job={node}", "it has keys: job.timeout", "job.timeout=3600"))
        return clean
    keys = keys_of(Job)
    for name, value in node.items():
        if name in keys:
            _store(checked, clean, keys[name], f"job.{name}", value)
        else:
            checked.problems.append(unknown_key(f"job.{name}", value, composed))
    return clean


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
