"""Series that were written side by side: which of one's points belong to which point of another."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.diagnosis.curves import Number
from experiments.diagnosis.readers.event_files import Point

MUCH_LONGER = 3
"""A series of so many times as many points as there are validations is one of steps."""
SAME_UNIT = 1.5
"""Two series that end further apart than this do not count the same thing: one counts steps, one epochs."""


def windows(points: Sequence[Point], anchors: Sequence[Point]) -> list[list[float]]:
    """For each anchor the values since the one before, itself included.

    By step where both count the same, else by the wall time of writing.
    """
    by_step = _same_unit(points, anchors)
    found: list[list[float]] = []
    place = 0
    for anchor in anchors:
        inside = []
        while place < len(points) and _at(points[place], by_step) <= _at(anchor, by_step):
            inside.append(points[place].value)
            place += 1
        found.append(inside)
    return found


def aligned(points: Sequence[Point], anchors: Sequence[Point]) -> list[Number]:
    """For each anchor the value that goes with it.

    That of the same step, if both count the same; of the same place where no steps meet and there are as many; else
    the last one since the anchor before, None if there is none.
    """
    by_step = {point.step: point.value for point in points}
    met = sum(anchor.step in by_step for anchor in anchors)
    if comparable(points, anchors) and _distinct(points) and _distinct(anchors) and 2 * met >= len(anchors):
        return [by_step.get(anchor.step) for anchor in anchors]
    if len(points) == len(anchors):
        return [point.value for point in points]
    return [values[-1] if values else None for values in windows(points, anchors)]


def comparable(points: Sequence[Point], anchors: Sequence[Point]) -> bool:
    """Whether the steps of both may be compared: neither counts epochs where the other counts steps."""
    return len(points) < MUCH_LONGER * len(anchors) or _same_unit(points, anchors)


def numbered(points: Sequence[Point]) -> dict[int, float]:
    """The values by step; by their place where the writer was given no steps."""
    if _distinct(points):
        return {point.step: point.value for point in points}
    return {place: point.value for place, point in enumerate(points)}


def _same_unit(points: Sequence[Point], anchors: Sequence[Point]) -> bool:
    if not (points and anchors and _distinct(points) and _distinct(anchors)):
        return False
    ends = points[-1].step + 1, anchors[-1].step + 1
    return max(ends) <= SAME_UNIT * min(ends)


def _distinct(points: Sequence[Point]) -> bool:
    return len({point.step for point in points}) == len(points)


def _at(point: Point, by_step: bool) -> float:
    return point.step if by_step else point.seconds
