"""The lesson's augmentation of photographs."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from experiments.data.preparation import Transform

PROBABILITY = 0.75


def default_augmentation() -> Transform:
    """A transform of float batches (B, C, H, W) in 0..1, drawn anew for each image.

    Flip left-right half the time; rotate up to 10 degrees, zoom up to 1.1, lighting (brightness and contrast)
    0.2 and perspective warp 0.2, each with probability 0.75. Random numbers come from torch's global
    generator. Edges are mirrored, so that no black corners give the rotation away.

    Source: fastai v1, `get_transforms()`.
    """
    # Here, since importing it costs seconds.
    from torchvision.transforms import InterpolationMode, v2

    bilinear = InterpolationMode.BILINEAR
    photograph = v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomApply([v2.RandomRotation(10, bilinear)], PROBABILITY),
            v2.RandomApply([v2.RandomAffine(0, scale=(1.0, 1.1), interpolation=bilinear)], PROBABILITY),
            v2.RandomApply([v2.ColorJitter(brightness=0.2, contrast=0.2)], PROBABILITY),
            v2.RandomPerspective(0.2, PROBABILITY, bilinear),
        ]
    )

    def augment(batch: Tensor) -> Tensor:
        height, width = batch.shape[-2:]
        down, right = height // 4, width // 4
        wide = pad(batch, (right, right, down, down), mode="reflect")
        images = torch.stack([photograph(image) for image in wide])
        return images[..., down : down + height, right : right + width].contiguous()

    return augment
