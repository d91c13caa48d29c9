"""The size of pictures that torchvision's ImageNet weights were trained at. Imports no torch."""

from __future__ import annotations

USUAL = 224

OTHERS = {
    "efficientnet_b1": 240,
    "efficientnet_b2": 288,
    "efficientnet_b3": 300,
    "efficientnet_b4": 380,
    "efficientnet_b5": 456,
    "efficientnet_b6": 528,
    "efficientnet_b7": 600,
    "efficientnet_v2_l": 480,
    "efficientnet_v2_m": 480,
    "efficientnet_v2_s": 384,
    "inception_v3": 299,
    "regnet_y_128gf": 384,
    "swin_v2_b": 256,
    "swin_v2_s": 256,
    "swin_v2_t": 256,
    "vit_h_14": 518,
}
"""The crop of the transforms of torchvision's DEFAULT weights, where it is another one."""


def image_size(architecture: str | None, weights: str | None) -> int:
    """Pixels a side of the pictures that a model wants: 224, or what its pretrained weights were trained at."""
    return USUAL if weights == "none" else OTHERS.get(str(architecture), USUAL)
