"""Pretrained weights: whose files are read, what is left out, and what is said about those that do not fit."""

import io
import os
import pickle
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision import models

from experiments.config.problems import ConfigurationError, Problem
from experiments.models import state_file, weights
from experiments.models.transfer import Transfer

SHARED = Path(__file__).parents[3] / "shared" / "weights"
ARCHITECTURE = "squeezenet1_1"
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    torch.manual_seed(1)
    return dict(models.squeezenet1_1().state_dict())


@pytest.fixture(scope="module")
def with_norm() -> State:
    return dict(models.get_model("shufflenet_v2_x0_5").state_dict())


def body_of(path: Path, architecture: str = ARCHITECTURE) -> State:
    return dict(weights.pretrained_body(architecture, str(path)).copy().state_dict())


def refusal(path: object, architecture: str = ARCHITECTURE) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        weights.pretrained_body(architecture, str(path))
    (problem,) = caught.value.problems
    if path != "imagenet":
        assert problem.subject == f"model.weights={path}"
    return problem


def same(ours: State, theirs: State) -> bool:
    return all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def under(prefix: str) -> Callable[[State], Any]:
    return lambda state: {f"{prefix}{name}": tensor for name, tensor in state.items()}


def without_classifier(state: State) -> State:
    return {name: tensor for name, tensor in state.items() if not name.startswith("classifier")}


