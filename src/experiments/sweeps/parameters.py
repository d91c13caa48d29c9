"""What a sweep's file runs over: keys with their values, some of which only the recipe knows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.config.composition import Composer, OptionFile
from experiments.config.problems import ConfigurationError, Problem
from experiments.config.screening import screen
from experiments.config.variation import written

PARAMS = "hydra.sweeper.params."


def choice_of_sweep(overrides: Sequence[str]) -> str | None:
    """The name in `sweep=NAME`."""
    chosen = [text.partition("=")[2].strip("'\"") for text in overrides if text.lstrip("+").startswith("sweep=")]
    return chosen[-1] if chosen and chosen[-1] not in ("", "null") else None


def chosen_sweep(composer: Composer, overrides: Sequence[str]) -> OptionFile | None:
    """The file of the chosen sweep; None without one, or if it does not exist (which is refused later)."""
    name = choice_of_sweep(overrides)
    if sum(text.startswith("sweep=") for text in overrides) > 1:
        raise ConfigurationError([Problem("sweep", "one sweep at a time", f"sweep={name}")])
    if name and re.search(r"[,(]", name):
        raise ConfigurationError([Problem(f"sweep={name}", "one sweep at a time", "sweep=learning_rate")])
    return composer.option_file("sweep", name) if name in composer.options("sweep") else None


def parameters_of(composer: Composer, sweep: OptionFile, overrides: Sequence[str]) -> dict[str, str]:
    """The keys that the sweep's file runs over, each with its values as they would be typed."""
    found = {k.removeprefix(PARAMS): str(v) for k, v in sweep.values.items() if k.startswith(PARAMS)}
    if any("${" in values for values in found.values()):
        # A recipe knows the values that make sense on it: ${learning_rates}.
        parsed, _ = parse_all(composer, overrides)
        several = [str(o.input_line) for o in parsed if o.key_or_group == "recipe" and o.is_sweep_override()]
        if several:
            wrong = "each recipe has rates of its own, so this sweep takes one recipe at a time"
            raise ConfigurationError([Problem(several[0], wrong, "recipe=line")])
        single = [str(override.input_line) for override in parsed if not override.is_sweep_override()]
        composed = composer.compose(screen(composer, single).overrides)
        found = {key: _interpolated(composed, values) for key, values in found.items()}
    return found


def _interpolated(composed: DictConfig, values: str) -> str:
    key = re.fullmatch(r"\$\{([\w.]+)\}", values)
    if key is None:
        return values
    try:
        chosen = OmegaConf.select(composed, key[1])
    except OmegaConfBaseException as error:
        raise ConfigurationError([Problem(key[1], str(error).splitlines()[0])]) from error
    if OmegaConf.is_list(chosen) and not len(chosen):
        raise ConfigurationError([Problem(f"{key[1]}=[]", "there is no value to run over", f"{key[1]}=[0.01,0.1]")])
    return ",".join(written(value) for value in chosen) if OmegaConf.is_list(chosen) else written(chosen)


def parse_all(composer: Composer, overrides: Sequence[str]) -> tuple[list[Override], list[Problem]]:
    """The overrides that can be read, and what is wrong with the others."""
    parsed, problems = [], []
    for text in overrides:
        try:
            parsed.append(composer.parse(text))
        except ConfigurationError as error:
            problems += error.problems
    return parsed, problems


def no_list(override: Override) -> Problem:
    """What is wrong with an interval, which a sampler could draw from and a list of jobs cannot."""
    wrong = "an interval has no list of values to run over"
    return Problem(str(override.input_line), wrong, f"{override.key_or_group}=0.1,0.2 or range(1,5)")
