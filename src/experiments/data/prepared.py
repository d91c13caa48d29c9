"""A pool's inputs as a network takes them: normalised, and augmented where they train it."""

from __future__ import annotations

from torch import Tensor

from experiments.data.augmentation import Augmentation
from experiments.data.batches import seeded
from experiments.data.pixels import GATHERED_VALUES
from experiments.data.pool import Inputs, Pool
from experiments.data.preparation import Preparation, Transform, to_float


class PreparedInputs:
    """What goes into batches, and what is done to a batch of it.

    Args:
        pool: of the inputs, with the numbers that they are normalised by.
        augmentation: of training samples; None: they are used as they are.

    Attributes:
        plain: inputs and the transform for batches that are not augmented; None: they are prepared already.
        trained: the same for training.
    """

    def __init__(self, pool: Pool, augmentation: Augmentation | None) -> None:
        self._pool = pool
        self._augmentation = augmentation
        self._normalise = Preparation(pool.mean, pool.std)
        self.plain: tuple[Inputs, Transform | None] = pool.inputs, self._normalise
        if isinstance(pool.inputs, Tensor) and pool.inputs.numel() <= GATHERED_VALUES:
            # Small data is normalised once, not in every batch.
            self.plain = self._normalise(pool.inputs), None
        self.trained = self.plain
        if augmentation is not None:
            self.trained = pool.inputs, Preparation(pool.mean, pool.std, augmentation)

    def images(self, rows: Tensor) -> Tensor:
        """Rows (B,) of long, not augmented -> (B, *input_shape) float."""
        inputs, transform = self.plain
        return transform(inputs[rows]) if transform else inputs[rows]

    def varied(self, rows: Tensor, view: int) -> Tensor:
        """Rows (B,) augmented -> (B, *input_shape) float; each a function of its content and the view alone."""
        images = to_float(self._pool.inputs[rows])
        if self._augmentation is not None:
            contents = [self._pool.sha256[row] for row in rows.tolist()]
            images = self._augmentation.each(images, [seeded(f"{content}:{view}") for content in contents])
        return self._normalise(images)
