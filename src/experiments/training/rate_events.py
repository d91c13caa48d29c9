"""The curve of a range test in TensorBoard, over the step: scalars have no other axis there."""

from __future__ import annotations

import math
from pathlib import Path

from experiments.runs.rate_curve import RateCurve
from experiments.training.stacked.event_file import FinishedEventFile


def write_events(curve: RateCurve, folder: Path) -> None:
    """Write an event file with the tags `lr_find/rate`, `/raw` and `/smoothed`. Raises OSError if it cannot be."""
    events = FinishedEventFile(folder)
    for number, step in enumerate(curve, 1):
        for tag, value in {"rate": step.lr, "raw": step.loss, "smoothed": step.smoothed}.items():
            if math.isfinite(value):
                events.add_scalar(f"lr_find/{tag}", value, number)
    events.close()
