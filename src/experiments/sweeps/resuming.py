"""What is left of a sweep that was interrupted, as it was planned then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, open_dict

from experiments.config.composition import Composer
from experiments.config.examination import examine
from experiments.config.problems import ConfigurationError, Problem
from experiments.config.schema import SILENT
from experiments.config.screening import screen
from experiments.runs.ending import OVER
from experiments.runs.files import read_json
from experiments.runs.schema import OtherSchema, check_schema
from experiments.sweeps.launchers import check_launcher, chooses_launcher, relaunched

RULES = ("job.", "on_failure=")


@dataclass(frozen=True)
class Standing:
    """How far the jobs of a sweep are, by their folders' names.

    Attributes:
        over: finished or diverged.
        begun: interrupted, failed, or left by a process that was killed.
        not_begun: the others.
        foreign: what is wrong with each run.json that another version wrote. Those runs are left alone, however they
            ended: this version cannot know what it would write over, and a newer one may well have finished them.
        damaged: each run.json that cannot be read; those runs are among the begun.
    """

    over: list[str]
    begun: list[str]
    not_begun: list[str]
    foreign: list[str] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, jobs: Sequence[Mapping[str, Any]]) -> Standing:
        """From the runs' own run.json: sweep.json may be older."""
        found = cls([], [], [])
        for job in jobs:
            try:
                run = _run(folder / job["folder"])
            except OtherSchema as other:
                found.foreign.append(str(other))
                continue
            except (OSError, ValueError, TypeError, RecursionError):
                found.damaged.append(folder / job["folder"] / "run.json")
                found.begun.append(job["folder"])
                continue
            known = job.get("config_hash")
            if run is None:
                found.not_begun.append(job["folder"])
            elif run.get("status") in OVER and known in (None, run.get("config_hash")):
                found.over.append(job["folder"])
            else:
                found.begun.append(job["folder"])
        return found

    @property
    def left(self) -> set[str]:
        """What is to be trained."""
        return {*self.begun, *self.not_begun}

    def __str__(self) -> str:
        counts = (
            (len(self.over), "finished"),
            (len(self.begun), "to go on with"),
            (len(self.not_begun), "not begun"),
            (len(self.foreign), "left alone"),
        )
        return ", ".join(f"{count} {what}" for count, what in counts if count)


def as_planned(composer: Composer, job: Mapping[str, Any], launcher: Sequence[str] = ()) -> DictConfig:
    """Hydra's configuration of a job with the values that it had when the sweep began.

    Args:
        composer: as when it began.
        job: its entry in sweep.json.
        launcher: overrides that choose who trains it now.

    Raises:
        ConfigurationError: there is no such launcher.
    """
    if launcher:
        _check(composer, launcher, job)
    try:
        composed = composer.compose(relaunched(job["overrides"], launcher), one_of_many=True)
    except ConfigurationError:  # of a file that is there no more: what is Hydra's own is the same for all
        composed = composer.compose([])
    with open_dict(composed):
        for name in [name for name in composed if name != "hydra"]:
            del composed[name]
        for name, value in job["configuration"].items():
            composed[name] = value
    return composed


def _check(composer: Composer, launcher: Sequence[str], job: Mapping[str, Any]) -> None:
    screened = screen(composer, relaunched([text for text in job["overrides"] if chooses_launcher(text)], launcher))
    problems = screened.problems or check_launcher(composer.compose(screened.overrides))
    if problems:
        raise ConfigurationError(problems)


def is_rule(override: str) -> bool:
    """Whether it is about how a sweep deals with its jobs, and not about what they are."""
    return override.lstrip("+").startswith(RULES)


def under_rules(composer: Composer, jobs: Sequence[Mapping[str, Any]], rules: Sequence[str]) -> list[dict[str, Any]]:
    """The entries of sweep.json with other rules than they were planned with.

    Raises:
        ConfigurationError: there is no such rule, or value.
    """
    if not rules:
        return [dict(job) for job in jobs]
    today = examine(composer, rules).configuration
    asked = {name: today[name] for name in {text.lstrip("+").partition("=")[0].partition(".")[0] for text in rules}}
    return [{**job, "configuration": {**job["configuration"], **asked}} for job in jobs]


def check_content(path: Path, content: Mapping[str, Any]) -> None:
    """Whether the entries of a sweep.json are what `experiments fit` writes, each in a folder of its own below it.

    Raises:
        ConfigurationError: somebody has changed them.
    """
    jobs = content["jobs"]
    wrong = [
        f"its job {job['folder']!r} {what}"
        for job in jobs
        for what, so in {
            "is in no folder of this one": job["folder"] in ("", "..") or job["folder"] != Path(job["folder"]).name,
            "is there twice": sum(one["folder"] == job["folder"] for one in jobs) > 1,
            "has no configuration": not isinstance(job.get("configuration"), Mapping),
            "has no list of overrides": not isinstance(job.get("overrides"), list),
            "has other swept keys than the first": job["swept"].keys() != jobs[0]["swept"].keys(),
        }.items()
        if so
    ]
    wrong += [] if jobs else ["it has no jobs"]
    wrong += [] if isinstance(content.get("configuration"), Mapping) else ["it has no configuration"]
    wrong += [] if isinstance(content.get("config_dir"), str | None) else ["its config_dir is no path"]
    if wrong:
        said = f"{path / 'sweep.json'} is damaged: {wrong[0]}"
        raise ConfigurationError([Problem(f"--resume {path}", said, content.get("command") or "experiments fit")])


def edited_since(composer: Composer, job: Mapping[str, Any]) -> bool:
    """Whether the same overrides would give another configuration today."""
    try:
        today = examine(composer, job["overrides"], of_sweep=job["swept"]).configuration
    except ConfigurationError:
        return True
    return _what_counts(today) != _what_counts(job["configuration"])


def _what_counts(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in configuration.items() if name not in SILENT}


def _run(folder: Path) -> dict[str, Any] | None:
    """run.json; None if the job has not begun.

    Raises:
        OtherSchema: another version wrote it.
        OSError, ValueError, TypeError, RecursionError: it is damaged.
    """
    path = folder / "run.json"
    try:
        run = dict(read_json(path))
    except FileNotFoundError:
        return None
    check_schema(run, path)
    return run
