"""The network: a body that can be frozen, what stays as it is then, and two ways into the head."""

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from experiments.config.problems import ConfigurationError
from experiments.models.body import content_hash
from experiments.models.transfer import Transfer

NORM = "shufflenet_v2_x0_5"  # small, and with batch norm
SHAPE = (3, 64, 64)


def network(architecture: str = NORM, **keys: bool | float | str) -> Transfer:
    torch.manual_seed(1)
    return Transfer(SHAPE, 3, architecture, **{"weights": "none", **keys})  # type: ignore[arg-type]


def images(count: int = 4, channels: int = 3) -> Tensor:
    return torch.rand(count, channels, 64, 64, generator=torch.Generator().manual_seed(2))


def train_a_step(net: Transfer) -> None:
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    net.train()
    net(images()).square().sum().backward()
    optimizer.step()


def changed(before: dict[str, Tensor], net: nn.Module) -> set[str]:
    return {name for name, tensor in net.state_dict().items() if not torch.equal(tensor, before[name])}


def test_head_inputs_give_what_images_give() -> None:
    net = network().eval()
    features = net.features(images())
    assert features.shape == (4, net.feature_count) == (4, 2048)
    assert net(images()).shape == (4, 3)
    assert torch.equal(net(features), net(images()))
    maps = net.body(images())
    torch.testing.assert_close(features, torch.cat([maps.amax((2, 3)), maps.mean((2, 3))], 1), rtol=1e-4, atol=1e-5)


def test_state_is_of_body_and_head_alone_under_torchvisions_names() -> None:
    names = set(network().state_dict())
    theirs = {f"body.{name}" for name in models.get_model(NORM).state_dict() if not name.startswith("fc.")}
    assert {name for name in names if name.startswith("body.")} == theirs
    assert {name.split(".")[0] for name in names} == {"body", "head"}


def test_a_frozen_body_is_left_as_it_is_by_training() -> None:
    net = network()
    assert net.body_is_frozen
    assert net.head_inputs_are_fixed
    before, hash_ = copy.deepcopy(net.state_dict()), net.body_hash()
    train_a_step(net)
    assert not net.body.training
    assert net.head.training
    assert changed(before, net)
    assert {name.split(".")[0] for name in changed(before, net)} == {"head"}
    assert net.body_hash() == hash_
    assert all(p.grad is None for p in net.body.parameters())


def test_with_train_norm_a_frozen_bodys_batch_norm_learns_on_and_nothing_else_of_it() -> None:
    net = network(train_norm=True)
    assert net.body_is_frozen
    assert not net.head_inputs_are_fixed
    before, hash_ = copy.deepcopy(net.state_dict()), net.body_hash()
    train_a_step(net)
    assert net.body_hash() != hash_
    norms = {f"body.{name}" for name, layer in net.body.named_modules() if isinstance(layer, nn.BatchNorm2d)}
    touched = {name for name in changed(before, net) if name.startswith("body.")}
    assert {name.rpartition(".")[0] for name in touched} == norms
    assert {name.rpartition(".")[2] for name in touched} == {
        "weight",
        "bias",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }


def test_without_batch_norm_train_norm_costs_nothing() -> None:
    net = network("squeezenet1_1", train_norm=True)
    assert not net.train_norm
    assert net.head_inputs_are_fixed


def test_an_unfrozen_body_learns_and_frozen_again_stays() -> None:
    net = network()
    before, hash_ = copy.deepcopy(net.state_dict()), net.body_hash()
    net.unfreeze()
    assert net.body.training
    assert not net.head_inputs_are_fixed
    train_a_step(net)
    assert {name for name in changed(before, net) if name.startswith("body.")} >= {
        "body.conv1.0.weight",
        "body.conv1.1.running_mean",
    }
    net.freeze()
    assert not net.body.training
    assert net.body_hash() == content_hash(net.body) != hash_
    net.eval().unfreeze()
    assert not net.body.training


def test_a_body_changed_by_hand_has_another_hash() -> None:
    net = network()
    hash_ = net.body_hash()
    other = copy.deepcopy(net)
    with torch.no_grad():
        next(net.body.parameters()).add_(1)
    assert net.body_hash() == content_hash(net.body) != hash_
    assert other.body_hash() == hash_
    net.load_state_dict(other.state_dict())
    assert net.body_hash() == hash_


