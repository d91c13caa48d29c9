"""What twice the training images should bring: a power law through the larger sizes of a learning curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, variance

from experiments.reports.learning_curve import LearningCurve, Size

SIZES_AT_LEAST = 3
"""Two points lie on a line whatever they are."""
LARGER = 4.1
"""A size belongs to the larger ones if the largest has at most so many times its images: a quarter of them, rounded.

Digits, from shares of up to a half to all images: the range held the error of three seeds in 8 of 10 splits after four
epochs and in 6 of 6 after twelve, and that of a single run in 35 of 48. A sixth instead of a quarter: 12 of 16, and 29.
"""
BEGUN = 0.5
"""Times guessing: above it the network has hardly begun, and the curve is not yet a power law (Hestness et al.)."""
RANGE = 0.8
"""The share of all cases in which the error should lie within the range."""
_CHANCE = NormalDist().inv_cdf((1 + RANGE) / 2)
"""So many standard errors above and below the law are that range."""


@dataclass(frozen=True)
class Extrapolation:
    """The power law error = exp(level) * (images / centre) ^ slope, with the standard errors of its two parameters.

    Attributes:
        sizes: those that it was fitted to, rising.
        guess: error of guessing, which no range exceeds.
    """

    sizes: tuple[Size, ...]
    guess: float
    centre: float
    level: float
    slope: float
    level_error: float
    slope_error: float

    @property
    def now(self) -> float:
        """Mean error at the largest size, as it was measured."""
        return self.sizes[-1].mean

    @property
    def twice(self) -> int:
        """Twice the images of the largest size."""
        return 2 * self.sizes[-1].images

    @property
    def gains_beyond_chance(self) -> bool:
        """Whether even the upper end of the range is below the error now."""
        return self.range(self.twice)[1] < self.now

    def at(self, images: float) -> float:
        """The law's own error at so many images."""
        return min(self.guess, math.exp(self.level + self.slope * math.log(images / self.centre)))

    def range(self, images: float) -> tuple[float, float]:
        """Between which errors (above 0, at most guessing) four in five such forecasts end."""
        far = math.log(images / self.centre)
        width = _CHANCE * math.hypot(self.level_error, far * self.slope_error)
        middle = self.level + self.slope * far
        return min(self.guess, math.exp(middle - width)), min(self.guess, math.exp(middle + width))


class CannotTell(Exception):  # noqa: N818 - reads as what it says
    """Nothing can be said about more images; the message says why, and what to do about it."""


def extrapolation(curve: LearningCurve) -> Extrapolation:
    """Least squares in log(error) over log(images), each size weighted by its noise.

    The noise is that of the seeds (their standard deviation relative to the error, pooled over the sizes) and that of
    the validation images (binomial). Where the sizes scatter more than that around the law, all is widened by as much
    (Birge, Phys. Rev. 40, 1932), so that one seed is enough for an honest range.

    Sources: Cortes et al., Learning Curves: Asymptotic Values and Rate of Convergence, NIPS 1993; Hestness et al.,
    Deep Learning Scaling is Predictable, Empirically, 2017, arXiv 1712.00409.

    Raises:
        CannotTell: too few sizes, no error left, or an error that rises.
    """
    sizes = _fitted(curve)
    x = [math.log(size.images) for size in sizes]
    y = [math.log(_measurable(size.mean, curve)) for size in sizes]
    weights = [1 / noise for noise in _noise(sizes, curve)]
    total = sum(weights)
    middle, level = (sum(w * one for w, one in zip(weights, values, strict=True)) / total for values in (x, y))
    spread = sum(w * (one - middle) ** 2 for w, one in zip(weights, x, strict=True))
    slope = sum(w * (a - middle) * (b - level) for w, a, b in zip(weights, x, y, strict=True)) / spread
    misses = [b - level - slope * (a - middle) for a, b in zip(x, y, strict=True)]
    scatter = sum(w * miss**2 for w, miss in zip(weights, misses, strict=True)) / (len(sizes) - 2)
    wider = math.sqrt(max(1.0, scatter))
    found = Extrapolation(
        sizes, curve.guess, math.exp(middle), level, slope, wider / math.sqrt(total), wider / math.sqrt(spread)
    )
    if slope > _CHANCE * found.slope_error:
        first, last = sizes[0], sizes[-1]
        raise CannotTell(
            f"the error rises from {first.images:,} images ({first.mean:.1%}) to {last.images:,} ({last.mean:.1%}), "
            "and more images are not what makes it rise. See what the diagnosis says of the single runs"
        )
    return found


def _fitted(curve: LearningCurve) -> tuple[Size, ...]:
    """The larger sizes at which the network has learned something; three of them at least, if there are so many."""
    limit, largest = BEGUN * curve.guess, curve.sizes[-1]
    if largest.mean == 0:
        raise CannotTell(
            f"not one of the {curve.validated:,} validation images is wrong now. More of them would show what is left: "
            "dataset.valid_fraction=0.4"
        )
    begun = [size for size in curve.sizes if size.mean < limit]
    if len(begun) < SIZES_AT_LEAST or begun[-1] is not largest:
        raise CannotTell(
            f"{len(begun)} of {len(curve.sizes)} sizes have an error below half of guessing ({limit:.1%}), and the "
            f"line needs {SIZES_AT_LEAST}, the largest among them. More shares or more epochs would help: "
            "dataset.subset_fraction=0.2,0.4,0.6,0.8,1.0 schedule.epochs=16"
        )
    larger = [size for size in begun if size.images * LARGER >= largest.images]
    return tuple(larger if len(larger) >= SIZES_AT_LEAST else begun[-SIZES_AT_LEAST:])


def _measurable(error: float, curve: LearningCurve) -> float:
    """The error, or that of half a validation image where none is wrong: 0 has no logarithm."""
    return max(error, 0.5 / curve.validated)


def _noise(sizes: Sequence[Size], curve: LearningCurve) -> list[float]:
    """The variance of each size's log(error): of the seeds, over their number, and of the validation images."""
    repeated = [size.valid for size in sizes if len(size.valid) > 1]
    of_a_seed = fmean(variance([math.log(_measurable(e, curve)) for e in one]) for one in repeated) if repeated else 0.0
    errors = [_measurable(size.mean, curve) for size in sizes]
    return [
        of_a_seed / len(size.valid) + (1 - error) / (error * curve.validated)
        for size, error in zip(sizes, errors, strict=True)
    ]


def more_images_line(curve: LearningCurve) -> str:
    """What twice the images should bring, in a line, or why that cannot be told."""
    left_out = f"{curve.diverged} diverged run{' is' if curve.diverged == 1 else 's are'} left out"
    said = f"; {left_out}" if curve.diverged else ""
    try:
        found = extrapolation(curve)
    except CannotTell as reason:
        return f"what more images would bring cannot be told: {reason}{said}"
    low, high = found.range(found.twice)
    chance = "" if found.gains_beyond_chance else ", no gain beyond chance"
    return (
        f"twice the images ({found.twice:,}) should bring {100 * low:.1f} to {100 * high:.1f} % error, from "
        f"{100 * found.now:.1f} % now{chance} (four times in five; a power law through {len(found.sizes)} sizes, at "
        f"the same epochs{said})"
    )
