"""`Sweep`: the folder of a sweep, read from its files alone, also while it still runs."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.runs.alive import is_killed
from experiments.runs.ending import OVER
from experiments.runs.files import read_json
from experiments.runs.misplaced import not_a_sweep
from experiments.runs.run import ForeignRun, NotARun, Run
from experiments.runs.schema import OtherSchema, check_schema
from experiments.runs.standing import DAMAGED, FOREIGN, best_first, job_row

if TYPE_CHECKING:
    import pandas as pd


class NotASweep(Exception):  # noqa: N818 - reads as what it says
    """The path is not a sweep's folder; the message says what it is and which sweep could be meant."""


class Sweep:
    """A sweep's folder. Every access reads the files anew, since its jobs may still be at work.

    Raises NotASweep if `path` holds no sweep.json.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "sweep.json").is_file():
            raise NotASweep(not_a_sweep(self.path))

    @property
    def record(self) -> dict[str, Any]:
        """sweep.json. Raises NotASweep if that is damaged, or of a schema that this version does not read."""
        path = self.path / "sweep.json"
        try:
            record = dict(read_json(path))
            check_schema(record, path)
            for job in record["jobs"]:
                str(job["folder"] + job["status"]), dict(job["swept"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            runs = f"its runs are whole all the same: experiments diagnose {shlex.quote(str(self.path))}/*/"
            raise NotASweep(f"{path} is damaged: {type(error).__name__}: {error}\n  {runs}") from error
        except OtherSchema as other:
            raise NotASweep(str(other)) from other
        return record

    @property
    def name(self) -> str:
        """The sweep's name, `learning_rate`; the folder's own is a date."""
        return str(self.record.get("name") or self.path.name)

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """The planned jobs in their order: `folder`, `overrides`, `swept`, `config_hash`, `status`."""
        return list(self.record["jobs"])

    @property
    def is_at_work(self) -> bool:
        """Whether its jobs are still being trained, by another process than this."""
        record = self.record
        return record.get("status") == "running" and record.get("pid") != os.getpid() and not is_killed(record)

    @property
    def is_over(self) -> bool:
        """Whether every job went on to its end."""
        return all(run is not None and run.status in OVER for _, run in self._started())

    @property
    def runs(self) -> list[Run]:
        """The runs of the jobs that have started, in the jobs' order; those that cannot be read are left out."""
        return [run for _, run in self._started() if run]

    @property
    def unreadable(self) -> list[str]:
        """What is wrong with each run.json that is damaged, or of another version."""
        return [job["error"] for job, _ in self._started() if job["status"] in (DAMAGED, FOREIGN)]

    @property
    def is_regression(self) -> bool:
        """Whether the runs are measured by `rmse` instead of `error_rate`."""
        return any(run.is_regression for run in self.runs)

    def rows(self) -> list[dict[str, Any]]:
        """The rows of `table()` as dictionaries, without pandas; a number that is not there is NaN."""
        started = self._started()
        score = "rmse" if any(run and run.is_regression for _, run in started) else "error_rate"
        keys = list(dict.fromkeys(key for job, _ in started for key in job["swept"]))
        said = self._verdicts()
        rows = [
            job_row(self.path / job["folder"], job, run, keys, score, said.get(job["folder"])) for job, run in started
        ]
        return best_first(rows, score)

    def _verdicts(self) -> dict[str, str]:
        """What the sweep's diagnosis.json says of each job, by its folder's name; empty before it is written."""
        try:
            found = read_json(self.path / "diagnosis.json")["runs"]
            return {Path(one["path"]).name: str(one["verdict"]) for one in found}
        except (OSError, ValueError, TypeError, KeyError):
            return {}

    def table(self) -> pd.DataFrame:
        """A row a job, the best first; diverged, failed, interrupted and waiting jobs last, in that order.

        Columns: `run`, one for each swept key, `status`, `epochs`, `train_loss_eval`, `valid_loss`,
        `error_rate`, `best_error_rate` (or `rmse`, `best_rmse`), `best_epoch`, `verdict`, `expect`,
        `seconds`, `folder`, `error`.
        """
        import pandas as pd

        return pd.DataFrame(self.rows())

    def _started(self) -> list[tuple[dict[str, Any], Run | None]]:
        """Each job with its run, or None where there is none yet, or none that can be read."""
        return [self._looked_up(job) for job in self.jobs]

    def _looked_up(self, job: dict[str, Any]) -> tuple[dict[str, Any], Run | None]:
        try:
            run = Run(self.path / job["folder"])
        except NotARun:
            return job, None
        try:
            run.record  # noqa: B018 - reads it
        except NotARun as error:
            status = FOREIGN if isinstance(error, ForeignRun) else DAMAGED
            return {**job, "status": status, "error": str(error)}, None
        return job, run

    def __repr__(self) -> str:
        started = self._started()
        finished = sum(run is not None and run.status == "finished" for _, run in started)
        return f"Sweep({str(self.path)!r}: {self.name}, {finished} of {len(started)} jobs finished)"
