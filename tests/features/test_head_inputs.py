"""Head inputs: what the body makes of each image, computed once in a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from tiny import CPU, Tiny, computed, data_of, forget, right, used, write

from experiments.data.batches import Batches
from experiments.data.table import Shares
from experiments.features import look_up
from experiments.features.head_inputs import PickView, head_inputs
from experiments.models.transfer import Transfer

pytestmark = pytest.mark.usefixtures("cache")


def test_they_are_the_features_of_the_images_in_evaluation_mode(root: Path) -> None:
    network, data = Tiny(), data_of(root, shares=Shares(test_fraction=0.2))
    network.train()
    found = computed(network, data)
    assert network.training
    assert network.drop.training
    assert (found.plain.shape, found.plain.dtype, found.views, found.notices) == ((23, 6), torch.float32, None, [])
    assert right(found, network, data)
    assert data.test_size > 0
    assert sum(network.calls) == 23
    assert max(network.calls) == 2


def test_a_real_network_with_grey_and_coloured_pictures(root: Path) -> None:
    torch.manual_seed(0)
    network = Transfer((3, 64, 64), 2, "squeezenet1_1", weights="none", freeze_body=True)
    data = data_of(root, 64)
    found = head_inputs(network, data, views=1, device=CPU, precision="32-true")
    with torch.no_grad():
        expected = network.features(data.prepared(range(23)))
    assert torch.allclose(found.plain, expected, rtol=1e-4, atol=1e-5)


def test_unused_rows_are_nan_so_that_a_mistake_shows(root: Path) -> None:
    network, data = Tiny(), data_of(root, shares=Shares(subset_fraction=0.5))
    found = computed(network, data)
    unused = [row for row in range(23) if row not in used(data)]
    assert len(unused) > 5
    assert found.plain[unused].isnan().all()
    assert right(found, network, data)
    assert sum(network.calls) == 23 - len(unused)


def test_another_split_needs_only_what_was_not_used_before(root: Path) -> None:
    network = Tiny()
    computed(network, data_of(root, shares=Shares(subset_fraction=0.5)))
    before = sum(network.calls)
    data = data_of(root)
    assert right(computed(network, data), network, data)
    assert sum(network.calls) == 23 > before


def test_a_second_job_gets_the_very_same_tensors(root: Path, cache: Path) -> None:
    first = computed(Tiny(), data_of(root))
    (cache / next(cache.glob("tiny*")).name / "rows").unlink()
    again = Tiny()
    assert computed(again, data_of(root)) is first
    assert again.calls == []


def test_the_head_can_be_trained_on_them(root: Path) -> None:
    network, data = Tiny(), data_of(root, batch_size=5)
    inputs = computed(network, data).plain
    for features, targets in data.train_batches(0, inputs=inputs):
        torch.nn.functional.cross_entropy(network.head(features), targets).backward()
    assert network.head.weight.grad is not None
    assert network.head.weight.grad.abs().sum() > 0
    assert not inputs.is_inference()


def test_random_numbers_are_left_alone(root: Path) -> None:
    network, data = Tiny(), data_of(root)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    computed(network, data, views=2)
    assert torch.equal(torch.rand(3), expected)


def test_a_body_that_is_trained_is_refused(root: Path) -> None:
    network = Tiny()
    network.head_inputs_are_fixed = False
    with pytest.raises(ValueError, match="features of an image are not fixed"):
        computed(network, data_of(root))


def test_who_waits_sees_how_many_are_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []

    @contextmanager
    def noted(*what: object) -> Iterator[object]:
        said.extend(what)
        yield lambda: said.append("done")

    monkeypatch.setattr(look_up, "progress", noted)
    computed(Tiny(), data_of(root))
    assert said == ["computing features of 23 images by tiny", 23, "images", *["done"] * 23]
    forget()
    computed(Tiny(), data_of(root))
    assert len(said) == 26


def test_views_are_variants_of_the_training_images_alone(root: Path) -> None:
    network, data = Tiny(), data_of(root)
    found = computed(network, data, views=3)
    train = data.table.indices("train")
    assert found.views is not None
    assert found.views.shape == (23, 3, 6)
    assert not found.views[train].isnan().any()
    assert found.views[data.table.indices("valid")].isnan().all()
    evaluated = sorted({*data.evaluated_rows[0], *data.evaluated_rows[1]})
    assert not found.plain[evaluated].isnan().any()
    assert int(found.plain.isnan().any(1).sum()) == 23 - len(evaluated) > 0
    views = found.views[train]
    assert (views[:, 0] != views[:, 1]).any(1).all()
    assert (views[:, 1] != views[:, 2]).any(1).all()
    with torch.no_grad():
        assert torch.allclose(views[:, 1], network.eval().features(data.varied(train, 1)))


def test_a_view_is_a_function_of_content_and_number_alone(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(root, seed=1)
    few = computed(Tiny(), data, views=2).views
    monkeypatch.setenv("EXPERIMENTS_CACHE", str(tmp_path / "another"))
    forget()
    monkeypatch.setattr("experiments.features.extraction.MOST_IMAGES", 7)
    write(root / "cat", range(40, 50))
    larger = data_of(root, seed=2)
    many = computed(Tiny(), larger, views=4).views
    assert few is not None
    assert many is not None
    rows = {content: row for row, content in enumerate(larger.table.sha256)}
    compared = [
        row for row in data.table.indices("train") if larger.table.splits[rows[data.table.sha256[row]]] == "train"
    ]
    assert len(compared) > 10
    for row in compared:
        assert torch.allclose(few[row], many[rows[data.table.sha256[row]]][:2], atol=1e-6)


def test_data_that_are_not_augmented_have_one_view(root: Path) -> None:
    network, data = Tiny(), data_of(root, augment="none")
    found = computed(network, data, views=3)
    assert found.views is None
    assert right(found, network, data)


def test_a_view_is_picked_by_the_generator_of_the_batch() -> None:
    views = torch.arange(200.0).view(100, 2, 1).expand(100, 2, 3)
    targets = torch.arange(100)
    batches = Batches(views, targets, range(100), 50, shuffle_seed=3, transform=PickView())
    first, second = list(batches), list(batches)
    numbers = torch.cat([(x[:, 0] - 2 * y).long() for x, y in first])
    assert set(numbers.tolist()) == {0, 1}
    assert 25 < numbers.sum() < 75
    assert all(torch.equal(one, other) for (one, _), (other, _) in zip(first, second, strict=True))
    assert first[0][0].shape == (50, 3)
    batches.sampler.set_epoch(1)
    of_row = {int(y): int(x[0] - 2 * y) for xs, ys in batches for x, y in zip(xs, ys, strict=True)}
    before = {int(y): int(x[0] - 2 * y) for xs, ys in first for x, y in zip(xs, ys, strict=True)}
    assert of_row != before
