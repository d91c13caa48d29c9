"""The networks that ship: shapes for every kind of input, and what their options change."""

import pytest
import torch
from torch import nn

from experiments.models.linear import Linear
from experiments.models.small_cnn import SmallCNN

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 64, 64), (3, 224, 224), (3, 9, 13), (4, 31, 33)]


@pytest.mark.parametrize("shape", SHAPES)
def test_small_cnn_takes_images_of_any_size(shape: tuple[int, int, int]) -> None:
    network = SmallCNN(shape, 5, width=4).eval()
    logits = network(torch.rand(2, *shape))
    assert logits.shape == (2, 5)
    assert logits.isfinite().all()


@pytest.mark.parametrize(
    ("shape", "expected"), [((1, 8, 8), 2), ((1, 28, 28), 7), ((3, 64, 64), 4), ((3, 224, 224), 14)]
)
def test_small_images_keep_their_resolution_in_the_first_layer(shape: tuple[int, int, int], expected: int) -> None:
    features = SmallCNN(shape, 5, width=4).body(torch.rand(1, *shape))
    assert features.shape == (1, 16, expected, expected)


def test_small_cnn_pools_by_maximum_and_average() -> None:
    network = SmallCNN((1, 8, 8), 3, width=2, dropout=0).eval()
    images = torch.rand(4, 1, 8, 8)
    features = network.body(images)
    by_hand = torch.cat([features.flatten(2).max(dim=2).values, features.flatten(2).mean(dim=2)], dim=1)
    torch.testing.assert_close(network(images), network.head(by_hand))


def test_dropout_0_leaves_the_layer_out_and_the_weights_where_they_are() -> None:
    with_, without = SmallCNN((1, 8, 8), 3, width=2), SmallCNN((1, 8, 8), 3, width=2, dropout=0)
    assert [type(layer) for layer in with_.head] == [nn.Dropout, nn.Linear]
    assert [type(layer) for layer in without.head] == [nn.Linear]
    assert [layer.p for layer in with_.modules() if isinstance(layer, nn.Dropout)] == [0.5]
    images = torch.rand(2, 1, 8, 8)
    assert torch.equal(without.train()(images), without.eval()(images))
    assert not torch.equal(with_.train()(images), with_.eval()(images))


def test_width_sets_all_widths() -> None:
    convolutions = [m for m in SmallCNN((3, 64, 64), 2, width=6).modules() if isinstance(m, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels) for c in convolutions] == [(3, 6), (6, 6), (6, 12), (12, 24)]


@pytest.mark.parametrize("shape", [*SHAPES[:3], (2,)])
def test_linear_takes_images_and_points(shape: tuple[int, ...]) -> None:
    assert Linear(shape, 3)(torch.rand(2, *shape)).shape == (2, 3)


def test_linear_starts_where_it_is_told() -> None:
    network = Linear((2,), 1, bias=False, initial=[-1.0, 1.0])
    assert [p.tolist() for p in network.parameters()] == [[[-1.0, 1.0]]]
    assert network(torch.tensor([[2.0, 1.0]])).tolist() == [[-1.0]]


def test_initial_weights_stand_in_the_order_of_the_outputs() -> None:
    network = Linear((2,), 2, bias=False, initial=[1.0, 2.0, 3.0, 4.0])
    assert network(torch.tensor([[1.0, 10.0]])).tolist() == [[21.0, 43.0]]


@pytest.mark.parametrize("initial", [[], [1.0], [1.0, 2.0, 3.0]])
def test_initial_weights_of_another_number_are_refused(initial: list[float]) -> None:
    with pytest.raises(ValueError, match=r"must have 2 x 1 numbers here, or be null") as caught:
        Linear((2,), 1, initial=initial)
    assert f"model.initial={initial}" in str(caught.value)


def test_bias_is_an_option() -> None:
    assert Linear((4,), 3).layer.bias is not None
    assert Linear((4,), 3, bias=False).layer.bias is None
