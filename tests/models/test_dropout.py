"""Our dropout is torch's, but for the numbers that it happens to draw."""

from __future__ import annotations

import pytest
import torch

from experiments.models.dropout import Dropout


@pytest.mark.parametrize("rate", [0.05, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(401, 999), (1000, 400), (400_001,)])
def test_the_rate_is_kept_and_the_mean_too(rate: float, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    found = Dropout(rate)(torch.ones(shape))
    share = (found == 0).double().mean().item()
    assert share == pytest.approx(rate, abs=5 * (rate * (1 - rate) / 4e5) ** 0.5)
    assert found[found != 0].unique().tolist() == [pytest.approx(1 / (1 - rate), rel=2e-4)]


def test_what_is_dropped_hangs_on_no_place() -> None:
    """The four that share a draw, and rows and columns, are dropped independently."""
    torch.manual_seed(0)
    dropped = (Dropout(0.5)(torch.ones(4000, 64)) == 0).double()
    together = torch.corrcoef(dropped.T) - torch.eye(64)
    assert together.abs().max() < 5 / 4000**0.5
    assert dropped.mean(1).std().item() == pytest.approx((0.25 / 64) ** 0.5, rel=0.1)


def test_gradients_go_where_the_activations_went() -> None:
    inputs = torch.randn(32, 16, requires_grad=True)
    outputs = Dropout(0.3)(inputs)
    outputs.sum().backward()
    assert inputs.grad is not None
    torch.testing.assert_close(inputs.grad * inputs.detach(), outputs.detach())


def test_it_is_drawn_from_torchs_generator() -> None:
    layer, inputs = Dropout(0.5), torch.ones(64, 64)
    torch.manual_seed(3)
    first, second = layer(inputs), layer(inputs)
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    assert torch.equal(layer(inputs), first)


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_nothing_and_everything(rate: float, expected: float) -> None:
    assert torch.equal(Dropout(rate)(torch.ones(3, 5)), torch.full((3, 5), expected))


def test_in_evaluation_mode_nothing_is_dropped() -> None:
    assert torch.equal(Dropout(0.5).eval()(torch.ones(3, 5)), torch.ones(3, 5))
