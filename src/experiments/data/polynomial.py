"""The source `polynomial`: few noisy points on a smooth curve that is no polynomial, for under- and overfitting."""

import math
from dataclasses import dataclass
from random import Random

from experiments.data.noise import Noise, draw_noise
from experiments.data.points import pool_of_points
from experiments.data.pool import Pool


def curve(x: float) -> float:
    """The truth under the noise, on -1..1: a wave on a slope, which a line misses and a cubic nearly meets."""
    return math.sin(1.2 * math.pi * x) + 0.5 * x


@dataclass(frozen=True)
class Polynomial:
    """Inputs (N, 1): x in -1..1; targets (N, 1): the curve plus noise.

    -1..1 is cut into as many equal parts as there are points, and one is drawn in each: twenty points leave no
    large gap, in which even a good fit would have to guess.

    Attributes:
        points: for training.
        valid_points: from the same curve, for validation.
        noise_width: full width of uniform noise; `normal` has the same standard deviation.
        data_seed: of the points, apart from the run's seed.
    """

    points: int = 20
    valid_points: int = 200
    noise: Noise = "normal"
    noise_width: float = 0.9
    data_seed: int = 42

    def load(self) -> Pool:
        """Training and validation points."""
        random = Random(self.data_seed)
        train, valid = self._draw(random, self.points), self._draw(random, self.valid_points)
        return pool_of_points("polynomial", train, valid, ones=False)

    def _draw(self, random: Random, number: int) -> list[tuple[float, float]]:
        xs = [-1 + 2 * (part + random.random()) / number for part in range(number)]
        return [(x, curve(x) + draw_noise(random, self.noise, self.noise_width)) for x in xs]
