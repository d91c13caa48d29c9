"""A pretrained body with a new head."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from experiments.models.body import body_channels, content_hash, random_body
from experiments.models.fitting_images import check_images
from experiments.models.head import concat_pool, make_head
from experiments.models.layer_groups import LayerGroup, layer_groups
from experiments.models.weights import pretrained_body


class Transfer(nn.Module):
    """The body of a torchvision network, pooled by maximum and average side by side, and the lesson's head.

    Args:
        input_shape: (1 or 3, H, W) of one image.
        output_size: how many classes.
        architecture: torchvision's name of a classification model.
        weights: `imagenet`, `none`, or the path of a state dict, `.pth` or `.safetensors`.
        freeze_body: begin with a frozen body; None: if it has weights.
        train_norm: let the batch norm of a frozen body learn on, as fastai does.
        dropout: in the head; 0 leaves the layers out.

    Attributes:
        body: (N, 3, H, W) -> (N, C, h, w), with torchvision's names.
        head: (N, 2C) -> (N, output_size).
        feature_count: 2C, how many numbers the head takes.
        body_is_frozen: whether the body is left as it is.
        train_norm: whether a frozen body's batch norm learns on all the same; never where there is none.
        mean, std: what images are normalised with, by channel, of images in 0..1; None without weights.
        weights_hash: SHA-256 of the weights file; None without weights.

    Raises:
        ConfigurationError: no such architecture, no body, images that it cannot take, weights that do not fit.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        output_size: int,
        architecture: str,
        weights: str = "imagenet",
        freeze_body: bool | None = True,
        train_norm: bool = False,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_images(architecture, input_shape)
        self.architecture = architecture
        self.feature_count = 2 * body_channels(architecture)
        self.mean: list[float] | None = None
        self.std: list[float] | None = None
        self.weights_hash: str | None = None
        pretrained = None if weights == "none" else pretrained_body(architecture, weights)
        self.body: nn.Module = random_body(architecture) if pretrained is None else pretrained.copy()
        if pretrained is not None:
            self.mean, self.std, self.weights_hash = pretrained.mean, pretrained.std, pretrained.weights_hash
        self.head = make_head(self.feature_count, output_size, dropout)
        self.train_norm = train_norm and any(isinstance(module, _BatchNorm) for module in self.body.modules())
        self.body_is_frozen = False
        self._hashed: tuple[list[tuple[int, int]], str] | None = None
        if freeze_body or (freeze_body is None and pretrained is not None):
            self.freeze()
        if pretrained is not None and self.head_inputs_are_fixed:
            self._hashed = (self._state_of_body(), pretrained.content_hash)

    @property
    def head_inputs_are_fixed(self) -> bool:
        """Whether an image has the same head inputs in every epoch, so that they may be computed once."""
        return self.body_is_frozen and not self.train_norm

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, 1 or 3, H, W) images or (N, 2C) head inputs -> (N, output_size) logits."""
        logits: Tensor = self.head(self.features(inputs) if inputs.ndim == 4 else inputs)
        return logits

    def features(self, images: Tensor, body: nn.Module | None = None) -> Tensor:
        """The head's inputs: (N, 1 or 3, H, W) -> (N, 2C). A grey image gives its channel to all three.

        `body` computes in the own one's place, the same but faster.
        """
        body = body or self.body
        images = images.expand(-1, 3, -1, -1)
        # With the channels last, convolutions on a CPU take half to three quarters of the time.
        return concat_pool(body(images.contiguous(memory_format=torch.channels_last)))

    def freeze(self) -> None:
        """Train the head alone, and the body's batch norm if `train_norm`."""
        for module in self.body.modules():
            trained = self.train_norm and isinstance(module, _BatchNorm)
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(trained)
        self.body_is_frozen = True
        self.train(self.training)

    def unfreeze(self) -> None:
        """Train every layer."""
        self.body.requires_grad_(True)
        self.body_is_frozen = False
        self._hashed = None
        self.train(self.training)

    def train(self, mode: bool = True) -> Transfer:
        """As `nn.Module.train`, but a body with fixed outputs stays in evaluation mode."""
        if not self.head_inputs_are_fixed:
            super().train(mode)
            return self
        self.training = mode
        self.head.train(mode)
        if self.body.training:  # a walk through all its layers, which most epochs need not take
            self.body.eval()
        return self

    def layer_groups(self) -> list[LayerGroup]:
        """Stem to second stage, later stages, head."""
        return layer_groups(self.architecture, self.body, self.head)

    def body_hash(self) -> str:
        """SHA-256 over the body's state: names, types, shapes and bytes; as 64 hexadecimal digits.

        Computed once while the body stays as it is, and once for all networks with the same pretrained one.
        """
        if not self.head_inputs_are_fixed:
            return content_hash(self.body)
        state = self._state_of_body()
        if self._hashed is None or self._hashed[0] != state:
            self._hashed = (state, content_hash(self.body))
        return self._hashed[1]

    def _state_of_body(self) -> list[tuple[int, int]]:
        """Where the body's tensors lie, and how often each was changed in place."""
        return [(tensor.data_ptr(), tensor._version) for tensor in self.body.state_dict().values()]
