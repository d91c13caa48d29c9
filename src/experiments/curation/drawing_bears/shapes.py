"""Outlines, and where they come to lie in the picture.

A figure is drawn in its own units: x to the right, y up, its feet on y = 0. A `Placement` brings it into the picture,
where y points down and the unit is a pixel.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""An outline, (points, 2): x and y."""

_TURN = np.linspace(0, 2 * math.pi, 36, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_STEPS = np.linspace(0, 1, 6, endpoint=False)[:, None]


@dataclass(frozen=True)
class Placement:
    """Where a figure stands: its origin and the length of its unit, in pixels; its turn, in degrees to the left.

    `wide` stretches it sideways; negative, it is mirrored.
    """

    x: float
    y: float
    unit: float
    turn: float = 0.0
    wide: float = 1.0

    def __call__(self, outline: Points) -> Points:
        """The outline in pixels of the picture."""
        there: Points = outline @ self._axes + self._origin
        return there

    @functools.cached_property
    def _axes(self) -> Points:
        turn = math.radians(self.turn)
        across, up = self.unit * self.wide, self.unit
        return np.array(
            [(across * math.cos(turn), -across * math.sin(turn)), (-up * math.sin(turn), -up * math.cos(turn))]
        )

    @functools.cached_property
    def _origin(self) -> Points:
        return np.array((self.x, self.y))

    def within(self, x: float, y: float, unit: float = 1.0, turn: float = 0.0) -> Placement:
        """That of a part whose origin lies at (x, y) of this one, and whose unit is so many of this one's."""
        origin = self(np.array([[x, y]]))[0]
        turn = self.turn + (turn if self.wide > 0 else -turn)
        return replace(self, x=float(origin[0]), y=float(origin[1]), unit=self.unit * unit, turn=turn)


def turned(outline: Points, degrees: float) -> Points:
    """Turned around the origin, to the left where y points up."""
    if not degrees:
        return outline
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    there: Points = outline @ np.array([[cosine, sine], [-sine, cosine]])
    return there


def ellipse(x: float, y: float, across: float, up: float, turn: float = 0.0) -> Points:
    """With half axes `across` and `up`."""
    there: Points = turned(_CIRCLE * (across, up), turn) + np.array((x, y))
    return there


def smooth(*corners: tuple[float, float]) -> Points:
    """The closed Catmull-Rom curve through these points."""
    at = np.array(corners, dtype=float)
    before, after, beyond = np.roll(at, 1, 0), np.roll(at, -1, 0), np.roll(at, -2, 0)
    pieces = [
        0.5
        * (
            2 * at[k]
            + (after[k] - before[k]) * _STEPS
            + (2 * before[k] - 5 * at[k] + 4 * after[k] - beyond[k]) * _STEPS**2
            + (3 * at[k] - before[k] - 3 * after[k] + beyond[k]) * _STEPS**3
        )
        for k in range(len(at))
    ]
    return np.concatenate(pieces)


def limb(*joints: tuple[float, float, float], grain: int = 5) -> list[Points]:
    """A tapering limb through joints (x, y, radius): a chain of discs that overlap."""
    at = np.array(joints, dtype=float)
    places = np.linspace(0, len(at) - 1, grain * (len(at) - 1) + 1)
    columns = [np.interp(places, range(len(at)), at[:, axis]) for axis in range(3)]
    return [_CIRCLE[::2] * radius + (x, y) for x, y, radius in zip(*columns, strict=True)]


def box(left: float, bottom: float, right: float, top: float) -> Points:
    """An upright rectangle."""
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)], dtype=float)


def mirrored(outlines: Sequence[Points]) -> list[Points]:
    """The other half of a figure that is alike on both sides of x = 0."""
    return [outline * (-1.0, 1.0) for outline in outlines]
