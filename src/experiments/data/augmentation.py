"""The lesson's augmentation of photographs."""

from torch import Generator, Tensor

from experiments.data.preparation import Transform


def default_augmentation() -> Transform:
    """A transform of float batches (B, C, H, W) in 0..1, drawn anew for each image.

    Flip left-right half the time; rotate up to 10 degrees, zoom up to 1.1, lighting (brightness and contrast)
    0.2 and perspective warp 0.2, each with probability 0.75. Edges are mirrored, so that no black corners give
    the rotation away. The random numbers are the generator's, or without one those of torch's global state.

    Source: fastai v1, `get_transforms()`.
    """
    # Here, since importing it costs seconds.
    from experiments.data.photograph_transform import RandomPhotograph

    photograph = RandomPhotograph()

    def augment(batch: Tensor, generator: Generator | None = None) -> Tensor:
        photograph.generator = generator
        augmented: Tensor = photograph(batch)
        return augmented

    return augment
