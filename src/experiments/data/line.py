"""The source `line`: points on a line plus noise, the lesson's gradient descent from scratch."""

import math
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Literal

import torch

from experiments.data.pool import Pool, sample_order


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
    noise: Literal["uniform", "normal"] = "uniform"
    noise_width: float = 1.0
    data_seed: int = 42

    def load(self) -> Pool:
        """Training and validation points; `line/0007` is the eighth drawn, training points first."""
        # Python's own generator: the same numbers on every machine and with every version of torch.
        random = Random(self.data_seed)
        rows = [self._draw(random) for _ in range(self.points + self.valid_points)]
        contents = [sha256(f"{x!r} {y!r}".encode()).hexdigest() for x, y in rows]
        paths = [f"line/{number:04d}" for number in range(len(rows))]
        splits = ["train"] * self.points + ["valid"] * self.valid_points
        targets = torch.tensor([[y] for _, y in rows])
        order = sample_order([format(float(y), ".9g") for y in targets], contents, paths)
        return Pool(
            inputs=torch.tensor([[x, 1.0] for x, _ in rows])[order],
            targets=targets[order],
            paths=[paths[row] for row in order],
            sha256=[contents[row] for row in order],
            classes=[],
            splits=[splits[row] for row in order],
            input_shape=(2,),
        )

    def _draw(self, random: Random) -> tuple[float, float]:
        x = random.uniform(-1, 1)
        if self.noise == "uniform":
            noise = random.uniform(-self.noise_width / 2, self.noise_width / 2)
        else:
            noise = random.gauss(0, self.noise_width / math.sqrt(12))
        return x, self.slope * x + self.intercept + noise
