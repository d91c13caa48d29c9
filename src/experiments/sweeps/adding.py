"""More values of the keys that a sweep runs over: the jobs that it lacks then."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Override

from experiments.config.composition import Composer
from experiments.config.examination import examine
from experiments.config.problems import ConfigurationError, Problem, listed, nearest
from experiments.runs.names import job_names
from experiments.sweeps.parameters import no_list, parse_all


def more_jobs(composer: Composer, jobs: Sequence[Mapping[str, Any]], overrides: Sequence[str]) -> list[dict[str, Any]]:
    """Entries of sweep.json for each new value with each combination of the others, those that are there left out.

    A job differs from one that was planned in that value alone, whatever the files say by now.

    Raises:
        ConfigurationError: a key that the sweep does not run over, a value that may not be.
    """
    parsed, problems = parse_all(composer, overrides)
    swept = dict.fromkeys(key for job in jobs for key in job["swept"])
    problems += [_not_swept(override, swept) for override in parsed if override.key_or_group not in swept]
    problems += [no_list(override) for override in parsed if override.is_interval_sweep()]
    if problems:
        raise ConfigurationError(problems)
    values = {key: list(dict.fromkeys(job["swept"][key] for job in jobs)) for key in swept}
    for override in parsed:
        asked = _values(override)
        values[override.key_or_group] += [one for one in asked if one not in values[override.key_or_group]]
    there = [dict(job["swept"]) for job in jobs]
    asked_for = {override.key_or_group: _values(override) for override in parsed}
    added = []
    for combination in itertools.product(*values.values()):
        one = dict(zip(values, combination, strict=True))
        if one not in there and any(one[key] in asked for key, asked in asked_for.items()):
            added.append(_entry(composer, jobs, one))
    names = job_names([_named(composer, one["swept"]) for one in [*jobs, *added]])[len(jobs) :]
    return [{**one, "folder": name} for one, name in zip(added, names, strict=True)]


def _entry(composer: Composer, jobs: Sequence[Mapping[str, Any]], swept: dict[str, str]) -> dict[str, Any]:
    closest = max(jobs, key=lambda job: sum(job["swept"][key] == value for key, value in swept.items()))
    overrides = [f"{key}={swept[key]}" if (key := _key(text)) in swept else text for text in closest["overrides"]]
    today = examine(composer, overrides, of_sweep=swept)
    before = examine(composer, closest["overrides"], of_sweep=closest["swept"])
    configuration = _changed(closest["configuration"], before.configuration, today.configuration)
    return {
        "folder": "",
        "overrides": overrides,
        "variation": today.variation,
        "swept": swept,
        "config_hash": None,
        "status": "planned",
        "configuration": configuration,
    }


def _changed(planned: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What was planned, with all that differs between two of today: a value, and what follows from it."""
    found = copy.deepcopy(dict(planned))
    for name in {*before, *after}:
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        if name not in after:
            found.pop(name, None)
        elif all(isinstance(tree, Mapping) for tree in (one, other, found.get(name))):
            found[name] = _changed(found[name], before[name], after[name])
        else:
            found[name] = other
    return found


def _not_swept(override: Override, swept: Mapping[str, object]) -> Problem:
    wrong = f"this sweep runs over {listed(swept)}; another value of another key is another sweep"
    better = nearest(override.key_or_group, [*swept, *(key.rpartition(".")[2] for key in swept)])
    key = next((key for key in swept if better and key.endswith(better)), next(iter(swept), "seed"))
    return Problem(str(override.input_line), wrong, f"{key}={_typed(override) if better else 'VALUE'}")


def _typed(override: Override) -> str:
    return str(override.input_line).partition("=")[2]


def _values(override: Override) -> list[str]:
    if override.is_sweep_override():
        return [str(value).strip("'\"") for value in override.sweep_string_iterator()]
    return [str(override.get_value_element_as_str()).strip("'\"")]


def _named(composer: Composer, swept: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    return [(key, value, key in composer.groups) for key, value in swept.items()] or [("job", "0", True)]


def _key(text: str) -> str:
    return text.partition("=")[0].lstrip("+")
