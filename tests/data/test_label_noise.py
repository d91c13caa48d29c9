import math
import random
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
import torch

from experiments.data.datamodule import DataModule
from experiments.data.digits import Digits
from experiments.data.label_noise import with_wrong_labels, wrong_labels
from experiments.data.line import Line
from experiments.data.table import Shares

CONTENTS = [sha256(str(number).encode()).hexdigest() for number in range(4000)]
TARGETS = [number % 10 for number in range(4000)]


def noisy(share: float, contents: list[str] = CONTENTS, targets: list[int] = TARGETS, seed: int = 42) -> list[int]:
    return wrong_labels(targets, contents, 10, share, seed)


def wrong(share: float, seed: int = 42) -> dict[int, int]:
    """The rows with a wrong label, and that label."""
    return {row: label for row, label in enumerate(noisy(share, seed=seed)) if label != TARGETS[row]}


def ready(source: Any, **options: Any) -> DataModule:
    data = DataModule(source, **options)
    data.setup("fit")
    return data


def test_wrong_labels_are_pinned_so_that_no_release_changes_a_users_run() -> None:
    # From sha256sum: label_noise:42:abc lies at 0.574, wrong_label:42:abc at 0.683: the seventh of nine others.
    assert wrong_labels([0, 5], ["abc", "abc"], 10, 0.58, 42) == [7, 2]
    assert wrong_labels([0, 5], ["abc", "abc"], 10, 0.57, 42) == [0, 5]


@pytest.mark.parametrize("share", [0.1, 0.3, 0.9])
def test_the_share_is_as_asked_and_the_true_class_never_comes(share: float) -> None:
    # `wrong` counts labels that differ: were the true class among the draws, a tenth of them would be missing.
    deviation = math.sqrt(share * (1 - share) / len(TARGETS))
    assert len(wrong(share)) / len(TARGETS) == pytest.approx(share, abs=3 * deviation)


def test_two_classes_are_swapped() -> None:
    targets = [row % 2 for row in range(4000)]
    labels = wrong_labels(targets, CONTENTS, 2, 0.999, 42)
    assert set(labels) == {0, 1}
    assert sum(label != target for label, target in zip(labels, targets, strict=True)) > 3980


def test_every_other_class_is_as_likely() -> None:
    steps = Counter((label - TARGETS[row]) % 10 for row, label in wrong(0.9).items())
    expected = sum(steps.values()) / 9
    assert sorted(steps) == list(range(1, 10))
    chi_squared = sum((count - expected) ** 2 / expected for count in steps.values())
    assert chi_squared < 26.1  # one in a thousand, 8 degrees of freedom


def test_a_larger_share_only_adds_wrong_labels() -> None:
    few, many = wrong(0.1), wrong(0.3)
    assert few.items() < many.items()


def test_labels_depend_on_neither_order_nor_neighbours_nor_random_state() -> None:
    before = noisy(0.3)
    rows = list(range(4000))
    random.Random(0).shuffle(rows)
    torch.manual_seed(7)
    some = rows[:1000]
    after = noisy(0.3, [CONTENTS[row] for row in some], [TARGETS[row] for row in some])
    assert after == [before[row] for row in some]


def test_another_split_seed_makes_other_labels_wrong() -> None:
    assert len(wrong(0.3).keys() & wrong(0.3, seed=43).keys()) == pytest.approx(0.09 * 4000, abs=60)


def test_zero_is_the_identity() -> None:
    assert noisy(0.0) == TARGETS


def test_the_source_keeps_its_labels() -> None:
    pool = Digits().load()
    result = with_wrong_labels(pool, 0.5, 42)
    assert result.targets.dtype == pool.targets.dtype
    assert not torch.equal(result.targets, pool.targets)
    assert torch.equal(Digits().load().targets, pool.targets)
    assert replace(result, targets=pool.targets) == pool


def test_the_same_images_train_and_validate_with_noise_and_without() -> None:
    for subset in (1.0, 0.1):
        clean = ready(Digits(), shares=Shares(subset_fraction=subset))
        noisy_ = ready(Digits(), shares=Shares(subset_fraction=subset), label_noise=0.3)
        assert noisy_.table.splits == clean.table.splits
        assert noisy_.table.sha256 == clean.table.sha256
        assert noisy_.table.labels != clean.table.labels
        assert noisy_.split_hash != clean.split_hash
    assert ready(Digits(), label_noise=0.0).split_hash == ready(Digits()).split_hash


@pytest.mark.parametrize("split", ["train", "valid"])
def test_the_table_has_the_labels_that_are_trained_and_validated_on(split: str) -> None:
    data, clean = ready(Digits(), label_noise=0.3), ready(Digits())
    rows = data.table.indices(split)
    targets = [target for _, y in data.evaluation(rows) for target in y.tolist()]
    labels = [data.table.labels[row] for row in rows]
    assert [data.classes[target] for target in targets] == labels
    share = sum(data.table.labels[row] != clean.table.labels[row] for row in rows) / len(rows)
    assert share == pytest.approx(0.3, abs=3 * math.sqrt(0.21 / len(rows)))


def test_the_training_batches_have_the_wrong_labels_too() -> None:
    data = ready(Digits(), label_noise=0.3, batch_size="all")
    ((_, y),) = data.train_dataloader()
    counted = Counter(data.classes[target] for target in y.tolist())
    assert counted == Counter(data.table.labels[row] for row in data.table.indices("train"))


def test_numbers_are_left_alone_with_a_notice() -> None:
    data = ready(Line(), label_noise=0.3)
    assert data.notices == ["dataset.label_noise=0.3 is ignored: there are no classes to confuse"]
    assert data.table == ready(Line()).table
