"""What is to be trained: one run, or the jobs of a sweep, every one checked before the first starts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from experiments.config.composition import Composer
from experiments.config.examination import Examined, examine
from experiments.config.problems import ConfigurationError, Problem, listed
from experiments.runs.names import job_names
from experiments.sweeps.differences import differences
from experiments.sweeps.launchers import ELSEWHERE, check_launcher, launcher_of
from experiments.sweeps.parameters import choice_of_sweep, chosen_sweep, no_list, parameters_of, parse_all
from experiments.sweeps.stackable import BASIC, VECTORISED, check_stackable, is_vectorised


@dataclass(frozen=True)
class Job:
    """One run to be: its folder's name in a sweep, the keys that are swept with their values, its configuration."""

    name: str
    swept: dict[str, str]
    examined: Examined


@dataclass(frozen=True)
class Plan:
    """`name` is the sweep's; None for a single run."""

    name: str | None
    jobs: list[Job]
    overrides: list[str]
    notices: list[str] = field(default_factory=list)

    @property
    def size(self) -> str:
        """`5 jobs`."""
        return "1 job" if len(self.jobs) == 1 else f"{len(self.jobs)} jobs"

    @property
    def together(self) -> bool:
        """Whether the jobs are to be trained as one, by `hydra/launcher=vectorised`."""
        return is_vectorised(self.jobs[0].examined)

    @property
    def elsewhere(self) -> bool:
        """Whether its jobs run on other machines than this one."""
        return self.name is not None and launcher_of(self.jobs[0].examined.composed) in ELSEWHERE

    @property
    def folder(self) -> Path:
        """Where the configuration says that the run or sweep goes, before it is claimed."""
        composed = self.jobs[0].examined.composed
        key = "hydra.sweep.dir" if self.name else "hydra.run.dir"
        try:
            return Path(str(OmegaConf.select(composed, key)))
        except OmegaConfBaseException as error:
            raise ConfigurationError([Problem(key, str(error).splitlines()[0])]) from error


def make_plan(composer: Composer, overrides: Sequence[str], *, multirun: bool = False) -> Plan:
    """Compose and check everything that these overrides ask for.

    Raises:
        ConfigurationError: with the mistakes of all jobs at once.
    """
    sweep = chosen_sweep(composer, overrides)
    if not multirun and sweep is None:
        examined = examine(composer, overrides)
        if is_vectorised(examined):
            wrong = "it trains the jobs of a sweep together, and this is one run"
            raise ConfigurationError([Problem(VECTORISED, wrong, f"-m optimizer.lr=0.01,0.1 {VECTORISED}")])
        return Plan(None, [_job("", {}, examined)], list(overrides), [*examined.notices, *_for_sweeps(examined)])
    parameters = parameters_of(composer, sweep, overrides) if sweep else {}
    parsed, problems = parse_all(composer, [*(f"{k}={v}" for k, v in parameters.items()), *overrides])
    clashes = _typed_over(parameters, parsed[len(parameters) :], sweep_name=choice_of_sweep(overrides))
    jobs, more = _examine_all(composer, parsed, parameters)
    if problems or clashes or more:
        raise ConfigurationError([*problems, *clashes, *more])
    if not jobs:
        raise ConfigurationError([Problem("the sweep", "there is no value to run over", "-m seed=0,1,2")])
    swept_keys = [o.key_or_group for o in parsed if o.is_sweep_override()]
    if sweep is None and not any(o.key_or_group in ("experiment", "expect") for o in parsed) and swept_keys != ["seed"]:
        # What the recipe as it stands is expected to show says nothing about numbers that are being tried out.
        for _, examined in jobs:
            examined.configuration["expect"] = None
    name = jobs[0][1].configuration.get("name") or ",".join(dict.fromkeys(swept_keys)) or "single"
    safe_name = re.sub(r"[^A-Za-z0-9._=,+-]|^\.+$", "_", str(name))
    swept = [{k: _value_of(job, k) for k in dict.fromkeys(swept_keys)} for job, _ in jobs]
    names = job_names([[(k, v, k in composer.groups) for k, v in one.items()] or [("job", "0", True)] for one in swept])
    notices = list(dict.fromkeys(notice for _, examined in jobs for notice in examined.notices))
    planned = [_job(n, s, e, safe_name) for n, s, (_, e) in zip(names, swept, jobs, strict=True)]
    plan = Plan(safe_name, planned, list(overrides), notices)
    _refuse_as_a_whole(plan, swept_keys)
    return plan


