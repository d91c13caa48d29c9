import torch

from experiments.data.augmentation import default_augmentation


def test_augmentation_keeps_shape_range_and_draws_each_image_anew() -> None:
    torch.manual_seed(0)
    batch = torch.rand(1, 3, 24, 20).expand(6, -1, -1, -1)
    result = default_augmentation()(batch)
    assert result.shape == batch.shape
    assert result.dtype == torch.float32
    assert 0 <= float(result.min()) < float(result.max()) <= 1
    assert len({float(image.sum()) for image in result}) == 6


def test_augmentation_mirrors_half_of_the_images() -> None:
    torch.manual_seed(0)
    left = torch.zeros(64, 1, 16, 16)
    left[..., :8] = 1
    result = default_augmentation()(left)
    mirrored = (result[..., 8:].mean((1, 2, 3)) > result[..., :8].mean((1, 2, 3))).sum()
    assert 20 <= int(mirrored) <= 44


def test_augmentation_leaves_no_black_corners() -> None:
    torch.manual_seed(0)
    assert float(default_augmentation()(torch.ones(64, 1, 32, 32)).min()) > 0.5


def test_augmentation_repeats_with_torchs_seed() -> None:
    batch, augment = torch.rand(4, 3, 16, 16), default_augmentation()
    torch.manual_seed(1)
    first = augment(batch)
    torch.manual_seed(1)
    assert torch.equal(first, augment(batch))
