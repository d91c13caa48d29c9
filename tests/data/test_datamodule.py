import math
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pictures import write
from torch.utils.data import TensorDataset

from experiments.data.datamodule import DataModule
from experiments.data.digits import Digits
from experiments.data.errors import DataError
from experiments.data.folder import Folder
from experiments.data.line import Line
from experiments.data.table import Shares

BEARS = Path(__file__).parents[3] / "shared" / "data" / "bears"


@pytest.fixture
def animals(tmp_path: Path) -> Folder:
    write(tmp_path / "cat", range(30))
    write(tmp_path / "dog", range(100, 120))
    return Folder(str(tmp_path), 8)


def ready(*args: Any, **options: Any) -> DataModule:
    shares = Shares(**{one.name: options.pop(one.name) for one in fields(Shares) if one.name in options})
    data = DataModule(*args, shares=shares, **options)
    data.setup("fit")
    return data


def test_digits() -> None:
    data = ready(Digits())
    assert (data.kind, data.output_size, data.input_shape) == ("classification", 10, (1, 8, 8))
    assert data.train_size + data.valid_size == 1797
    assert data.valid_size == pytest.approx(359, abs=40)
    assert data.guess == {"valid_loss": math.log(10), "error_rate": 0.9}
    assert data.preprocessing["size"] == [8, 8]
    assert len(data.train_dataloader()) == data.train_size // 64
    valid, train_eval = data.val_dataloader()
    assert sum(len(y) for _, y in valid) == sum(len(y) for _, y in train_eval) == data.valid_size
    assert set(train_eval.indices.tolist()) <= set(data.table.indices("train"))
    x = torch.cat([x for x, _ in data.evaluation(range(1797))])
    assert float(x.mean()) == pytest.approx(0, abs=1e-3)
    assert float(x.std()) == pytest.approx(1, abs=1e-3)


def test_line() -> None:
    data = ready(Line(), batch_size="all", augment="default")
    ((x, y),) = data.train_dataloader()
    assert (data.kind, data.classes, data.output_size) == ("regression", [], 1)
    assert (x.shape, y.shape) == ((100, 2), (100, 1))
    assert data.guess["valid_loss"] == pytest.approx(float(y.var(correction=0)))
    assert data.guess["rmse"] == pytest.approx(float(y.std(correction=0)))
    assert (data.valid_size, data.notices, data.contact_sheet()) == (100, [], None)
    assert ready(Line(), subset_fraction=0.1).train_size == 10


def test_setup_loads_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = ready(Digits())
    monkeypatch.setattr(Digits, "load", None)
    table = data.table
    data.setup("validate")
    assert data.table is table


def test_subset_leaves_validation_alone() -> None:
    whole, tenth = ready(Digits()), ready(Digits(), subset_fraction=0.1)
    assert tenth.table.indices("valid") == whole.table.indices("valid")
    assert tenth.train_size == pytest.approx(whole.train_size / 10, abs=5)
    assert tenth.table.splits.count("unused") == whole.train_size - tenth.train_size
    assert tenth.split_hash != whole.split_hash
    _, train_eval = tenth.val_dataloader()
    assert len(train_eval.indices) == tenth.train_size


def test_batch_larger_than_the_training_set_is_cut(animals: Folder) -> None:
    data = ready(animals, batch_size=64)
    size = data.train_size
    assert data.notices == [f"dataset.batch_size=64 is larger than the {size} training images: cut to {size}"]
    assert [len(y) for _, y in data.train_dataloader()] == [size]
    assert ready(animals, batch_size="all").notices == []


def test_photographs_are_augmented_in_training_alone(animals: Folder) -> None:
    data, plain = ready(animals, batch_size="all"), ready(animals, batch_size="all", augment="none")
    ((x, y),), ((x_plain, y_plain),) = data.train_dataloader(), plain.train_dataloader()
    assert torch.equal(y, y_plain)
    assert x.shape == x_plain.shape
    assert not torch.equal(x, x_plain)
    for loader, loader_plain in zip(data.val_dataloader(), plain.val_dataloader(), strict=True):
        for (a, _), (b, _) in zip(loader, loader_plain, strict=True):
            assert torch.equal(a, b)


