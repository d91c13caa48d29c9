"""A page that shows a fit step by step in a browser: one HTML file that needs nothing else."""

from __future__ import annotations

import html
import math
from pathlib import Path
from typing import Any

from experiments.reports.drawing.loss_scale import loss_scale
from experiments.reports.drawing.motion import Motion, least_loss, motion_of, slowly_at_first
from experiments.reports.drawing.recorded import Points, Recorded
from experiments.reports.drawing.theme import DARK, LIGHT, Theme
from experiments.reports.html_page import filled, safe_json

TEMPLATE = Path(__file__).with_name("page.html")
STEPS = 300
POINTS = 400  # of each side of the split: more make the page heavy, not clearer


def page(recorded: Recorded) -> str:
    """The HTML: the fit among the points and its loss, with a slider over about 300 steps; below 300 kB."""
    parts = {
        "name": html.escape(recorded.run.name),
        "light": _colours(LIGHT),
        "dark": _colours(DARK),
        "data": safe_json(_data(recorded)),
    }
    return filled(TEMPLATE, parts)


def _data(recorded: Recorded) -> dict[str, Any]:
    """What the script of the page draws."""
    motion = motion_of(recorded)
    steps = slowly_at_first(motion.last, STEPS)
    comparison = _comparison(recorded, motion)
    scale = loss_scale(motion.losses, comparison["loss"] if comparison else None)
    return {
        "name": recorded.run.name,
        "rate": recorded.rate,
        "criticalRate": recorded.critical_rate,
        "last": motion.last,
        "outOfSight": motion.out_of_sight,
        "steps": steps,
        "parameters": recorded.parameters[steps].tolist(),
        "losses": motion.losses[steps].tolist(),
        "comparison": comparison,
        "scale": {"low": scale.low, "high": scale.high, "log": scale.log, "ticks": scale.ticks()},
        "window": {"x": motion.window.x, "y": motion.window.y},
        "train": _points(recorded.train),
        "valid": _points(recorded.valid),
        "curve": {"x": recorded.curve.x.tolist(), "features": recorded.curve.features.tolist()},
    }


def _comparison(recorded: Recorded, motion: Motion) -> dict[str, Any] | None:
    """The parameters by name and the loss of least squares, of a run that is compared with it."""
    if motion.least_squares is None:
        return None
    return {
        "names": _names(recorded.curve),
        "parameters": motion.least_squares.tolist(),
        "loss": least_loss(recorded, motion),
    }


def _names(curve: Points) -> list[str]:
    """`slope` and `intercept` of a straight line, in the order of its features; else `weight 0` and so on."""
    constant = [bool(column.max() == column.min()) for column in curve.features.T]
    if sorted(constant) == [False, True]:
        return ["intercept" if is_constant else "slope" for is_constant in constant]
    return [f"weight {number}" for number in range(len(constant))]


def _points(points: Points) -> dict[str, Any]:
    """Those that are drawn, and how many there are."""
    every = slice(None, None, math.ceil(len(points.x) / POINTS) or 1)
    return {"x": points.x[every].tolist(), "y": points.y[every].tolist(), "count": len(points.x)}


def _colours(theme: Theme) -> str:
    """As variables of CSS."""
    names = ("page", "ink", "faint", "grid", "fit", "other", "points")
    return " ".join(f"--{name}: {getattr(theme, name)};" for name in names)
