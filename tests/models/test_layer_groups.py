"""Three groups of layers: where they are cut, what is in them, and how they are shown."""

import pytest

from experiments.models.body import blocks, empty_body
from experiments.models.head import make_head
from experiments.models.layer_groups import LayerGroup, layer_groups
from experiments.models.transfer import Transfer


def groups_of(architecture: str) -> list[LayerGroup]:
    return layer_groups(architecture, empty_body(architecture), make_head(64, 3, 0.5))


@pytest.mark.parametrize(
    ("architecture", "last_below", "first_above"),
    [
        ("resnet18", "layer2.1.bn2.bias", "layer3.0.conv1.weight"),
        ("resnet50", "layer2.3.bn3.bias", "layer3.0.conv1.weight"),  # whose first convolution still has large maps
        ("squeezenet1_1", "features.7.expand3x3.bias", "features.9.squeeze.weight"),  # 27 pixels, not 28
        ("mobilenet_v2", "features.6.conv.3.bias", "features.7.conv.0.0.weight"),
        ("mobilenet_v3_small", "features.3.block.2.1.bias", "features.4.block.0.0.weight"),  # squeezed to 1 x 1 inside
        ("efficientnet_b0", "features.3.1.block.3.1.bias", "features.4.0.block.0.0.weight"),
        ("densenet121", "features.denseblock2.denselayer12.conv2.weight", "features.transition2.norm.weight"),
        ("swin_t", "features.3.1.mlp.3.bias", "features.4.reduction.weight"),  # channels last inside
    ],
)
def test_the_first_group_ends_with_the_stage_of_an_eighth_of_the_side(
    architecture: str, last_below: str, first_above: str
) -> None:
    below, above, _ = groups_of(architecture)
    assert next(iter(above.parameters)) == f"body.{first_above}"
    assert list(below.parameters)[-1] == f"body.{last_below}"


@pytest.mark.parametrize("architecture", ["resnet18", "swin_t"])
def test_each_parameter_is_in_one_group_in_the_order_of_definition(architecture: str) -> None:
    groups = groups_of(architecture)
    assert [group.name for group in groups] == ["stem to second stage", "later stages", "head"]
    body = [f"body.{name}" for name, _ in empty_body(architecture).named_parameters()]
    assert [*groups[0].parameters, *groups[1].parameters] == body
    assert all(group.parameters for group in groups)
    assert sum(len(list(block.parameters())) for block in blocks(empty_body(architecture))) == len(body)


def test_the_parameters_are_the_networks_own() -> None:
    network = Transfer((3, 224, 224), 2, "squeezenet1_1", "none")
    theirs = dict(network.named_parameters())
    ours = {name: p for group in network.layer_groups() for name, p in group.parameters.items()}
    assert list(ours) == list(theirs)
    assert all(ours[name] is theirs[name] for name in theirs)
