"""How alike two pictures are, from their thumbnails: 1 is the same; unrelated photographs seldom pass 0.3.

Measured on the 416 photographs of bears and on 120 of them changed in twelve ways (quality 40, half the size, 96
pixels, brightness 0.85 to 1.2, contrast 1.15; 3 % cut from one side, from two, from all; several at once).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

SIDE = 32
"""Pixels of a thumbnail's side."""

THRESHOLD = 0.94
"""From here on two pictures are taken for one. The bears' three true pairs have 0.957 to 0.966, the next pair (two
photographs of one model of teddy) 0.898. Found so: 98 of 100 copies brightened by 1.2, 96 of 100 with 3 % cut from
more than one side, all the others; 53 of 56 changed copies among 600 drawn bears; and no false pair in either set."""

_STRUCTURE = 3.0  # levels of 255; photographs have 6 and more, gradients and faint noise less than 1.5

# Of copies all but 2 in 100 stay below these. Two colours of one model of teddy, otherwise 0.95 alike, do not.
_MOST_OTHER_LIGHT = 40.0
_MOST_OTHER_CONTRAST = 1.35
_MOST_OTHER_COLOURS = 0.06

_MOST_MOVED = 1.25  # pixels of the 16 x 16 sketch at its border; 3 % cut from the same two sides make 1

_CHUNK = 128
_TERMS = 5

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Sketches:
    """What is compared of N pictures.

    Attributes:
        bands: (N, 3, 16, 16), neither what is too fine to survive a resize nor what is too coarse to tell pictures
            apart.
        light: (N, 3), the mean of each colour, 0 to 255.
        contrast: (N,), root mean square of the bands.
        colours: (N, 3), how their energy is shared between red, green and blue.
    """

    bands: Numbers
    light: Numbers
    contrast: Numbers
    colours: Numbers

    @classmethod
    def of(cls, thumbnails: NDArray[np.uint8]) -> Sketches:
        """Of (N, 3, 32, 32)."""
        bands = np.empty((len(thumbnails), 3, SIDE // 2, SIDE // 2), np.float32)
        for start in range(0, len(thumbnails), _CHUNK):
            part = slice(start, start + _CHUNK)
            bands[part] = _band(thumbnails[part].astype(np.float32))
        energy: Numbers = np.square(bands).mean(axis=(2, 3)) + np.float32(1e-9)
        total = energy.sum(axis=1)
        light: Numbers = thumbnails.mean(axis=(2, 3), dtype=np.float32)
        return cls(bands, light, np.sqrt(total / 3), energy / total[:, None])

    def structured(self) -> NDArray[np.bool_]:
        """Which of them show more than a plain colour, a gradient or faint noise: the others can not be compared."""
        return self.contrast >= _STRUCTURE


def likeness(sketches: Sketches, pairs: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The likeness (P,), 0 to 1, of pairs of rows (P, 2); where `mirrored` (P,), of the second one's mirror image.

    It is the smaller share that either picture, a little moved and stretched, explains of the other. 0 for pairs
    whose light, contrast or colours differ more than a change of brightness accounts for.
    """
    found = np.zeros(len(pairs))
    first, second = pairs[:, 0], pairs[:, 1]
    agree = np.flatnonzero(
        (np.abs(sketches.light[first] - sketches.light[second]).max(axis=1) <= _MOST_OTHER_LIGHT)
        & (np.abs(np.log(sketches.contrast[first] / sketches.contrast[second])) <= np.log(_MOST_OTHER_CONTRAST))
        & (np.abs(sketches.colours[first] - sketches.colours[second]).max(axis=1) <= _MOST_OTHER_COLOURS)
    )
    for start in range(0, len(agree), _CHUNK):
        rows = agree[start : start + _CHUNK]
        one, other = sketches.bands[first[rows]], sketches.bands[second[rows]]
        other = np.where(mirrored[rows, None, None, None], other[..., ::-1], other)
        found[rows] = np.minimum(_explained(one, other), _explained(other, one))
    return np.round(found, 4)  # other machines add in another order


def _explained(one: Numbers, other: Numbers) -> NDArray[np.float64]:
    """The correlation (B,) of `other` with `one` when that is shifted and stretched to fit best, to first order.

    f(x + t + s x) = f + t f' + s x f' along each axis: a linear least-squares fit with five unknowns (Lucas and
    Kanade 1981). 0 where the fit moves the border farther than a small cut does.
    """
    inner = (..., slice(1, -1), slice(1, -1))
    x = np.linspace(-1, 1, one.shape[-1], dtype=np.float32)
    down, right = (np.asarray(slope, np.float32) for slope in np.gradient(one, axis=(2, 3)))
    terms = (one, right, x * right, down, x[:, None] * down, other)
    rows = np.stack([term[inner].reshape(len(one), -1) for term in terms], axis=1)
    products = (rows @ rows.transpose(0, 2, 1)).astype(np.float64)  # (B, 6, 6)
    normal, target = products[:, :_TERMS, :_TERMS], products[:, :_TERMS, _TERMS:]
    ridge = 1e-9 * np.trace(normal, axis1=1, axis2=2)
    weights = np.linalg.solve(normal + ridge[:, None, None] * np.eye(_TERMS), target)
    share = (weights * target).sum(axis=(1, 2)) / np.maximum(products[:, _TERMS, _TERMS], 1e-6)
    sizes = np.abs(weights[..., 0])
    moved = np.maximum(sizes[:, 1] + sizes[:, 2], sizes[:, 3] + sizes[:, 4])
    return np.where(moved <= _MOST_MOVED * weights[:, 0, 0], np.sqrt(np.clip(share, 0, 1)), 0.0)


def _band(exact: Numbers) -> Numbers:
    """(N, 3, 32, 32) to (N, 3, 16, 16): a fine blur less a coarse one, both as one matrix along each axis."""
    fine, coarse = _blur(1.0), _blur(3.0)
    return np.asarray(fine @ exact @ fine.T - coarse @ exact @ coarse.T, np.float32)


def _blur(sigma: float) -> Numbers:
    """(16, 32): a Gaussian blur, then the means of neighbours."""
    blurred: Numbers = gaussian_filter1d(np.eye(SIDE, dtype=np.float32), sigma, axis=0, mode="nearest")
    means: Numbers = blurred.reshape(SIDE // 2, 2, SIDE).mean(axis=1)
    return means
