"""The cut: a body is what the original network computes before its pooling, in every family of torchvision's."""

import copy
import re

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from experiments.config.problems import ConfigurationError
from experiments.models.body import (
    AUXILIARY,
    architectures,
    block_shapes,
    body_stride,
    content_hash,
    cut_body,
    empty_body,
    random_body,
)

FAMILIES = {
    "alexnet": "avgpool",
    "convnext_tiny": "avgpool",
    "densenet121": None,  # pools in a function of forward()
    "efficientnet_b0": "avgpool",
    "googlenet": "avgpool",
    "inception_v3": "avgpool",
    "maxvit_t": "classifier",
    "mnasnet0_5": None,
    "mobilenet_v2": None,
    "mobilenet_v3_small": "avgpool",
    "regnet_x_400mf": "avgpool",
    "resnet18": "avgpool",
    "shufflenet_v2_x0_5": None,
    "squeezenet1_1": "classifier",
    "swin_t": "avgpool",
    "vgg11": "avgpool",
}
"""One architecture of each family, and the layer that its body's map is the input of."""

SIDES = {"maxvit_t": 224, "inception_v3": 96}


def original(architecture: str) -> nn.Module:
    keys = {"aux_logits": False, "init_weights": False} if architecture in AUXILIARY else {}
    model: nn.Module = models.get_model(architecture, weights=None, **keys)
    return model.eval()


@pytest.fixture
def quick_to_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing weights by torchvision's rules takes seconds for some families, and any numbers will do."""
    for name in ("trunc_normal_", "normal_", "uniform_", "kaiming_normal_", "kaiming_uniform_", "xavier_uniform_"):
        monkeypatch.setattr(nn.init, name, lambda *_, **__: None)


@pytest.mark.usefixtures("quick_to_build")
@pytest.mark.parametrize("architecture", FAMILIES)
def test_the_body_computes_what_the_original_does_at_the_cut(architecture: str) -> None:
    model = original(architecture)
    body = cut_body(model)
    assert body is not None
    random = torch.Generator().manual_seed(1)
    for parameter in body.parameters():
        parameter.data.uniform_(-0.1, 0.1, generator=random)
    last = [name for name, _ in model.named_children()][-1]
    setattr(model, last, nn.Identity())  # a classifier of 100 million weights would only take time
    side = SIDES.get(architecture, 64)
    images = torch.rand(1, 3, side, side, generator=random)
    caught: list[Tensor] = []
    layer = model.get_submodule(FAMILIES[architecture] or last)
    layer.register_forward_pre_hook(lambda _module, inputs: caught.append(inputs[0]))
    with torch.no_grad():
        model(images)
        maps = body(images)
    assert maps.std() > 0
    assert torch.equal(caught[0], maps if FAMILIES[architecture] else maps.mean(dim=(2, 3)))


@pytest.mark.parametrize("architecture", [name for name in FAMILIES if name != "regnet_x_400mf"])
def test_the_bodys_names_are_torchvisions_own_and_all_but_the_classifiers(architecture: str) -> None:
    with torch.device("meta"):  # which regnet cannot be built on
        state = original(architecture).state_dict()
    body = empty_body(architecture).state_dict()
    assert {name: tensor.shape for name, tensor in body.items()}.items() <= (
        {name: tensor.shape for name, tensor in state.items()}.items()
    )
    (classifier,) = {name.split(".")[0] for name in state} - {name.split(".")[0] for name in body}
    assert classifier in ("classifier", "fc", "head")


def test_there_is_no_family_that_is_not_tried_here() -> None:
    """A new one in torchvision is seen here: is it a chain, and ends it where the cut is?"""
    stems = [{re.sub(r"\d.*", "", name).split("_")[0] for name in names} for names in (architectures(), FAMILIES)]
    assert stems[0] == stems[1] | {"vit", "resnext", "wide"}


def test_a_vision_transformer_has_no_body_and_the_message_names_those_that_have() -> None:
    with pytest.raises(ConfigurationError) as caught:
        empty_body("vit_b_16")
    (problem,) = caught.value.problems
    assert problem.subject == "model.architecture=vit_b_16"
    assert problem.wrong == (
        "has no body that a new head could be put on: there is no map of the image before its classifier\n"
        "these have one: alexnet, convnext, densenet, efficientnet, googlenet, inception, maxvit, mnasnet, mobilenet, "
        "regnet, resnet, resnext, shufflenet, squeezenet, swin, vgg, wide_resnet"
    )
    assert problem.instead == "model=resnet34"


@pytest.mark.parametrize(("typed", "meant"), [("resnet99", "resnet50"), ("resnet_18", "resnet18"), ("xyz", None)])
def test_an_unknown_architecture_is_refused_with_the_nearest_name(typed: str, meant: str | None) -> None:
    for build in (empty_body, random_body):
        with pytest.raises(ConfigurationError) as caught:
            build(typed)
        (problem,) = caught.value.problems
        assert problem.subject == f"model.architecture={typed}"
        assert problem.wrong.startswith("torchvision has no classification model of this name; it has alexnet, conv")
        assert problem.instead == (meant and f"model.architecture={meant}")


@pytest.mark.parametrize(
    ("architecture", "stride"), [("resnet18", 32), ("squeezenet1_1", 224 / 13), ("alexnet", 224 / 6), ("swin_t", 32)]
)
def test_the_stride_is_of_a_side(architecture: str, stride: float) -> None:
    assert body_stride(architecture) == stride


def test_shapes_without_batch_norm_are_those_with_it() -> None:
    assert block_shapes("mobilenet_v3_small", 96, 64)[-1] == (
        tuple(random_body("mobilenet_v3_small").eval()(torch.zeros(1, 3, 96, 64)).shape)
    )


def test_an_empty_body_draws_nothing_even_where_it_must_be_built_with_numbers() -> None:
    before = torch.random.get_rng_state()
    for architecture in ("resnet18", "regnet_x_400mf"):
        assert all(tensor.is_meta for tensor in empty_body(architecture).state_dict().values())
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_hash_is_of_names_types_shapes_and_bytes() -> None:
    layer = nn.Linear(2, 3)
    same = copy.deepcopy(layer)
    assert content_hash(layer) == content_hash(same)
    assert re.fullmatch("[0-9a-f]{64}", content_hash(layer))
    with torch.no_grad():
        same.bias[1] = torch.nextafter(same.bias[1], torch.tensor(9.0))
    others = [same, nn.Sequential(layer), copy.deepcopy(layer).double(), nn.Linear(3, 2)]
    others[3].weight = nn.Parameter(layer.weight.detach().reshape(2, 3))
    assert len({content_hash(one) for one in [layer, *others]}) == 5


def test_the_hash_is_of_the_values_wherever_they_lie_in_memory() -> None:
    layer = nn.Conv2d(3, 4, 3)
    hash_ = content_hash(layer)
    assert content_hash(layer.to(memory_format=torch.channels_last)) == hash_
