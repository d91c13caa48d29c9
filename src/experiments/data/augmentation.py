"""The lesson's augmentation of photographs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from torch import Generator, Tensor

from experiments.data.preparation import Transform

if TYPE_CHECKING:
    from experiments.data.photograph_transform import RandomPhotograph

VERSION = 1
"""One more whenever the same random numbers give another picture."""


class Augmentation(Transform, Protocol):
    """What changes a float batch (B, C, H, W) at random."""

    def each(self, batch: Tensor, generators: Sequence[Generator], /) -> Tensor:
        """The batch with each picture's random numbers from its own generator (B): none depends on the others."""
        ...


def default_augmentation() -> Augmentation:
    """A transform of float batches (B, C, H, W) in 0..1, drawn anew for each image.

    Flip left-right half the time; rotate up to 10 degrees, zoom up to 1.1, lighting (brightness and contrast)
    0.2 and perspective warp 0.2, each with probability 0.75. Edges are mirrored, so that no black corners give
    the rotation away. The random numbers are the generator's, or without one those of torch's global state.

    Source: fastai v1, `get_transforms()`.
    """
    return _Photographs()


class _Photographs:
    @cached_property
    def _transform(self) -> RandomPhotograph:
        # At first use, since importing it costs a good part of a second.
        from experiments.data.photograph_transform import RandomPhotograph

        return RandomPhotograph()

    def __call__(self, batch: Tensor, generator: Generator | None = None, /) -> Tensor:
        self._transform.generator = generator
        augmented: Tensor = self._transform(batch)
        return augmented

    def each(self, batch: Tensor, generators: Sequence[Generator], /) -> Tensor:
        return self._transform.each(batch, generators)
