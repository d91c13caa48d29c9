"""One configuration from its overrides: composed, checked, or refused with all its mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig

from experiments.config.checks import check
from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError, Problem
from experiments.config.screening import Screened, screen
from experiments.config.variation import spelt_out


@dataclass(frozen=True)
class Examined:
    """A configuration that may be trained.

    `configuration` is resolved, each value of its key's type; `composed` is Hydra's, with its `hydra` node;
    `overrides` are those that count (ignored keys left out); `variation` are overrides for the same configuration in
    which the experiment and the sweep are spelt out, so that any key may be overridden after them.
    """

    overrides: list[str]
    configuration: dict[str, Any]
    composed: DictConfig
    notices: list[str]
    variation: list[str]

    @property
    def choices(self) -> Mapping[str, str]:
        """The chosen option of each group."""
        choices: Mapping[str, str] = self.composed.hydra.runtime.choices
        return choices


def examine(
    composer: Composer,
    overrides: Sequence[str],
    *,
    of_sweep: Mapping[str, str] | None = None,
) -> Examined:
    """Compose and check one configuration.

    `of_sweep` are, for a job of a sweep, the keys that the sweep's file sets in it, with their values: they may not
    clash with what the experiment sets, and nothing that the user types may clash with them.

    Raises:
        ConfigurationError: with every mistake at once.
    """
    screened = Screened(overrides=list(overrides))
    try:
        composed = composer.compose(overrides, one_of_many=of_sweep is not None)
    except ConfigurationError as first:
        screened = screen(composer, overrides)
        if not screened.problems and screened.overrides == list(overrides):
            raise
        try:
            composed = composer.compose(screened.overrides, one_of_many=of_sweep is not None)
        except ConfigurationError as error:
            raise ConfigurationError([*screened.problems, *(error.problems or first.problems)]) from None
    checked = check(composed)
    clashes = _clashes(composer, screened.overrides, composed, of_sweep or {})
    # A key whose override was refused has its default now, or none: that says nothing more.
    refused = {p.subject.partition("=")[0] for p in screened.problems}
    others = [p for p in checked.problems if p.subject.partition("=")[0] not in refused]
    problems = [*screened.problems, *others, *clashes]
    if problems:
        raise ConfigurationError(problems)
    notices = list(dict.fromkeys([*screened.notices, *checked.notices]))
    variation = spelt_out(composer, screened.overrides, composed)
    return Examined(screened.overrides, checked.configuration, composed, notices, variation)


def _clashes(
    composer: Composer, overrides: Sequence[str], composed: DictConfig, of_sweep: Mapping[str, str]
) -> list[Problem]:
    """Overrides of keys that the chosen experiment or sweep itself sets to something else."""
    found = []
    for group in ("experiment", "sweep"):
        choice = composed.hydra.runtime.choices.get(group)
        if choice is None:
            continue
        file = composer.option_file(group, choice)
        values = {k: v for k, v in file.values.items() if not k.startswith("hydra.")}
        for text in overrides:
            override = composer.parse(text)
            name = override.key_or_group
            # Another option takes nothing away from the values: they are set in whatever is chosen.
            theirs = file.picks if composer.chooses(override) else values
            for key, value in theirs.items():
                if _same_key(name, key) and not _equal(override.value(), value):
                    found.append(_clash(text, name, f"{group}={choice}", key, value, name in of_sweep))
    return found


def _clash(text: str, name: str, source: str, key: str, value: object, of_sweep: bool) -> Problem:
    typed = f"the sweep sets {text}" if of_sweep else f"you typed {text}"
    wrong = f"{source} itself sets {key}={value} and {typed}: leave one of the two out"
    return Problem(text, wrong, None if of_sweep else f"{source} without {name}, or {text} without {source}")


def _same_key(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _equal(one: object, other: object) -> bool:
    try:
        return float(str(one)) == float(str(other))
    except ValueError:
        return str(one) == str(other)
