"""A range test as a whole: for a program, for a terminal, and the command that follows from it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from experiments.diagnosis.commands import command, replaced
from experiments.diagnosis.rate_suggestions import RULES, Suggestions, suggest
from experiments.runs.rate_curve import RateCurve

SCHEMA = 1
TITLES = {
    "whole": "Learning-rate range test",
    "frozen": "Learning-rate range test: the head on a frozen body",
    "unfrozen": "Learning-rate range test: every layer, after the head is trained",
}
LESSONS_EPOCHS = 2
"""Unfrozen epochs where the configuration has none."""


@dataclass(frozen=True)
class RateReport:
    """What a range test found.

    Attributes:
        curve: loss by rate.
        phase: `whole`, `frozen` or `unfrozen`.
        spread: lowest and highest rate over the layers, as multiples of `optimizer.lr`; None: one for all.
        configuration: that was tested.
        overrides: that compose to it, without an experiment.
        config_dir: the user's own files.
        folder: where the picture is.
    """

    curve: RateCurve
    phase: str
    spread: tuple[float, float] | None
    configuration: Mapping[str, Any]
    overrides: Sequence[str]
    config_dir: str | None
    folder: Path

    @property
    def title(self) -> str:
        """For the picture."""
        return TITLES[self.phase]

    @cached_property
    def suggestions(self) -> Suggestions:
        """What the curve suggests; in the unfrozen phase rates of the head."""
        return suggest(self.curve)

    @property
    def notes(self) -> list[str]:
        """What is to be known of the curve and of its rates, a sentence each."""
        if self.spread is None:
            return self.suggestions.notes
        low, high = self.spread
        base = self.configuration["optimizer"].get("lr")
        now = "" if base is None else f", {base * high:.2g} now"
        said = f"These are rates of the head{now}; the first layers have {low / high:.2g} of it (schedule.unfrozen_lr)."
        return [*self.suggestions.notes, said]

    @cached_property
    def advised(self) -> list[str]:
        """Overrides that bring the suggested rate; none without a suggestion, or for an optimizer without `lr`."""
        rate = self.suggestions.suggested
        if rate is None:
            return []
        if self.spread is None:
            return [f"optimizer.lr={rate:g}"]
        base = self.configuration["optimizer"].get("lr")
        if base is None:
            return []
        low, high = self.spread
        pair = f"schedule.unfrozen_lr=[{rate * low / high / base:.2g},{rate / base:.2g}]"
        epochs = self.configuration["schedule"].get("unfrozen_epochs")
        return [pair, *([] if epochs else [f"schedule.unfrozen_epochs={LESSONS_EPOCHS}"])]

    @cached_property
    def command(self) -> str | None:
        """`experiments fit ...` with the suggested rate; None without one."""
        return command(replaced(self.overrides, self.advised), self.config_dir) if self.advised else None

    def as_json(self) -> dict[str, Any]:
        """The document of `lr-find --json`."""
        found = self.suggestions
        return {
            "schema": SCHEMA,
            "phase": self.phase,
            "steps": [
                {"lr": step.lr, "loss": _finite(step.loss), "smoothed": _finite(step.smoothed)} for step in self.curve
            ],
            "suggestions": {rule: getattr(found, rule) for rule in RULES},
            "suggested": found.suggested,
            "agree": found.agree,
            "climbs": found.climbs,
            "notes": self.notes,
            "overrides": self.advised,
            "command": self.command,
            "folder": str(self.folder),
        }

    def lines(self) -> list[str]:
        """For the terminal: the rules' rates, the one to begin with, the next command, the picture."""
        found = self.suggestions
        lines = []
        if found.suggested is not None:
            lines += [f"{words:<24}{getattr(found, rule):.2g}" for rule, words in RULES.items()]
            lines.append(f"{'begin with':<24}{found.suggested:g}, the middle one of the three")
            lines += ["The rules agree within a decade."] if found.agree else []
        lines += self.notes
        lines += [f"try: {self.command}"] if self.command else []
        folder = shlex.quote(str(self.folder))
        return [*lines, f"picture: {self.folder / 'lr_find.png'}", f"look: tensorboard --logdir {folder}"]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