def hollow(architecture: str, **keys: bool) -> tuple[Any, State]:
    """A model without numbers, and a state dict of its shapes that is one zero throughout: a small file."""
    with torch.device("meta"):
        model = models.get_model(architecture, weights=None, **keys)
    return model, {name: torch.zeros(()).expand(tensor.shape) for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize(
    "layout",
    [
        dict,
        under("module."),
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": under("module.")(state), "optimizer": {"lr": 0.1}},
        lambda state: {**under("body.")(without_classifier(state)), "head.0.weight": torch.ones(3)},
        lambda state: without_classifier(state),
        lambda state: {**state, "classifier.1.weight": torch.ones(7, 512, 1, 1)},
    ],
)
def test_layouts_that_are_taken(layout: Callable[[State], Any], state: State, tmp_path: Path) -> None:
    torch.save(layout(state), tmp_path / "weights.pth")
    assert same(body_of(tmp_path / "weights.pth"), state)


def test_the_content_decides_between_the_two_kinds_of_file(state: State, tmp_path: Path) -> None:
    save_file(state, tmp_path / "weights.safetensors")
    save_file(state, tmp_path / "safetensors.pth")
    torch.save(state, tmp_path / "zip.safetensors")
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    for name in ("weights.safetensors", "safetensors.pth", "zip.safetensors", "old.pth"):
        assert same(body_of(tmp_path / name), state)
        content = (tmp_path / name).read_bytes()
        assert weights.pretrained_body(ARCHITECTURE, str(tmp_path / name)).weights_hash == sha256(content).hexdigest()


def test_the_home_folder_is_expanded(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    torch.save(state, tmp_path / "weights.pth")
    assert same(body_of(Path("~/weights.pth")), state)


def test_half_precision_becomes_single(state: State, tmp_path: Path) -> None:
    torch.save({name: tensor.half() for name, tensor in state.items()}, tmp_path / "half.pth")
    body = body_of(tmp_path / "half.pth")
    assert {tensor.dtype for tensor in body.values()} == {torch.float32}
    assert same(body, {name: tensor.half().float() for name, tensor in state.items()})


def test_num_batches_tracked_may_be_missing(with_norm: State, tmp_path: Path) -> None:
    torch.save({k: v for k, v in with_norm.items() if "num_batches" not in k}, tmp_path / "old.pth")
    body = body_of(tmp_path / "old.pth", "shufflenet_v2_x0_5")
    assert same(body, with_norm)
    assert not any(tensor.is_meta for tensor in body.values())


def test_densenets_published_names_are_understood(tmp_path: Path) -> None:
    _, state = hollow("densenet121")
    theirs = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name): one for name, one in state.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in theirs
    torch.save(theirs, tmp_path / "densenet121.pth")
    body = body_of(tmp_path / "densenet121.pth", "densenet121")
    assert set(body) == set(state) - {"classifier.weight", "classifier.bias"}


@pytest.mark.parametrize("architecture", ["googlenet", "inception_v3"])
def test_bodies_that_rescale_their_images_are_given_them_as_they_want_them(architecture: str, tmp_path: Path) -> None:
    """These models bring ImageNet's normalisation to -1..1 themselves, which the cut leaves out."""
    original, state = hollow(architecture, init_weights=False, transform_input=True)
    assert any("aux" in name.lower() for name in state)
    torch.save(state, tmp_path / "weights.pth")
    pretrained = weights.pretrained_body(architecture, str(tmp_path / "weights.pth"))
    assert 0 < len(pretrained.body.state_dict()) < len(state)
    image = torch.rand(1, 3, 96, 96)
    imagenet = models.get_model_weights("resnet18").DEFAULT.transforms()
    theirs = original._transform_input((image - _column(imagenet.mean)) / _column(imagenet.std))
    torch.testing.assert_close((image - _column(pretrained.mean)) / _column(pretrained.std), theirs)


def _column(numbers: list[float]) -> Tensor:
    return torch.tensor(numbers).view(3, 1, 1)


def test_a_body_is_read_once_while_its_file_stays(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, read = tmp_path / "weights.pth", []
    monkeypatch.setattr(weights, "read_state", lambda *a: read.append(a) or state_file.read_state(*a))
    torch.save(state, file)
    first = body_of(file)
    body_of(file)
    assert len(read) == 1
    torch.save({name: tensor + 1 for name, tensor in state.items()}, tmp_path / "other.pth")
    (tmp_path / "other.pth").replace(file)
    assert torch.equal(body_of(file)["features.0.bias"], first["features.0.bias"] + 1)
    assert len(read) == 2


def test_another_architectures_weights_are_named_with_what_does_not_fit(state: State, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "weights.pth")
    problem = refusal(tmp_path / "weights.pth", "resnet18")
    assert problem.wrong == (
        "does not fit the body of resnet18:\n"
        "  100 missing: conv1.weight, bn1.weight, bn1.bias, ...\n"
        "  50 unexpected: features.0.weight, features.0.bias, features.3.squeeze.weight, ...\n"
        "the file has as many parameters as squeezenet1_1 has"
    )
    assert problem.instead == "model=torchvision model.architecture=squeezenet1_1"


def test_a_few_tensors_that_do_not_fit_are_named(state: State, tmp_path: Path) -> None:
    spoilt = {**state, "features.0.bias": torch.ones(63), "features.3.squeeze.bias": torch.full((16,), float("nan"))}
    del spoilt["features.0.weight"]
    torch.save({**spoilt, "extra.weight": torch.ones(1)}, tmp_path / "weights.pth")
    problem = refusal(tmp_path / "weights.pth")
    assert problem.wrong == (
        "does not fit the body of squeezenet1_1:\n"
        "  1 missing: features.0.weight\n"
        "  1 unexpected: extra.weight\n"
        "  1 of another shape: features.0.bias is 63 instead of 64\n"
        "  1 with numbers that are not finite: features.3.squeeze.bias"
    )
    assert problem.instead is None


def test_no_two_architectures_have_as_many_parameters() -> None:
    counts = [models.get_model_weights(name).DEFAULT.meta["num_params"] for name in models.list_models(module=models)]
    assert len(set(counts)) == len(counts) > 70


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("code_was_run",)


def saved(what: object, *, zipped: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save(what, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


DAMAGED = "is cut short or damaged, or was not written by torch.save"
TENSORS = {"features.0.bias": torch.ones(64)}


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "is empty"),
        (b"<html>not found</html>", "is no weights file: allowed is a state dict, .pth or .safetensors"),
        (saved(TENSORS)[:300], DAMAGED),
        (saved(TENSORS)[:-30], DAMAGED),
        (saved(TENSORS, zipped=False)[:-30], DAMAGED),
        (saved([1, 2]), "holds no tensors by name: allowed is a state dict, .pth or .safetensors"),
        (saved({"epoch": 3}), "holds no tensors by name: allowed is a state dict, .pth or .safetensors"),
        (saved({"state_dict": {}}), "holds no tensors by name: allowed is a state dict, .pth or .safetensors"),
        *(
            (content, "holds more than tensors (posix.mkdir), and was not loaded: that could run any code")
            for content in (saved(Evil()), saved({**TENSORS, "x": Evil()}, zipped=False), pickle.dumps(Evil(), 2))
        ),
        (pickle.dumps(Evil(), 5), DAMAGED),
        (
            saved(torch.nn.Linear(2, 2)),
            "holds more than tensors (torch.nn.modules.linear.Linear), and was not loaded: that could run any code",
        ),
    ],
)
def test_files_that_are_no_weights(content: bytes, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.pth").write_bytes(content)
    assert refusal(tmp_path / "weights.pth").wrong == wrong
    assert [entry.name for entry in tmp_path.iterdir()] == ["weights.pth"]


@pytest.mark.parametrize("length", [100, 5000])
def test_cut_safetensors(length: int, state: State, tmp_path: Path) -> None:
    save_file(state, tmp_path / "whole")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "whole").read_bytes()[:length])
    problem = refusal(tmp_path / "cut.safetensors")
    assert problem.wrong == "is cut short or damaged: its table of contents does not fit its bytes"


