"""A diagnosis as a whole: for a program, for a terminal, for TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from experiments.diagnosis.commands import with_commands
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.doctor import diagnose_curves
from experiments.diagnosis.findings import Diagnosis, Finding
from experiments.diagnosis.verdicts import SweepDiagnosis, compare

SCHEMA = 1
NAMED_AT_MOST = 6


@dataclass(frozen=True)
class Report:
    """What is said of each run, in the order of the arguments, and of all of them together."""

    runs: tuple[Diagnosis, ...]
    sweep: SweepDiagnosis | None = None

    def as_json(self) -> dict[str, Any]:
        """The document of `diagnose --json`."""
        return {
            "schema": SCHEMA,
            "runs": [run.as_json() for run in self.runs],
            "sweep": self.sweep and self.sweep.as_json(),
        }

    def lines(self) -> list[str]:
        """For the terminal: each run's verdict, what it was seen by, and the next command."""
        if self.sweep is None:
            return [line for run in self.runs for line in (*_run_lines(run, titled=len(self.runs) > 1), "")][:-1]
        width = max((len(_name(run.path)) for run in self.runs), default=0)
        return [*(_line(run, width) for run in self.runs), "", *self.summary_lines()]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def summary_lines(self) -> list[str]:
        """What the runs say together, and the next commands of those that went wrong, where no other run answers."""
        if self.sweep is None:
            return []
        lines = _sweep_lines(self.sweep)
        wrong = [run for run in self.runs if run.verdict != "healthy" and run.command and not self.sweep.compared]
        for run in wrong[:NAMED_AT_MOST]:
            lines += [f"{_name(run.path)}: {run.verdict}", f"  try: {run.command}"]
        if len(wrong) > NAMED_AT_MOST:
            lines.append(f"... and {len(wrong) - NAMED_AT_MOST} more: experiments diagnose --each")
        return lines


def diagnose_all(trainings: Sequence[Curves], *, together: bool) -> Report:
    """Each training's diagnosis; `together` compares them, as one sweep."""
    alone = [diagnose(curves) for curves in trainings]
    return compared(trainings, alone) if together else Report(tuple(alone))


def compared(trainings: Sequence[Curves], alone: Sequence[Diagnosis]) -> Report:
    """Of one sweep; what each says alone is known."""
    judged, sweep = compare(trainings, alone)
    return Report(tuple(judged), sweep)


def diagnose(curves: Curves) -> Diagnosis:
    """One training's diagnosis with the command that follows from its headline."""
    found = diagnose_curves(curves)
    return Diagnosis(found.path, with_commands(curves, found.findings))


def as_markdown(found: Diagnosis) -> str:
    """For TensorBoard's text tab."""
    blocks = [f"**{found.verdict}**"]
    for finding in found.findings:
        blocks.append(f"*{finding.symptom}* ({finding.confidence})")
        blocks.append("\n".join(f"- {line}" for line in finding.evidence))
        blocks.append(finding.advice)
        blocks += [f"    {finding.command}"] if finding.command else []
    return "\n\n".join(blocks)


def _line(run: Diagnosis, width: int) -> str:
    """A run of a sweep in one line."""
    evidence = run.findings[0].evidence if run.findings else ()
    overruled = [line for line in evidence[1:] if line.startswith("overrules")]
    return f"{_name(run.path):<{width}}  {run.verdict:<22}  {'; '.join([*evidence[:1], *overruled])}".rstrip()


def _run_lines(run: Diagnosis, *, titled: bool) -> list[str]:
    lines = [run.path] if titled else []
    for number, finding in enumerate(run.findings):
        lines += _finding_lines("diagnosis" if number == 0 else "or", finding)
    return lines


def _sweep_lines(sweep: SweepDiagnosis) -> list[str]:
    label = "together" if sweep.compared else "the best run"
    lines = [line for finding in sweep.findings for line in _finding_lines(label, finding)]
    if sweep.best_run:
        lines.append(f"best run: {sweep.best_run}")
    return lines


def _finding_lines(label: str, finding: Finding) -> list[str]:
    indented = [f"  {line}" for line in (*finding.evidence, finding.advice)]
    command = [f"  try: {finding.command}"] if finding.command else []
    return [f"{label}: {finding.symptom} ({finding.confidence})", *indented, *command]


def _name(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1] or path
