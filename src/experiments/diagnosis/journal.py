"""A diagnosis is kept beside what it judges: `diagnosis.json` in the run's or the sweep's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Diagnosis, Finding
from experiments.diagnosis.readers.run_folder import read_run
from experiments.diagnosis.report import SCHEMA, Report, compared, diagnose, diagnose_all
from experiments.runs.ending import OVER
from experiments.runs.files import write_json
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

FILE = "diagnosis.json"


def keep_for_run(folder: Path, status: str | None = None) -> Diagnosis:
    """Diagnose a run that ends with this status, and write it down."""
    report = diagnose_all([read_run(Run(folder), status=status)], together=False)
    write_json(folder / FILE, report.as_json())
    return report.runs[0]


def report_of(run: Run) -> Report:
    """A run's diagnosis, of itself alone."""
    return diagnose_all([read_run(run)], together=False)


def keep(report: Report, folder: Path) -> None:
    """Write it down in the folder of what it judges."""
    write_json(folder / FILE, report.as_json())


def report_of_sweep(sweep: Sweep) -> Report:
    """A sweep's diagnosis, its runs compared; what a run that is over said of itself alone is not worked out again."""
    trainings, alone = [], []
    for run in sweep.runs:
        kept = _kept(run)
        curves = read_run(run, steps=kept is None)
        alone.append(kept or diagnose(curves))
        trainings.append(curves.without_steps())
    return compared(trainings, alone)


def _kept(run: Run) -> Diagnosis | None:
    """What its diagnosis.json says; None while it may change, or if it cannot be read."""
    if run.status not in OVER:
        return None
    try:
        said = run.diagnosis or {}
        (one,) = said["runs"]
        findings = tuple(Finding.from_json(finding) for finding in one["findings"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Diagnosis(str(run.path), findings) if said.get("schema") == SCHEMA and findings else None


def trainings_of(sweep: Sweep) -> Sequence[Curves]:
    """The runs of a sweep that have started, in the order of its jobs."""
    return [read_run(run) for run in sweep.runs]