def test_train_and_test_folders(tmp_path: Path) -> None:
    for number, path in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        write(tmp_path / path, range(20 * number, 20 * number + 10))
    data = ready(Folder(str(tmp_path), 8))
    tops = {split: {data.table.paths[row][:5] for row in data.table.indices(split)} for split in ("train", "test")}
    assert tops == {"train": {"train"}, "test": {"test/"}}
    assert {data.table.labels[row] for row in data.table.indices("valid")} == {"cat", "dog"}
    assert data.train_size + data.valid_size == 20


def test_own_dataset_and_class_that_cannot_be_validated() -> None:
    data = ready(TensorDataset(torch.arange(9.0).view(9, 1), torch.tensor([0, 0, 0, 0, 0, 0, 0, 0, 1])))
    assert data.notices[0] in ("Class 1 has no validation samples.", "Class 1 has no training samples.")
    assert data.train_size + data.valid_size == 9


def test_data_that_cannot_be_trained_on() -> None:
    with pytest.raises(DataError, match=r"There is only one class: 0. Two or more are needed"):
        ready(TensorDataset(torch.ones(3, 1), torch.zeros(3, dtype=torch.long)))
    with pytest.raises(DataError, match=r"The validation set is empty: 2 samples, dataset.valid_fraction=0.001."):
        ready(TensorDataset(torch.arange(2.0).view(2, 1), torch.tensor([0, 1])), valid_fraction=0.001)


def test_contact_sheet_leaves_training_as_it_was(animals: Folder) -> None:
    data = ready(animals, batch_size=16)
    before = torch.get_rng_state()
    sheet = data.contact_sheet()
    assert torch.equal(before, torch.get_rng_state())
    assert sheet is not None
    assert sheet.size == (720, 240)
    tiny = ready(Digits(), batch_size=4).contact_sheet()
    assert tiny is not None
    assert tiny.getcolors() is not None  # hard edges: grey levels and the caption's, no smooth blends
    assert tiny.width == 2 * 12 + 4 * (80 + 8) - 8


