"""`hydra/launcher`: what there is, and whether its keys have possible values; known before anything is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.config.problems import Problem, listed

HERE = ("basic", "parallel", "joblib", "vectorised")
CLUSTERS = ("submitit_local", "submitit_slurm", "ray")
ELSEWHERE = ("submitit_slurm", "ray")
"""Their jobs run on other machines, with other devices than this one's."""


@dataclass(frozen=True)
class Number:
    """What a key counts, and between what it must be."""

    of: str
    least: int
    example: int
    most: int | None = None
    whole: bool = True

    def allows(self, value: object) -> bool:
        """Whether it is such a number."""
        kinds = (int,) if self.whole else (int, float)
        right = isinstance(value, kinds) and not isinstance(value, bool)
        return right and self.least <= value and (self.most is None or value <= self.most)  # type: ignore[operator]

    def wrong(self) -> str:
        """What is wrong with a value that it does not allow."""
        if self.most is not None:
            return f"a job is one process, so it must be {self.most}; {self.of}"
        kind = "an integer" if self.whole else "a number"
        return f"this is no number of {self.of}; it must be {kind} of at least {self.least}"


ONE_PROCESS = "more GPUs for each job: trainer.devices"
NUMBERS = {
    "workers": Number("processes", 1, 2),
    "timeout_min": Number("minutes", 1, 60),
    "cpus_per_task": Number("cores", 1, 2),
    "gpus_per_node": Number("GPUs", 0, 1),
    "mem_gb": Number("gigabytes", 0, 4, whole=False),
    "nodes": Number(ONE_PROCESS, 1, 1, most=1),
    "tasks_per_node": Number(ONE_PROCESS, 1, 1, most=1),
    "signal_delay_s": Number("seconds", 1, 90),
    "max_num_timeout": Number("timeouts", 0, 3),
    "array_parallelism": Number("jobs", 1, 8),
    "ray.remote.num_cpus": Number("cores", 1, 2),
    "ray.remote.num_gpus": Number("GPUs", 0, 1, whole=False),
    "ray.remote.memory": Number("bytes", 1, 4_000_000_000),
}
"""Of `hydra.launcher`; one that is null is the cluster's own to choose."""

NEEDED = ("workers", "timeout_min", "cpus_per_task", "max_num_timeout", "ray.remote.num_cpus")


def launcher_of(composed: DictConfig) -> str:
    """The option of `hydra/launcher`."""
    return str(composed.hydra.runtime.choices.get("hydra/launcher"))


def settings_of(composed: DictConfig) -> dict[str, Any]:
    """The keys of `hydra.launcher` with their values."""
    plain = OmegaConf.to_container(composed.hydra.launcher, resolve=True)
    assert isinstance(plain, dict)
    return {str(name): value for name, value in plain.items()}


def workers_of(composed: DictConfig) -> int | None:
    """How many jobs at once, by `parallel` and `joblib`; None: it was not asked for."""
    jobs: int | None = composed.hydra.launcher.get("n_jobs")
    if jobs is not None and jobs < 0:  # joblib's: -1 are all cores, -2 all but one
        return max(1, cores() + 1 + jobs)
    workers: int | None = composed.hydra.launcher.get("workers")
    return workers if jobs is None else jobs


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_launcher(composed: DictConfig) -> list[Problem]:
    """What is wrong with the chosen launcher and its values."""
    return [*_unknown(composed), *_wrong_numbers(composed), *_wrong_jobs(composed)]


def chooses_launcher(override: str) -> bool:
    """Whether it is about who trains, and not about what is trained."""
    return override.lstrip("+").startswith(("hydra/launcher=", "hydra.launcher."))


def relaunched(overrides: Sequence[str], launcher: Sequence[str]) -> list[str]:
    """The overrides of a job with those of another launcher, or of other values of the same."""
    another = any(text.startswith("hydra/launcher=") for text in launcher)
    return [*(text for text in overrides if not (another and chooses_launcher(text))), *launcher]


def _unknown(composed: DictConfig) -> Iterator[Problem]:
    for part, known in {"launcher": (*HERE, *CLUSTERS), "sweeper": ("basic",)}.items():
        choice = composed.hydra.runtime.choices.get(f"hydra/{part}")
        if choice not in known:
            wrong = f"there is no other on this machine than {listed([f'hydra/{part}={name}' for name in known])}"
            yield Problem(f"hydra/{part}={choice}", wrong, f"hydra/{part}=basic")


def _wrong_numbers(composed: DictConfig) -> Iterator[Problem]:
    values = dict(_dotted(settings_of(composed)))
    for key, number in NUMBERS.items():
        value = values.get(key, number.example)
        if not number.allows(value) and (value is not None or key in NEEDED):
            name = f"hydra.launcher.{key}"
            yield Problem(f"{name}={value}", number.wrong(), f"{name}={number.example}")


def _wrong_jobs(composed: DictConfig) -> Iterator[Problem]:
    jobs = composed.hydra.launcher.get("n_jobs", 1)
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs == 0:
        wrong = (
            "this is no number of processes; it must be an integer of at least 1, or -1 for as many as there are cores"
        )
        yield Problem(f"hydra.launcher.n_jobs={jobs}", wrong, "hydra.launcher.n_jobs=2")


def _dotted(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
