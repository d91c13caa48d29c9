"""What a run is told about itself at its end, by whoever is asked: training does not know the doctor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Judgement:
    """What a run's curves say about it: one word, and a text in Markdown."""

    verdict: str
    account: str


Judge = Callable[[Path, str], Judgement]
"""Judges the run in a folder, which ends with this status."""
