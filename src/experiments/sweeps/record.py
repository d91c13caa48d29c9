"""sweep.json: the jobs as they were planned, and how far each is."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from experiments.runs.files import read_json, write_json
from experiments.runs.throttle import Throttle
from experiments.sweeps.plan import Job, Plan

Reason = tuple[str, str]
"""Of a failure: type and message."""

WRITING_SHARE = 0.02
"""sweep.json may take this share of the time: of hundreds of jobs it takes a tenth of a second to write."""


class SweepRecord:
    """The content of a sweep's `sweep.json`.

    While the sweep runs, the runs' own run.json say how far it is; this file is written now and then, and at the end.
    Where it cannot be written by then, the sweep goes on, and says so.

    Raises:
        OSError: it cannot be written when the sweep begins.
    """

    def __init__(self, folder: Path, content: dict[str, Any]) -> None:
        self.folder = folder
        self.content = content
        self._writing = Throttle(WRITING_SHARE)
        self.content |= {"status": "running", "pid": os.getpid(), "host": socket.gethostname()}
        self._write()

    @classmethod
    def of(cls, folder: Path, plan: Plan, command: str, config_dir: str | None = None) -> Self:
        """A sweep that begins."""
        return cls(
            folder,
            {
                "schema": 1,
                "name": plan.name,
                "command": command,
                "overrides": plan.overrides,
                "config_dir": config_dir,
                "started": datetime.now(UTC).isoformat(timespec="seconds"),
                "status": "running",
                "pid": None,
                "host": None,
                "jobs": [entry(job) for job in plan.jobs],
                "configuration": plan.jobs[0].examined.configuration,
            },
        )

    def begin(self, *names: str) -> None:
        """These jobs are at work."""
        for name in names:
            self._job(name)["status"] = "running"
        if self._writing.due:
            self.write()

    def end(self, name: str, reason: Reason | None = None) -> dict[str, Any]:
        """The job is over; returns what its own run.json says, an empty one if it left none: then it has failed.

        Args:
            name: of its folder.
            reason: what went wrong, where run.json could not say so.
        """
        job = self._job(name)
        job.pop("error", None)  # of an earlier time
        try:
            run = dict(read_json(self.folder / name / "run.json"))
            outcome = {"status": run["status"], "config_hash": run["config_hash"]}
        except (OSError, ValueError, KeyError):
            run, outcome = {}, {"status": "failed"}
        if reason is not None and not run.get("error"):
            error = {"type": reason[0], "message": reason[1]}
            run, outcome = {**run, "status": "failed", "error": error}, {**outcome, "status": "failed", "error": error}
        job.update(outcome)
        return run

    def reset(self, name: str) -> None:
        """The job has not begun after all."""
        self._job(name)["status"] = "planned"

    def finish(self, status: str) -> None:
        """The sweep is over: `finished` or `interrupted`."""
        self.content["status"] = status
        self.write()

    def write(self) -> None:
        """The file as it stands, if there is room."""
        try:
            self._write()
        except OSError as error:
            print(f"note: {error}", file=sys.stderr, flush=True)

    def _write(self) -> None:
        with self._writing.timed():
            write_json(self.folder / "sweep.json", self.content)

    def _job(self, name: str) -> dict[str, Any]:
        job: dict[str, Any] = next(job for job in self.content["jobs"] if job["folder"] == name)
        return job


def entry(job: Job) -> dict[str, Any]:
    """A job that is planned: all that resuming needs, whatever becomes of the files that it was composed from."""
    return {
        "folder": job.name,
        "overrides": job.examined.overrides,
        "variation": job.examined.variation,
        "swept": job.swept,
        "config_hash": None,
        "status": "planned",
        "configuration": job.examined.configuration,
    }


def how_it_ended(run: Mapping[str, Any]) -> str:
    """Half a line on a run.json: status, numbers, time; of a failed one the reason."""
    if run.get("error"):
        return f"failed: {run['error']['type']}: {run['error']['message']}"
    final = (run.get("metrics") or {}).get("final") or {}
    numbers = ", ".join(f"{k} {v:.4g}" for k, v in final.items() if k != "epoch" and v is not None)
    return f"{run.get('status', 'failed')}, {numbers} ({run.get('seconds', 0.0):.1f} s)"