def test_paths_without_a_file(tmp_path: Path) -> None:
    assert refusal(tmp_path).wrong == "is a folder, not a weights file"
    assert refusal(tmp_path / "typo.pth").wrong == (
        "there is no such file; allowed are imagenet, none, and the path of a state dict (.pth, .safetensors)"
    )


class TestImagenet:
    """torchvision's own weights, in the folder where torch keeps what it fetched."""

    NAME = "squeezenet1_1-b8a52dc0.pth"

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
        return tmp_path / "checkpoints"

    def test_without_file_and_network_the_message_says_what_to_put_where(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_network(*_: object, **__: object) -> None:
            raise URLError("no route to host")

        monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
        problem = refusal("imagenet")
        assert problem.subject == "model.weights=imagenet"
        first, second, third = problem.wrong.splitlines()
        assert first == (
            "the weights of squeezenet1_1 are not on this machine and could not be fetched: "
            "<urlopen error no route to host>"
        )
        assert second.startswith("fetch https://")
        assert second.endswith(f"/{self.NAME}")
        assert third == f"elsewhere and put it at {folder / self.NAME}"
        assert problem.instead == "model.weights=PATH, or none"

    def test_they_are_fetched_once_to_where_torch_keeps_them_and_checked(
        self, folder: Path, state: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []

        def fetch(url: str, to: str, hash_prefix: str, progress: bool) -> None:
            asked.append((url.rsplit("/", 1)[-1], hash_prefix, progress))
            torch.save(state, to)

        monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
        monkeypatch.setattr(weights, "_digits", lambda _path: "")
        pretrained = weights.pretrained_body(ARCHITECTURE, "imagenet")
        weights.pretrained_body(ARCHITECTURE, "imagenet")
        assert asked == [(self.NAME, "", False)]
        assert same(dict(pretrained.copy().state_dict()), state)
        assert (pretrained.mean, pretrained.std) == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])

    def test_a_file_with_another_hash_than_its_name_says_is_refused(self, folder: Path, state: State) -> None:
        folder.mkdir()
        torch.save(state, folder / self.NAME)
        problem = refusal("imagenet")
        assert problem.subject == f"model.weights=imagenet ({folder / self.NAME})"
        assert problem.wrong == "is damaged: its hash is not what its name says"
        assert problem.instead == f"rm {folder / self.NAME}"

    def test_an_unknown_architecture_is_refused_before_anything_is_fetched(self) -> None:
        assert refusal("imagenet", "resnet99").subject == "model.architecture=resnet99"


@pytest.mark.real_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="the weights are not beside this checkout")
@pytest.mark.parametrize("architecture", ["squeezenet1_1", "mobilenet_v2"])
def test_real_weights(architecture: str) -> None:
    path = SHARED / f"{architecture}.pth"
    network = Transfer((3, 224, 224), 3, architecture, str(path), freeze_body=None).eval()
    assert network.head_inputs_are_fixed
    assert network.mean == [0.485, 0.456, 0.406]
    assert network.weights_hash == sha256(path.read_bytes()).hexdigest()
    original = models.get_model(architecture).eval()
    original.load_state_dict(torch.load(path, weights_only=True))
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        maps = original.get_submodule("features")(image)
        torch.testing.assert_close(network.body(image), maps)
        torch.testing.assert_close(network.features(image)[:, maps.shape[1] :], maps.mean((2, 3)), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda tensor: tensor.to(torch.int8), "int8"),
        (lambda tensor: tensor.bool(), "bool"),
        (lambda tensor: tensor.to(torch.complex64), "complex64"),
        (lambda tensor: tensor.to("meta"), "on meta"),
    ],
)
def test_tensors_that_are_no_plain_numbers_are_refused(
    change: Callable[[Tensor], Tensor], kind: str, state: State, tmp_path: Path
) -> None:
    torch.save({**state, "features.0.weight": change(state["features.0.weight"])}, tmp_path / "weights.pth")
    with pytest.raises(ConfigurationError) as refused:
        body_of(tmp_path / "weights.pth")
    assert "holds tensors that are no plain numbers:" in str(refused.value)
    assert f"features.0.weight ({kind})" in str(refused.value)


def test_numbers_that_single_precision_cannot_hold_are_not_finite(state: State, tmp_path: Path) -> None:
    weight = state["features.0.weight"].double()
    weight[0, 0, 0, 0] = 1e300
    torch.save({**state, "features.0.weight": weight}, tmp_path / "weights.pth")
    with pytest.raises(ConfigurationError, match=r"1 with numbers that are not finite: features\.0\.weight"):
        body_of(tmp_path / "weights.pth")