class Recording(pl.LightningModule):
    """Trains nothing much and remembers the targets it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(64, 10)
        self.seen: list[list[int]] = []

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        self.seen.append(batch[1].tolist())
        return torch.nn.functional.cross_entropy(self.layer(batch[0].flatten(1)), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # Lightning 2.6 with torch 2.15
def test_lightning_sets_the_epoch_of_the_order(tmp_path: Path) -> None:
    model, data = Recording(), ready(Digits(), batch_size=512)
    trainer = pl.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path, limit_val_batches=0,
    )  # fmt: skip
    trainer.fit(model, train_dataloaders=data.train_dataloader())
    loader, expected = data.train_dataloader(), []
    for epoch in range(3):
        loader.sampler.set_epoch(epoch)
        expected += [y.tolist() for _, y in loader]
    assert model.seen == expected


@pytest.mark.real_data
@pytest.mark.skipif(not BEARS.is_dir(), reason="the photographs are not beside this checkout")
def test_real_bears() -> None:
    data = ready(Folder(str(BEARS), 32))
    assert data.classes == ["black", "grizzly", "teddy"]
    assert len(data.table.paths) == 416
    (notice,) = data.notices
    assert notice.startswith("By chance 14% of black, 12% of grizzly, 26% of teddy validate, instead of 20%: ")
    assert data.valid_size == pytest.approx(83, abs=20)
    x, y = next(iter(data.train_dataloader()))
    assert (x.shape, y.shape) == ((64, 3, 32, 32), (64,))


def test_rare_classes_lose_training_images_and_get_them_back_as_copies() -> None:
    whole, rare = ready(Digits()), ready(Digits(), rare_fraction=0.25)
    assert rare.table.indices("valid") == whole.table.indices("valid")
    counted = Counter(rare.table.labels[row] for row in rare.table.indices("train"))
    before = Counter(whole.table.labels[row] for row in whole.table.indices("train"))
    assert all(counted[digit] == round(before[digit] * (0.25 if int(digit) % 2 else 1)) for digit in before)
    evened = ready(Digits(), rare_fraction=0.25, oversample=True, batch_size="all")
    assert evened.table == rare.table
    assert evened.train_size == rare.train_size
    ((_, y),) = evened.train_dataloader()
    assert set(y.bincount().tolist()) == {max(counted.values())}


def test_a_batch_may_be_as_large_as_the_repeated_training_set(animals: Folder) -> None:
    rare: dict[str, Any] = {"rare_fraction": 0.25, "batch_size": 32}
    (notice,) = ready(animals, **rare).notices
    assert notice.startswith("dataset.batch_size=32 is larger than the")
    data = ready(animals, oversample=True, **rare)
    assert data.notices == []
    assert len(next(iter(data.train_dataloader()))[1]) == 32


def test_a_source_is_prepared_once_before_it_is_loaded(animals: Folder) -> None:
    calls: list[str] = []

    class Fetched:
        def prepare(self) -> None:
            calls.append("prepare")

        def load(self) -> Any:
            calls.append("load")
            return animals.load()

    data = DataModule(Fetched())
    data.prepare_data()
    data.setup()
    data.prepare_data()
    data.setup()
    assert calls == ["prepare", "load"]


def test_a_class_too_small_for_the_fraction_is_named(animals: Folder) -> None:
    write(Path(animals.root) / "mouse", range(200, 203))
    (notice,) = ready(animals, batch_size=8).notices
    assert notice.startswith("Class mouse has 3 images, too few for dataset.valid_fraction=0.2: 1 of them validates.")
    write(Path(animals.root) / "mouse", range(200, 230))
    assert ready(animals, batch_size=8).notices == []


def test_a_test_folder_tests_and_a_test_fraction_only_without_one(tmp_path: Path) -> None:
    for number, top in enumerate(("train", "test")):
        write(tmp_path / top / "cat", range(100 * number, 100 * number + 20))
        write(tmp_path / top / "dog", range(100 * number + 50, 100 * number + 70))
    data = ready(Folder(str(tmp_path), 8), test_fraction=0.3)
    assert data.test_size == 40
    assert {data.table.paths[row].split("/")[0] for row in data.table.indices("test")} == {"test"}
    assert ready(Folder(str(tmp_path / "train"), 8), test_fraction=0.3).test_size == pytest.approx(12, abs=6)


def test_other_inputs_come_in_the_same_order_and_batches(animals: Folder) -> None:
    data = ready(animals, batch_size=8, oversample=True)
    numbers = torch.arange(50.0).view(50, 1)
    usual, other = data.train_batches(3), data.train_batches(3, inputs=numbers, transform=lambda batch, _=None: -batch)
    assert [y.tolist() for _, y in usual] == [y.tolist() for _, y in other]
    for x, y in other:
        assert [int(data._loaded().targets[-int(row)]) for row in x] == y.tolist()
    rows = data.table.indices("valid")
    ((x, y),) = data.evaluation(rows, inputs=numbers)
    assert x[:, 0].tolist() == rows
    assert y.tolist() == data._loaded().targets[rows].tolist()


def test_normalised_as_the_weights_of_a_network_ask_for(animals: Folder) -> None:
    data, pool = ready(animals, augment="none"), animals.load()
    before = data.prepared([3, 5])
    mean, std = [0.1, 0.2, 0.3], [0.5, 0.6, 0.7]
    data.normalise(mean, std)
    assert data.preprocessing["mean"] == mean
    assert data.preprocessing["std"] == std
    raw = pool.inputs[torch.tensor([3, 5])].float() / 255
    expected = (raw - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    assert torch.allclose(data.prepared([3, 5]), expected)
    assert torch.allclose(next(iter(data.evaluation([3, 5])))[0], expected)
    seen = {tuple(x.flatten().tolist()) for xs, _ in data.train_dataloader() for x in xs}
    assert tuple(data.prepared(data.table.indices("train")[:1])[0].flatten().tolist()) in seen
    assert not torch.allclose(before, expected)
    assert pool.mean != mean  # the pool is shared by the jobs of a sweep


def test_grey_images_get_the_channels_of_the_numbers() -> None:
    data = ready(Digits())
    data.normalise([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert data.prepared([0, 1]).shape == (2, 3, 8, 8)
    assert next(iter(data.train_dataloader()))[0].shape == (64, 3, 8, 8)


def test_what_becomes_of_a_picture_depends_on_no_other(animals: Folder) -> None:
    data = ready(animals)
    both = data.varied([4, 9], 1)
    assert torch.allclose(both[:1], data.varied([4], 1), atol=1e-6)
    assert torch.equal(both, data.varied([4, 9], 1))
    assert not torch.allclose(both, data.varied([4, 9], 2), atol=0.1)
    assert not torch.allclose(both, data.prepared([4, 9]), atol=0.1)
    plain = ready(animals, augment="none")
    assert torch.equal(plain.varied([4, 9], 1), plain.prepared([4, 9]))
