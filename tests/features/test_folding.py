"""A body whose batch norm is folded into its convolutions is the same function, and the body itself stays."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from experiments.features.folding import folded


class Block(nn.Module):
    """A residual block, with a batch norm that no convolution stands before."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.BatchNorm2d(4)

    def forward(self, maps: Tensor) -> Tensor:
        return self.last(torch.relu(self.norm(self.conv(maps))) + maps)


def body(*blocks: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), *blocks)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean, module.running_var = torch.randn(4), torch.rand(4) + 0.5
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return network.eval()


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


@torch.inference_mode()
def test_the_outputs_are_the_same_up_to_rounding() -> None:
    network = body(Block(), Block())
    before, images = copy.deepcopy(network.state_dict()), torch.randn(2, 3, 12, 12)
    found, expected = folded(network)(images), network(images)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_only_a_norm_behind_a_convolution_is_folded() -> None:
    network = body(Block(), Block())
    assert norms(network) == 5
    assert norms(folded(network)) == 2
    assert norms(network) == 5


def test_a_body_that_cannot_be_traced_is_taken_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    class Wayward(nn.Module):
        def forward(self, maps: Tensor) -> Tensor:
            return maps if maps.mean() > 0 else -maps

    network = body(Wayward())
    with caplog.at_level("INFO"):
        assert folded(network) is network
    assert "batch norm is computed by itself: TraceError" in caplog.text
