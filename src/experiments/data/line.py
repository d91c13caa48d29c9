"""The source `line`: points on a line plus noise, the lesson's gradient descent from scratch."""

from dataclasses import dataclass
from random import Random

from experiments.data.noise import Noise, draw_noise
from experiments.data.points import pool_of_points
from experiments.data.pool import Pool


@dataclass(frozen=True)
class Line:
    """Inputs (N, 2): x uniform in -1..1 beside a column of ones; targets (N, 1): slope x + intercept + noise.

    Uniform noise of width w has variance w^2 / 12, so the best fit's mean squared error is about 1/12 at
    width 1; normal noise is drawn with the same variance.

    Attributes:
        points: for training.
        valid_points: from the same line, for validation.
        noise_width: full width of the uniform noise; `normal` has the same standard deviation.
        data_seed: of the points, apart from the run's seed.
    """

    points: int = 100
    valid_points: int = 100
    slope: float = 3.0
    intercept: float = 2.0
    noise: Noise = "uniform"
    noise_width: float = 1.0
    data_seed: int = 42

    def load(self) -> Pool:
        """Training and validation points; `line/0007` is the eighth drawn, training points first."""
        # Python's own generator: the same numbers on every machine and with every version of torch.
        random = Random(self.data_seed)
        rows = [self._draw(random) for _ in range(self.points + self.valid_points)]
        return pool_of_points("line", rows[: self.points], rows[self.points :], ones=True)

    def _draw(self, random: Random) -> tuple[float, float]:
        x = random.uniform(-1, 1)
        return x, self.slope * x + self.intercept + draw_noise(random, self.noise, self.noise_width)
