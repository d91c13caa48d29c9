"""The lesson's augmentation of photographs as a torchvision v2 transform; importing it costs seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor
from torchvision.transforms import v2

from experiments.data.homography import perspective, similarity, warped

GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, the weights of torchvision's rgb_to_grayscale


class RandomPhotograph(v2.Transform):  # type: ignore[misc]  # torchvision has no types
    """Float batches (B, 1 or 3, H, W) in 0..1 -> the same, each picture with its own random numbers.

    In this order, as `v2.RandomHorizontalFlip`, `RandomRotation`, `RandomAffine(scale=...)`, `RandomPerspective` and
    `ColorJitter` define them, but resampled once for all, and with mirrored edges.

    Args:
        flip: probability of a left-right flip.
        probability: of each of the others.
        degrees: largest rotation, either way.
        zoom: largest enlargement.
        distortion: furthest that a corner moves in, as a share of half the side.
        lighting: brightness and contrast lie within 1 -+ this.

    Attributes:
        generator: where random numbers come from; None: torch's global one.
    """

    def __init__(
        self,
        flip: float = 0.5,
        probability: float = 0.75,
        *,
        degrees: float = 10,
        zoom: float = 1.1,
        distortion: float = 0.2,
        lighting: float = 0.2,
    ) -> None:
        super().__init__()
        self.flip, self.probability = flip, probability
        self.degrees, self.zoom, self.distortion, self.lighting = degrees, zoom, distortion, lighting
        self.generator: Generator | None = None

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Tensor]:
        """`flip` (B,) bool; `angle`, `zoom`, `brightness`, `contrast` (B,); `inward` (B, 4, 2) as in `perspective`."""
        size = len(flat_inputs[0])
        is_lit = self._happens(self.probability, size)
        bright, contrast = self._uniform(-self.lighting, self.lighting, 2, size)
        return {
            "flip": self._happens(self.flip, size),
            "angle": self._sometimes(self._uniform(-self.degrees, self.degrees, size)),
            "zoom": 1 + self._sometimes(self._uniform(0, self.zoom - 1, size)),
            "inward": self._sometimes(self._uniform(0, self.distortion, size, 4, 2)),
            "brightness": 1 + is_lit * bright,
            "contrast": 1 + is_lit * contrast,
        }

    def transform(self, inpt: Tensor, params: dict[str, Tensor]) -> Tensor:
        """The batch with these parameters, clamped to 0..1."""
        moved = similarity(params["angle"], params["zoom"], params["flip"])
        moved = perspective(params["inward"], *inpt.shape[-2:]) @ moved
        return relit(warped(inpt, moved), params["brightness"], params["contrast"])

    def each(self, batch: Tensor, generators: Sequence[Generator]) -> Tensor:
        """The same, but each picture draws from a generator of its own: what becomes of it depends on no other."""
        drawn = []
        for picture, self.generator in zip(batch, generators, strict=True):
            drawn.append(self.make_params([picture[None]]))
        return self.transform(batch, {name: torch.cat([one[name] for one in drawn]) for name in drawn[0]})

    def _sometimes(self, values: Tensor) -> Tensor:
        happens = self._happens(self.probability, len(values))
        return values * happens.view(-1, *[1] * (values.dim() - 1))

    def _happens(self, probability: float, size: int) -> Tensor:
        return self._uniform(0, 1, size) < probability

    def _uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=self.generator)


def relit(batch: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
    """The pictures in another light, changed in place: times brightness (B,), then away from their mean grey.

    As torchvision's `adjust_brightness` and `adjust_contrast` one after the other, but clamped to 0..1 at the end
    alone.
    """
    weights = batch.new_tensor(GREY if batch.shape[1] == 3 else [1])
    brightness, contrast = brightness.to(batch), contrast.to(batch)
    grey = batch.mean((2, 3)) @ weights * brightness
    gain, shift = contrast * brightness, (1 - contrast) * grey
    return batch.mul_(gain.view(-1, 1, 1, 1)).add_(shift.view(-1, 1, 1, 1)).clamp_(0, 1)
