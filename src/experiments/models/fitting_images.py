"""Which images a body can take."""

from __future__ import annotations

from experiments.config.problems import ConfigurationError, Problem
from experiments.models.body import block_shapes, body_stride

SIZES = (64, 96, 128, 224)


def check_images(architecture: str, input_shape: tuple[int, ...]) -> None:
    """Refuse images that the body cannot take, or that it would bring down to less than one number.

    Raises:
        ConfigurationError: with a size that it can take.
    """
    if len(input_shape) != 3 or input_shape[0] not in (1, 3):
        wrong = f"takes images with 1 channel or 3, and these data have inputs of shape {_times(input_shape)}"
        raise ConfigurationError([Problem(f"model ({architecture})", wrong, "model=small_cnn")])
    height, width = input_shape[1:]
    if _takes(architecture, height, width):
        return
    stride = round(body_stride(architecture))
    wrong = (
        f"images of {height} x {width} are smaller than {architecture}'s stride of {stride} pixels"
        if min(height, width) < stride
        else f"{architecture} cannot take images of {height} x {width}: they do not come out even, or to nothing"
    )
    size = next((size for size in SIZES if size > min(height, width) and _takes(architecture, size, size)), 224)
    instead = f"dataset.image_size={size} (for photographs), or model=small_cnn"
    raise ConfigurationError([Problem("dataset.image_size", wrong, instead)])


def _takes(architecture: str, height: int, width: int) -> bool:
    if min(height, width) < body_stride(architecture):
        return False
    try:
        block_shapes(architecture, height, width)
    except RuntimeError:
        return False
    return True


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