@pytest.mark.parametrize(("asked", "frozen"), [(True, True), (False, False), (None, False)])
def test_freeze_body_without_weights(asked: bool | None, frozen: bool) -> None:
    net = Transfer(SHAPE, 2, "squeezenet1_1", "none", freeze_body=asked)
    assert net.body_is_frozen is frozen
    assert any(p.requires_grad for p in net.body.parameters()) is not frozen
    assert (net.mean, net.std, net.weights_hash) == (None, None, None)


def test_grey_images_give_their_channel_to_all_three() -> None:
    net = Transfer((1, 64, 64), 3, NORM, "none").eval()
    grey = images(channels=1)
    assert torch.equal(net(grey), net(grey.repeat(1, 3, 1, 1)))


def test_the_seed_decides_a_body_without_weights() -> None:
    one, same = network(), network()
    torch.manual_seed(2)
    other = Transfer(SHAPE, 3, NORM, "none")
    assert one.body_hash() == same.body_hash() != other.body_hash()
    assert torch.equal(one.head[-1].weight, same.head[-1].weight)


def test_the_same_numbers_are_drawn_whether_the_body_is_read_or_reused(tmp_path: Path) -> None:
    for architecture in ("squeezenet1_1", "mobilenet_v3_small"):
        torch.save(models.get_model(architecture).state_dict(), tmp_path / f"{architecture}.pth")
    heads, left = [], []
    for architecture in ("mobilenet_v3_small", "squeezenet1_1", "squeezenet1_1"):  # read, read, reused
        torch.manual_seed(5)
        net = Transfer(SHAPE, 3, architecture, str(tmp_path / f"{architecture}.pth"))
        heads.append(net.head[-1].weight)
        left.append(torch.random.get_rng_state())
    assert torch.equal(heads[1], heads[2])
    assert torch.equal(left[1], left[2])


def test_networks_with_the_same_weights_share_nothing_that_training_changes(tmp_path: Path) -> None:
    torch.save(models.get_model(NORM).state_dict(), tmp_path / "w.pth")
    one, other = (network(weights=str(tmp_path / "w.pth")) for _ in range(2))
    hash_ = other.body_hash()
    one.unfreeze()
    train_a_step(one)
    assert content_hash(one.body) != hash_
    assert content_hash(other.body) == hash_ == network(weights=str(tmp_path / "w.pth")).body_hash()


@pytest.mark.parametrize(
    ("architecture", "shape", "wrong", "instead"),
    [
        ("resnet18", (1, 28, 28), "images of 28 x 28 are smaller than resnet18's stride of 32 pixels", 64),
        ("resnet18", (3, 300, 31), "images of 300 x 31 are smaller than resnet18's stride of 32 pixels", 64),
        ("squeezenet1_1", (3, 16, 16), "images of 16 x 16 are smaller than squeezenet1_1's stride of 17 pixels", 64),
        (
            "inception_v3",
            (3, 64, 64),
            "inception_v3 cannot take images of 64 x 64: they do not come out even, or to nothing",
            96,
        ),
    ],
)
def test_images_that_a_body_cannot_take_are_refused(
    architecture: str, shape: tuple[int, int, int], wrong: str, instead: int
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Transfer(shape, 3, architecture, "none")
    (problem,) = caught.value.problems
    assert (problem.subject, problem.wrong) == ("dataset.image_size", wrong)
    assert problem.instead == f"dataset.image_size={instead} (for photographs), or model=small_cnn"


@pytest.mark.parametrize(("shape", "said"), [((2, 64, 64), "2 x 64 x 64"), ((7,), "7")])
def test_inputs_that_are_no_images_are_refused(shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"1 channel or 3, and these data have inputs of shape {said}\n"):
        Transfer(shape, 3, "resnet18", "none")


def test_the_smallest_images_give_finite_numbers() -> None:
    net = Transfer((3, 32, 32), 3, NORM, "none").eval()
    assert net(images()[:, :, :32, :32]).isfinite().all()
