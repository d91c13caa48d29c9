"""One job of a sweep, as it is done in a process of its own."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, env_override, run_job
from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict

from experiments.config.composition import Composer
from experiments.runs.full_disk import named
from experiments.sweeps.hydra_record import write_hydra_record
from experiments.training.judgement import Judge
from experiments.training.run_record import Origin


@dataclass(frozen=True)
class JobSpec:
    """All that a worker needs to know of a job.

    Attributes:
        composed: Hydra's configuration, with its `hydra` node.
        configuration: the checked one.
        folder: of the run, absolute.
        origin: as run.json says it; names the folder of the user's own YAML files.
        parameters: what differs between the jobs, for TensorBoard's HParams.
        label: the job in a progress bar.
        judge: says at the end what the curves show; importable by its name.
        threads: to compute with; None: as many as torch likes.
        goes_on: it was begun before, and takes up what is in its folder; so does one that a cluster begins again.
    """

    composed: DictConfig
    configuration: dict[str, Any]
    folder: Path
    origin: Origin
    parameters: Mapping[str, Any]
    label: str
    judge: Judge | None = None
    threads: int | None = None
    goes_on: bool = False


def train_job(spec: JobSpec) -> str | None:
    """Train it in its folder; what went wrong in a line, or None."""
    from experiments.sweeps.worker_life import last_words
    from experiments.training.beginning import Request
    from experiments.training.fit import train

    _use_threads(spec.threads)
    request = Request(
        spec.configuration,
        spec.folder,
        spec.origin,
        spec.judge,
        spec.parameters,
        in_sweep=spec.label,
        goes_on=spec.goes_on or (spec.folder / "run.json").exists(),
    )
    try:
        spec.folder.mkdir(parents=True, exist_ok=True)
        with last_words(spec.folder / "fit.log"):
            composer = _composer(spec.origin.config_dir)
            result = run_as_hydra_job(composer, spec.composed, spec.folder, lambda: train(request))
    except OSError as error:  # of Hydra's own record, or the folder
        raise named(error, spec.folder) from None
    if result.status is not JobStatus.FAILED:
        return None
    raised = named(result._return_value, spec.folder)
    return f"{type(raised).__name__}: {raised}"


@dataclass(frozen=True)
class Checked:
    """What is known of jobs before the first starts: what is to be said of their data, and where they train."""

    notices: list[str]
    on_cpu: bool


def check_jobs(configurations: Sequence[Mapping[str, Any]]) -> Checked:
    """Load the data and build the networks; what they refuse is refused for all at once.

    Raises:
        ConfigurationError: with every mistake.
        DataError: the data cannot be trained on.
    """
    from experiments.config.problems import ConfigurationError
    from experiments.training.device import device_for
    from experiments.training.preparation import prepare

    notices: list[str] = []
    problems = []
    for configuration in configurations:
        try:
            notices += prepare(configuration).data.notices
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return Checked(notices, all(device_for(one).type == "cpu" for one in configurations))


def run_as_hydra_job(
    composer: Composer, composed: DictConfig, folder: Path, function: Callable[[], object]
) -> JobReturn:
    """As a Hydra job: with `.hydra/`, HydraConfig and the user's own Hydra callbacks."""
    folder = folder.absolute()  # hydra.job.chdir may go elsewhere
    place(composed, folder)
    if not (composed.hydra.get("callbacks") or _wants_own_logging(composed)):
        return _run_without_copies(composed, folder, function)
    return run_job(
        task_function=lambda _: function(),
        config=composed,
        job_dir_key="hydra.run.dir",
        job_subdir_key=None,
        hydra_context=HydraContext(config_loader=composer.loader, callbacks=Callbacks(composed)),
        configure_logging=_wants_own_logging(composed),
    )


def _run_without_copies(composed: DictConfig, folder: Path, function: Callable[[], object]) -> JobReturn:
    """What Hydra's `run_job` does where nothing of the user's listens to it.

    That copies the whole configuration four times and writes it in Python's YAML: a tenth of a second a job.
    """
    result = JobReturn()
    elsewhere = contextlib.chdir(folder) if composed.hydra.job.chdir else contextlib.nullcontext()
    try:
        with _hydra_config(composed):
            write_hydra_record(composed, folder)
            with env_override(dict(composed.hydra.job.env_set)), elsewhere:
                result.return_value, result.status = function(), JobStatus.COMPLETED
    except Exception as error:
        result.return_value, result.status = error, JobStatus.FAILED
    return result


@contextlib.contextmanager
def _hydra_config(composed: DictConfig) -> Iterator[None]:
    """What HydraConfig says meanwhile."""
    config = HydraConfig.instance()
    before = config.cfg
    config.set_config(composed)
    try:
        yield
    finally:
        config.cfg = before


def number(composed: DictConfig, count: int) -> None:
    """Hydra's own number of the job."""
    with open_dict(composed):
        composed.hydra.job.num = count
        composed.hydra.job.id = str(count)


def place(composed: DictConfig, folder: Path) -> None:
    """Hydra's own record of where the job goes."""
    folder = folder.absolute()
    with open_dict(composed):
        composed.hydra.run.dir = str(folder)
        composed.hydra.sweep.dir, composed.hydra.sweep.subdir = str(folder.parent), folder.name
        composed.hydra.runtime.output_dir = str(folder)


def _wants_own_logging(composed: DictConfig) -> bool:
    """Whether the user chose one of Hydra's logging configurations; the run's own fit.log needs none."""
    return bool(composed.hydra.runtime.choices.get("hydra/job_logging") != "none")


@functools.cache
def _composer(config_dir: str | None) -> Composer:
    return Composer(config_dir)


def _use_threads(count: int | None) -> None:
    import torch

    torch.set_num_threads(count or _torchs_own())


@functools.cache
def _torchs_own() -> int:
    import torch

    return torch.get_num_threads()
