from typing import Any

import pytest
import torch
from torch.utils.data import Dataset

from experiments.data.dataset import from_torch_dataset
from experiments.data.digits import MEAN, STD, Digits
from experiments.data.errors import DataError
from experiments.data.line import Line
from experiments.data.pool import sample_order


def test_digits() -> None:
    pool = Digits().load()
    pixels = pool.inputs[torch.arange(1797)]
    assert pixels.shape == (1797, 1, 8, 8)
    assert (float(pixels.min()), float(pixels.max())) == (0.0, 1.0)
    assert float(pixels.mean()) == pytest.approx(MEAN, abs=1e-4)
    assert float(pixels.std()) == pytest.approx(STD, abs=1e-4)
    assert pool.labels()[0] == "0"
    assert sorted(pool.paths)[7] == "digits/0007"
    assert not pool.photographs
    assert sample_order(pool.labels(), pool.sha256, pool.paths) == list(range(1797))


@pytest.mark.parametrize("noise", ["uniform", "normal"])
def test_line_leaves_a_twelfth_as_error(noise: Any) -> None:
    pool = Line(points=4000, valid_points=10, noise=noise).load()
    rows = torch.tensor([row for row, name in enumerate(pool.splits or []) if name == "train"])
    x, y = pool.inputs[rows], pool.targets[rows]
    assert x.shape == (4000, 2)
    assert torch.equal(x[:, 1], torch.ones(4000))
    weights = torch.linalg.lstsq(x, y).solution
    assert weights.flatten().tolist() == pytest.approx([3, 2], abs=0.03)
    assert float(((x @ weights - y) ** 2).mean()) == pytest.approx(1 / 12, abs=0.005)


def test_line_is_the_same_for_the_same_seed() -> None:
    first, again, other = Line().load(), Line().load(), Line(data_seed=1).load()
    assert first.sha256 == again.sha256
    assert not set(first.sha256) & set(other.sha256)
    assert (first.splits or []).count("valid") == 100
    assert [float(label) for label in first.labels()] == pytest.approx(first.targets.flatten().tolist(), rel=1e-8)


class Pairs(Dataset[Any]):
    def __init__(self, *pairs: Any) -> None:
        self.pairs = pairs

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, row: int) -> Any:
        return self.pairs[row]


def test_own_dataset() -> None:
    dataset = Pairs((torch.ones(1, 2, 2), 1), (torch.zeros(1, 2, 2), torch.tensor(0)), (torch.ones(1, 2, 2), 0))
    pool = from_torch_dataset(dataset)
    assert pool.classes == ["0", "1"]
    assert pool.labels() == ["0", "0", "1"]
    assert len(set(pool.sha256)) == 2
    assert pool.paths[2] == "Pairs/0000"
    dataset.classes = ("no", "yes")  # type: ignore[attr-defined]
    assert from_torch_dataset(dataset).classes == ["no", "yes"]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "Pairs has no samples."),
        ([3], r"Pairs\[0\] is not a pair \(tensor, class index\). Convert images, as by ToTensor\(\)."),
        ([(torch.ones(1), 0.5)], r"Pairs\[0\] has the target 0.5, not a class index such as 0."),
        ([(torch.ones(1), -1)], "Pairs has targets -1 to -1, but 0 classes."),
        (
            [(torch.ones(1), 0), (torch.ones(2), 0)],
            r"different shapes, \(1,\) and \(2,\). Resize them first.",
        ),
    ],
)
def test_own_dataset_that_cannot_be_used(pairs: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        from_torch_dataset(Pairs(*pairs))
