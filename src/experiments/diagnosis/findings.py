"""What the doctor says: findings for a run, and what a set of runs says together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

Symptom = Literal[
    "learning_rate_too_high",
    "learning_rate_too_low",
    "too_few_epochs",
    "too_many_epochs",
    "late_collapse",
    "not_enough_data",
    "noisy_labels",
    "schedule_error",
    "healthy",
    "inconclusive",
]
Confidence = Literal["certain", "likely", "possible"]


@dataclass(frozen=True)
class Finding:
    """One symptom: how sure, what it was seen by, what to do, and the settings of the next run.

    `overrides` are empty where the setting to change is not known (a stranger's file without a rate); `command` is
    what to type, for runs that `experiments fit` made.
    """

    symptom: Symptom
    confidence: Confidence
    evidence: tuple[str, ...]
    advice: str
    overrides: tuple[str, ...] = ()
    command: str | None = None

    def noting(self, *lines: str) -> Finding:
        """The same with more evidence."""
        return replace(self, evidence=(*self.evidence, *lines))

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """What `as_json` made. Raises KeyError or TypeError if it is something else."""
        settled = {name: tuple(said[name]) for name in ("evidence", "overrides")}
        return cls(**{**said, **settled})

    def as_json(self) -> dict[str, Any]:
        """As `diagnose --json` prints it."""
        return {
            "symptom": self.symptom,
            "confidence": self.confidence,
            "evidence": list(self.evidence),
            "advice": self.advice,
            "overrides": list(self.overrides),
            "command": self.command,
        }


@dataclass(frozen=True)
class Diagnosis:
    """A run's findings, the headline first."""

    path: str
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Symptom:
        """The headline."""
        return self.findings[0].symptom if self.findings else "healthy"

    @property
    def command(self) -> str | None:
        """What to type next: the headline's command."""
        return self.findings[0].command if self.findings else None

    def as_json(self) -> dict[str, Any]:
        """As `diagnose --json` prints it."""
        return {
            "path": self.path,
            "verdict": self.verdict,
            "findings": [finding.as_json() for finding in self.findings],
            "command": self.command,
        }
