"""A configuration as overrides alone, without an experiment or a sweep that insists on its own values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from experiments.config.checks import check
from experiments.config.composition import Composer, flatten
from experiments.config.schema import GROUPS, NAMED_WEIGHTS, SILENT, known_keys

_WORD = re.compile(r"(?:/|\.{1,2}/)?[A-Za-z_][A-Za-z0-9_./-]*")
_NOT_TEXT = ("null", "true", "false", "nan", "inf")

PATHS = ("dataset.root", "dataset.urls", "model.weights")

LEFT_OUT = (*SILENT, "hydra")
"""What an experiment or a sweep says about itself, and not about the training."""


def spelt_out(composer: Composer, overrides: Sequence[str], composed: DictConfig) -> list[str]:
    """The overrides with the chosen experiment and sweep replaced by what their files set, those first."""
    values: dict[str, str] = {}
    for group in ("experiment", "sweep"):
        choice = composed.hydra.runtime.choices.get(group)
        if choice is None:
            continue
        file = composer.option_file(group, choice)
        values |= {group: option for group, option in file.picks.items() if not group.startswith("hydra/")}
        told = {k: v for k, v in file.values.items() if k.split(".")[0] not in LEFT_OUT}
        values |= {k: written(v) for k, v in told.items() if not _is_so_anyway(composer, composed, k, v)}
    typed = [text for text in overrides if re.split(r"[./]", _key(text))[0] not in ("experiment", "sweep", *LEFT_OUT)]
    typed = [_from_anywhere(text) for text in typed]
    already = {_key(text) for text in typed}
    return [*(f"{key}={value}" for key, value in values.items() if key not in already), *typed]


def _is_so_anyway(composer: Composer, composed: DictConfig, key: str, value: object) -> bool:
    """Whether a key has this value without the experiment, or is not there to have one that asks for nothing."""
    choices = composed.hydra.runtime.choices
    group, _, name = key.partition(".")
    recipe = composer.option_file("recipe", choices.recipe).values
    option = composer.option_file(group, choices[group]).values if group in GROUPS else {}
    known = known_keys().get(key)
    nothing = ... if known is None or known.neutral is None else known.neutral
    return recipe.get(key, option.get(name, nothing)) == value


def _from_anywhere(override: str) -> str:
    """A relative path as an absolute one: the next command may be typed in another folder."""
    key, _, value = override.partition("=")
    path = value.strip("'\"")
    known = key.lstrip("+") in PATHS and path not in ("", "null", *NAMED_WEIGHTS)
    if not known or path.startswith(("~", "/", "$")) or "," in path:
        return override
    return f"{key}={written(str(Path(path).absolute()))}"


def as_overrides(composer: Composer, configuration: Mapping[str, Any]) -> list[str] | None:
    """Overrides that compose to a checked configuration; None where it builds something that no option is for."""
    composed: DictConfig = composer.compose([])
    choices = []
    for group in GROUPS:
        target = configuration[group]["_target_"]
        if composed[group]["_target_"] != target:
            fitting = [one for one in composer.options(group) if _target(composer, group, one) == target]
            if not fitting:
                return None
            choices.append(f"{group}={_nearest(composer, group, fitting, configuration[group])}")
    standard = dict(flatten(check(composer.compose(choices)).configuration))
    wanted = dict(flatten(dict(configuration)))
    different = [k for k, v in wanted.items() if k.split(".")[0] not in LEFT_OUT and standard.get(k, ...) != v]
    return [*choices, *(f"{key}={written(wanted[key])}" for key in different)]


def _nearest(composer: Composer, group: str, options: Sequence[str], node: Mapping[str, Any]) -> str:
    """The option whose file agrees with most of the node: several build the same thing."""

    def agreeing(option: str) -> int:
        return sum(node.get(key, ...) == value for key, value in composer.option_file(group, option).values.items())

    return max(options, key=agreeing)


def _target(composer: Composer, group: str, option: str) -> object:
    return composer.option_file(group, option).values.get("_target_")


def written(value: object) -> str:
    """A value in Hydra's grammar: `null`, `true`, `[0.9,0.99]`, text quoted where it must be."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{','.join(written(one) for one in value)}]"
    text = str(value)
    plain = isinstance(value, int | float) or (_WORD.fullmatch(text) and text.lower() not in _NOT_TEXT)
    return text if plain else f"'{_escaped(text)}'"


def _escaped(text: str) -> str:
    """For single quotes of Hydra's grammar, where backslashes count only before a quote."""
    return re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text)


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]
