"""Jobs by submitit: a job array of Slurm's, or processes of this machine for trying that out."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.sweeps.cluster import Lost
from experiments.sweeps.errand import Errand
from experiments.sweeps.worker_life import Interrupted, Raised
from experiments.sweeps.workforce import Outcome

EVERY_CLUSTERS = (
    *("timeout_min", "cpus_per_task", "gpus_per_node", "tasks_per_node", "mem_gb", "nodes", "name"),
    "stderr_to_stdout",
)
"""What submitit calls by the same name everywhere; anything else of Slurm's begins with `slurm_`."""

GRACE_SECONDS = 15.0
"""A network's file system may show a job's answer so much later than Slurm says that the job is over."""


class Going:
    """What a job does: called, its errand; before it is stopped for its time, submitit asks how it goes on.

    As it began: training takes up what it finds in its folder.
    """

    def __call__(self, errand: Errand) -> Outcome:
        return errand.do()

    def checkpoint(self, errand: Errand) -> Any:
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, errand)


class OnSubmitit:
    """A cluster as submitit knows it.

    Args:
        kind: `slurm` or `local`.
        parameters: those of `hydra.launcher`, `submitit_folder` among them.
        folder: of the sweep.
    """

    def __init__(self, kind: str, parameters: Mapping[str, Any], folder: Path) -> None:
        from submitit import AutoExecutor

        logging.getLogger("submitit").setLevel(logging.CRITICAL)
        given = {name: value for name, value in parameters.items() if value is not None and name != "_target_"}
        logs = Path(given.pop("submitit_folder", folder / ".submitit")).absolute()
        timeouts = given.pop("max_num_timeout")
        self.kind, self.logs = kind, logs
        self._grace = GRACE_SECONDS if kind == "slurm" else 0.0
        self._gone: dict[Any, float] = {}
        self._executor = AutoExecutor(logs, cluster=kind, **{f"{kind}_max_num_timeout": timeouts})
        self._executor.update_parameters(**{self._known_as(name): value for name, value in given.items()})

    def _known_as(self, name: str) -> str:
        return name if name in EVERY_CLUSTERS else f"{self.kind}_{name}"

    def submit(self, errands: Sequence[Errand]) -> Sequence[Any]:
        """One job array.

        Raises:
            RuntimeError: Slurm does not take it.
        """
        from submitit.core.utils import FailedJobError, FailedSubmissionError, environment_variables

        modules = os.pathsep.join(path for path in sys.path if path)
        try:
            with environment_variables(PYTHONPATH=modules):  # before an errand can be read
                return self._executor.map_array(Going(), errands)
        except (FailedJobError, FailedSubmissionError) as error:
            raise RuntimeError(f"sbatch did not take the jobs: {error}") from None

    def over(self, tickets: Collection[Any]) -> Mapping[Any, Outcome]:
        """Those that have answered, and those of which the cluster says that they will not."""
        found = {job: self._outcome(job) for job in tickets}
        return {job: outcome for job, outcome in found.items() if outcome is not None}

    def _outcome(self, job: Any) -> Outcome | None:
        over = job.done()
        if job.paths.result_pickle.exists() and (over or self.kind == "slurm"):
            return _answer(job)
        if not over:
            return None
        gone = self._gone.setdefault(job, time.monotonic())
        if time.monotonic() - gone < self._grace:
            return None
        if job.state.startswith("CANCELLED"):
            return Interrupted()
        says = f"Slurm says {job.state}" if self.kind == "slurm" else "its process is gone"
        return Raised(Lost(f"{says}; its log is {job.paths.stderr}"))

    def drop_waiting(self, tickets: Collection[Any]) -> None:
        """What waits in the array; a process of this machine has begun."""
        self._scancel("--state=PENDING", tickets)

    def interrupt(self, tickets: Collection[Any]) -> None:
        """SIGINT, which is what a job ends in order at: submitit lets it ignore SIGTERM."""
        self._scancel("--state=PENDING", tickets)
        self._scancel("--signal=INT", tickets)
        if self.kind == "local":
            for job in tickets:
                job.cancel(check=False)

    def kill(self, tickets: Collection[Any]) -> None:
        """Whatever is still there."""
        self._scancel("", tickets)

    def _scancel(self, how: str, jobs: Iterable[Any]) -> None:
        arrays = sorted({job.job_id.split("_")[0] for job in jobs})
        if self.kind == "slurm" and arrays:
            subprocess.run(["scancel", *filter(None, [how]), *arrays], capture_output=True, check=False)


def _answer(job: Any) -> Outcome:
    """The job's own; where it has none to give, the last line of what went wrong."""
    from submitit.core.utils import pickle_load

    said, value = pickle_load(job.paths.result_pickle)
    if said == "success":
        outcome: Outcome = value
        return outcome
    return Raised(Lost(str(value).strip().splitlines()[-1]))
