"""The sizes in our table are torchvision's."""

import pytest
from torchvision import models

from experiments.config.image_sizes import OTHERS, image_size


def test_every_size_is_the_crop_that_torchvisions_weights_were_trained_at() -> None:
    for name in models.list_models(module=models):
        crop = models.get_model_weights(name).DEFAULT.transforms().crop_size
        assert [image_size(name, "imagenet")] == crop, name


def test_the_table_has_no_architecture_that_torchvision_has_not() -> None:
    assert set(OTHERS) <= set(models.list_models(module=models))


@pytest.mark.parametrize(
    ("architecture", "weights", "size"),
    [
        ("inception_v3", "none", 224),
        ("inception_v3", "/some/file.pth", 299),
        ("inception_v3", None, 299),
        ("resnet34", "imagenet", 224),
        ("nobody_knows", "imagenet", 224),
        (None, None, 224),
    ],
)
def test_what_counts(architecture: str | None, weights: str | None, size: int) -> None:
    assert image_size(architecture, weights) == size
