"""Who trains the jobs of a sweep, by `hydra/launcher`; libraries and clusters that are missing are refused."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from experiments.config.problems import ConfigurationError, Problem
from experiments.runs.full_disk import nearest_there
from experiments.sweeps.cluster import ClusterCrew
from experiments.sweeps.launchers import CLUSTERS, cores, launcher_of, settings_of, workers_of
from experiments.sweeps.shares import Shares, share
from experiments.sweeps.supervision import Crew
from experiments.sweeps.workforce import Workforce


@contextmanager
def recruited(composed: DictConfig, crew: Crew) -> Iterator[Callable[[Path], Workforce]]:
    """While the block runs, those who train the jobs below a sweep's folder; it need not be claimed before.

    Args:
        composed: Hydra's configuration of a job.
        crew: of this machine.

    Raises:
        ConfigurationError: what the launcher needs is not there.
    """
    launcher, settings = launcher_of(composed), settings_of(composed)
    if launcher == "ray":
        from experiments.sweeps.on_ray import OnRay, connected, room_for

        check_installed(launcher)
        remote = settings["ray"]["remote"]
        with connected(settings["ray"]["init"]):
            # What waits on this side need not be cancelled there.
            most = room_for(remote) if composed.get("on_failure") == "stop" else None
            yield lambda folder: ClusterCrew(OnRay(remote), most)
    elif launcher in CLUSTERS:
        from experiments.sweeps.on_submitit import OnSubmitit

        check_installed(launcher)
        _check_logs(settings.get("submitit_folder"))
        kind = launcher.removeprefix("submitit_")
        most = max(1, cores() // settings["cpus_per_task"]) if kind == "local" else None
        yield lambda folder: ClusterCrew(OnSubmitit(kind, settings, folder), most)
    else:
        yield lambda folder: crew


def shares_of(composed: DictConfig, configurations: Sequence[Mapping[str, Any]], *, on_cpu: bool) -> Shares:
    """How many jobs at once in how many threads: as a cluster gives them cores, or this machine's shared out."""
    settings = settings_of(composed)
    if launcher_of(composed) in CLUSTERS:
        given = settings["ray"]["remote"]["num_cpus"] if "ray" in settings else settings["cpus_per_task"]
        return Shares(len(configurations), given)
    return share(configurations, workers_of(composed), on_cpu=on_cpu)


def check_installed(launcher: str) -> None:
    """Whether the library and the commands of a launcher are there.

    Raises:
        ConfigurationError: they are not.
    """
    asked = f"hydra/launcher={launcher}"
    library = launcher.partition("_")[0]
    if library in ("submitit", "ray") and importlib.util.find_spec(library) is None:
        wrong = f"{asked} needs {library}, which is not installed"
        raise ConfigurationError([Problem(asked, wrong, f"pip install 'experiments[{library}]'")])
    if launcher == "submitit_slurm" and not (shutil.which("sbatch") and shutil.which("srun")):
        wrong = "this machine has no sbatch and srun, so it is no login node of a Slurm cluster"
        raise ConfigurationError([Problem(asked, wrong, "hydra/launcher=submitit_local")])


def _check_logs(typed: str | None) -> None:
    """Whether submitit may write there; the folder itself is made when the sweep's own is.

    Raises:
        ConfigurationError: it may not.
    """
    if typed is None:
        return
    there = nearest_there(Path(typed))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        key = "hydra.launcher.submitit_folder"
        wrong = f"this folder cannot be written: {there} is {'not writable' if there.is_dir() else 'a file'}"
        raise ConfigurationError([Problem(f"{key}={typed}", wrong, f"{key}=FOLDER")])