def _for_sweeps(examined: Examined) -> list[str]:
    """What a single run does without."""
    timeout = (examined.configuration.get("job") or {}).get("timeout")
    return [] if timeout is None else [f"job.timeout={timeout:g} is ignored: a single run may take as long as it likes"]


def _refuse_as_a_whole(plan: Plan, swept_keys: Sequence[str]) -> None:
    """What is wrong with no single job, but with all of them together."""
    configurations = [job.examined.configuration for job in plan.jobs]
    if plan.together and (standing := check_stackable(configurations)):
        raise ConfigurationError(standing)
    if len(plan.jobs) > 1 and not differences(configurations)[0]:
        wrong = f"all {plan.size} would be the same run: {listed(dict.fromkeys(swept_keys))} changes nothing here"
        raise ConfigurationError([Problem(str(plan.name), wrong)])
    if any(one["trainer"].get("strategy") == "ddp" for one in configurations):
        wrong = "it trains one run in several processes, and the jobs of a sweep have a process each already"
        raise ConfigurationError([Problem("trainer=ddp", wrong, "trainer=auto hydra/launcher=parallel")])
    if plan.together and plan.jobs[0].examined.composed.hydra.get("callbacks"):
        wrong = "Hydra's callbacks are called for jobs that run one by one"
        raise ConfigurationError([Problem("hydra.callbacks", wrong, BASIC)])
    if len({launcher_of(job.examined.composed) for job in plan.jobs}) > 1:
        raise ConfigurationError([Problem("hydra/launcher", "all jobs of a sweep have the same", VECTORISED)])


def _job(name: str, swept: dict[str, str], examined: Examined, sweep_name: str | None = None) -> Job:
    if wrong := check_launcher(examined.composed):
        raise ConfigurationError(wrong)
    if sweep_name is not None:
        with open_dict(examined.composed):
            examined.composed.name = sweep_name
    return Job(name, swept, examined)


def _typed_over(parameters: dict[str, str], typed: Sequence[Override], *, sweep_name: str | None) -> list[Problem]:
    """Overrides that the user typed of keys that the sweep runs over."""
    return [
        Problem(
            str(override.input_line),
            f"sweep={sweep_name} itself runs over {key}={parameters[key]} and you typed {override.input_line}: "
            "leave one of the two out",
            f"-m {override.input_line} without sweep={sweep_name}" if override.is_sweep_override() else None,
        )
        for override in typed
        if (key := override.key_or_group) in parameters
    ]


def _examine_all(
    composer: Composer, parsed: Sequence[Override], parameters: dict[str, str]
) -> tuple[list[tuple[list[str], Examined]], list[Problem]]:
    drawn = [o for o in parsed if o.is_interval_sweep()]
    if drawn:
        return [], [no_list(override) for override in drawn]
    (batch,) = BasicSweeper.split_arguments(list(parsed), None)
    jobs: list[tuple[list[str], Examined]] = []
    problems: list[Problem] = []
    for overrides in batch:
        of_sweep = {key: _value_of(overrides, key) for key in parameters}
        try:
            jobs.append((overrides, examine(composer, overrides, of_sweep=of_sweep)))
        except ConfigurationError as error:
            problems += error.problems
    return _without_repetition(jobs), problems


def _without_repetition(jobs: list[tuple[list[str], Examined]]) -> list[tuple[list[str], Examined]]:
    """Each job once: `seed=1,1` asks for one run, not for two in the same folder."""
    return list({tuple(overrides): (overrides, examined) for overrides, examined in jobs}.values())


def _value_of(overrides: Sequence[str], key: str) -> str:
    for text in reversed(overrides):
        name, _, value = text.partition("=")
        if name.lstrip("+") == key:
            return value.strip("'\"")
    return ""
