"""Each override looked at alone: does such a key or choice exist, and what was meant if not?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hydra.core.override_parser.types import Override, QuotedString
from omegaconf import DictConfig, OmegaConf

from experiments.config.composition import Composer, flatten, quoted
from experiments.config.keys import keys_of
from experiments.config.problems import ConfigurationError, Problem, listed, nearest
from experiments.config.schema import BASES, GROUPS, SCHEMAS, TopLevel, known_keys

TOP_LEVEL = keys_of(TopLevel)
LAUNCHER = "hydra.launcher."

EXAMPLES = {
    "recipe": "recipe=digits",
    "dataset": "dataset=digits",
    "model": "model=small_cnn",
    "optimizer": "optimizer=adamw",
    "schedule": "schedule=one_cycle",
    "trainer": "trainer=auto",
    "logger": "logger=tensorboard",
}
"""What to type where a group has no choice."""


@dataclass
class Screened:
    """The overrides that can be composed, and what is to be said of the others."""

    overrides: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def screen(composer: Composer, overrides: Sequence[str]) -> Screened:
    """Sort out which overrides cannot stand, each with its own problem, and which have no meaning here."""
    found = Screened()
    values: list[Override] = []
    for text in overrides:
        try:
            override = composer.parse(text)
            if composer.chooses(override):
                found.overrides += _checked_choice(composer, override)
            elif (override.key_or_group.startswith("hydra.") and not _of_launcher(override)) or override.is_delete():
                found.overrides.append(text)
            else:
                _refuse_several_values(override)
                values.append(override)
        except ConfigurationError as error:
            found.problems += error.problems
    base = composer.compose(found.overrides)
    for override in values:
        _place(override, base, found)
    return found


def _checked_choice(composer: Composer, override: Override) -> list[str]:
    group, choice = override.key_or_group, override.value()
    _refuse_several_values(override)
    if choice is None and group == "sweep":
        return []
    options = composer.options(group)
    if choice is None and group == "experiment":
        raise ConfigurationError([Problem(_text(override), "an experiment is needed", "experiment=good (no change)")])
    if choice is None:
        wrong = f"a choice is needed; there are: {listed(options)}"
        raise ConfigurationError([Problem(_text(override), wrong, EXAMPLES.get(group))])
    if str(choice) in options:
        return [f"{group}={choice}"]
    better = nearest(str(choice), options)
    wrong = f"there is no {group} called {choice}; there are: {listed(options)}"
    raise ConfigurationError([Problem(_text(override), wrong, f"{group}={better}" if better else None)])


def _refuse_several_values(override: Override) -> None:
    if not override.is_sweep_override():
        return
    text, name = _text(override), override.key_or_group
    key = known_keys().get(name)
    if key is not None and key.type is str:
        wrong, instead = (
            "several values: quote it if it is one; add -m to train one run for each",
            quoted(text),
        )
    else:
        wrong, instead = "several values: add -m to train one run for each", f"-m {text}"
    raise ConfigurationError([Problem(text, wrong, instead)])


def _place(override: Override, base: DictConfig, found: Screened) -> None:
    """Put a value override where it belongs: composed, ignored with a notice, or refused."""
    name = override.key_or_group
    group, _, rest = name.partition(".")
    value = override.get_value_element_as_str()
    known = known_keys()
    if OmegaConf.select(base, name, throw_on_missing=False, default=None) is not None or _present(base, name):
        found.overrides.append(f"{name}={value}")
    elif name in TOP_LEVEL or group == "expect" or (group in GROUPS and rest and not _is_ours(base, group)):
        # Not set by any file so far, or a key of a user's own class, whose signature decides later.
        found.overrides.append(f"++{name}={value}")
    elif name in known:
        found.notices.append(ignored(name, value, OmegaConf.select(base, f"hydra.runtime.choices.{group}")))
    else:
        found.problems.append(unknown_key(name, value, base, typed=_text(override)))


def ignored(name: str, value: object, option: str | None) -> str:
    """The notice for a key that the chosen option has no use for."""
    group = name.partition(".")[0]
    return f"{name}={value} has no meaning for {group}={option} and is ignored"


def unknown_key(name: str, value: object, base: DictConfig, typed: str | None = None) -> Problem:
    """The problem of a key that no option has."""
    if name.startswith(LAUNCHER):
        return _unknown_of_launcher(name, value, base, typed)
    group, _, rest = name.partition(".")
    better = nearest(name, [*known_keys(), *GROUPS, *BASES])
    wrong = f"there is no key {name}"
    if group in GROUPS and rest:
        schema = SCHEMAS[group].get(str(_target(base, group)))
        names = keys_of(schema) if schema else OmegaConf.select(base, group) or []
        wrong += f"; {group} has: {listed(names)}"
    return Problem(typed or f"{name}={value}", wrong, f"{better}={value}" if better else None)


def _of_launcher(override: Override) -> bool:
    """Whether it is for a key of the launcher, of which the file has them all."""
    return override.key_or_group.startswith(LAUNCHER) and not override.is_add()


def _unknown_of_launcher(name: str, value: object, base: DictConfig, typed: str | None) -> Problem:
    chosen = OmegaConf.to_container(base.hydra.launcher, resolve=False)
    assert isinstance(chosen, dict)
    names = [f"{LAUNCHER}{key}" for key, _ in flatten(chosen) if key != "_target_"]
    option = base.hydra.runtime.choices["hydra/launcher"]
    has = listed(key.removeprefix(LAUNCHER) for key in names) or "none"
    wrong = f"there is no key {name}; hydra/launcher={option} has: {has}"
    better = nearest(name, names)
    advice = f"{better}={value}" if better else None
    if not names and name == f"{LAUNCHER}workers":
        advice = f"hydra/launcher=parallel {name}={value}"
    return Problem(typed or f"{name}={value}", wrong, advice)


def _present(base: DictConfig, name: str) -> bool:
    parent, _, last = name.rpartition(".")
    node = OmegaConf.select(base, parent) if parent else base
    return isinstance(node, DictConfig) and last in node.keys()  # noqa: SIM118 - `in` skips missing values


def _is_ours(base: DictConfig, group: str) -> bool:
    return _target(base, group) in SCHEMAS[group]


def _target(base: DictConfig, group: str) -> object:
    return OmegaConf.select(base, f"{group}._target_")


def _text(override: Override) -> str:
    text = override.input_line
    if text is None:
        value = override.value()
        text = f"{override.key_or_group}={value.text if isinstance(value, QuotedString) else value}"
    return text
