"""The head: the lesson's layers in the lesson's order."""

import pytest
import torch
from torch import nn

from experiments.models.head import concat_pool, make_head


def test_pooling_puts_the_maximum_before_the_average() -> None:
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[-1.0, -1.0], [-1.0, -5.0]]]])
    assert concat_pool(maps).tolist() == [[6.0, -1.0, 3.0, -2.0]]


def test_layers_and_their_sizes() -> None:
    head = make_head(1024, 3, 0.5)
    names = ["BatchNorm1d", "Dropout", "Linear", "ReLU", "BatchNorm1d", "Dropout", "Linear"]
    assert [type(layer).__name__ for layer in head] == names
    assert [layer.p for layer in head if isinstance(layer, nn.Dropout)] == [0.25, 0.5]
    shapes = [(layer.in_features, layer.out_features) for layer in head if isinstance(layer, nn.Linear)]
    assert shapes == [(1024, 512), (512, 3)]


def test_dropout_0_leaves_the_layers_out_and_changes_no_weights() -> None:
    heads = []
    for dropout in (0.5, 0.0):
        torch.manual_seed(1)
        heads.append(make_head(8, 3, dropout))
    assert not any(isinstance(layer, nn.Dropout) for layer in heads[1])
    for one, other in zip(heads[0].parameters(), heads[1].parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("classes", [2, 1000])
def test_output_size(classes: int) -> None:
    assert make_head(4, classes, 0.5)(torch.rand(5, 4)).shape == (5, classes)
