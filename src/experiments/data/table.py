"""From a pool to the table of who trains, who validates and who tests."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.data.errors import DataError
from experiments.data.pool import Pool, SampleTable
from experiments.data.split import keep_share, split_by_hash, split_units

FAR = 0.3
"""A class of which so much less or more validates than asked for (relative) is named."""


COUNTED = 10
"""Fewer validation images of a class than this are expected to differ so much."""


@dataclass(frozen=True)
class Shares:
    """How a pool is to be divided; every number is a share of 0 to 1.

    Attributes:
        valid_fraction: of the samples, unless the source fixes the split.
        split_seed: of the division.
        test_fraction: of the samples, unless the source has test samples.
        subset_fraction: of each class's training samples, nested.
        rare_fraction: of the training samples of every second class, nested.
    """

    valid_fraction: float = 0.2
    split_seed: int = 42
    test_fraction: float = 0.0
    subset_fraction: float = 1.0
    rare_fraction: float = 1.0


def split_pool(pool: Pool, shares: Shares) -> SampleTable:
    """The table of all samples; splits that the source gives are kept, what it leaves open goes by hash.

    Raises:
        DataError: if nothing is left to train or to validate on.
    """
    labels = pool.labels()
    # A regression's labels are all different: they are no groups to keep together.
    classes = labels if pool.classes else [""] * len(labels)
    splits = list(pool.splits or ["train"] * len(labels))
    test_fraction = 0.0 if "test" in splits else shares.test_fraction
    if "valid" not in splits or test_fraction:
        _divide(splits, pool, classes, shares, test_fraction)
    splits = keep_share(pool.sha256, classes, splits, _kept(pool, shares), shares.split_seed)
    for name, purpose in (("train", "training"), ("valid", "validation")):
        if name not in splits:
            raise DataError(
                f"The {purpose} set is empty: {len(labels)} samples, "
                f"dataset.valid_fraction={shares.valid_fraction}. "
                "Add samples, or change dataset.valid_fraction."
            )
    return SampleTable(list(pool.paths), list(pool.sha256), labels, splits)


def _divide(splits: list[str], pool: Pool, classes: Sequence[str], shares: Shares, test_fraction: float) -> None:
    """Puts a side in the place of each `train` that the source leaves open."""
    rows = [row for row, name in enumerate(splits) if name == "train"]
    labels = [classes[row] for row in rows]
    groups = None if pool.groups is None else [pool.groups[row] for row in rows]
    units = split_units([pool.sha256[row] for row in rows], groups, labels)
    valid_fraction = 0.0 if "valid" in splits else shares.valid_fraction
    sides = split_by_hash(units, labels, valid_fraction, shares.split_seed, test_fraction)
    for row, side in zip(rows, sides, strict=True):
        splits[row] = side


def _kept(pool: Pool, shares: Shares) -> dict[str, float]:
    """Each class's share of its training samples; every second class is rare."""
    if not pool.classes:
        return {"": shares.subset_fraction}
    rare = shares.subset_fraction * shares.rare_fraction
    return {label: rare if number % 2 else shares.subset_fraction for number, label in enumerate(pool.classes)}


def notices_on(table: SampleTable, classes: list[str], *, by_us: bool, shares: Shares) -> list[str]:
    """What a user should know about the split: classes that a side lacks, or that are too small for the fraction.

    `by_us` tells whether the source left the split open.
    """
    notices = []
    for split, name in (("train", "training"), ("valid", "validation")):
        present = {table.labels[row] for row in table.indices(split)}
        notices += [f"Class {label} has no {name} samples." for label in classes if label not in present]
    if notices or not by_us:
        return notices
    return [*_too_small(table, classes, shares), *_far_from_fraction(table, classes, shares)]


def _too_small(table: SampleTable, classes: list[str], shares: Shares) -> list[str]:
    in_all, valid = Counter(table.labels), Counter(table.labels[row] for row in table.indices("valid"))
    return [
        f"Class {label} has {in_all[label]} images, too few for dataset.valid_fraction={shares.valid_fraction}: "
        f"{valid[label]} of them {'validates' if valid[label] == 1 else 'validate'}. Its errors are hardly measured; "
        "collect more images, or raise the fraction."
        for label in classes
        if in_all[label] * shares.valid_fraction < 1 or valid[label] == 1
    ]


def _far_from_fraction(table: SampleTable, classes: list[str], shares: Shares) -> list[str]:
    """Each image goes by its own hash, so that none moves when others come or go: by chance, a class gets less."""
    in_all, valid = Counter(table.labels), Counter(table.labels[row] for row in table.indices("valid"))
    enough = [label for label in classes if in_all[label] * shares.valid_fraction >= COUNTED]
    parts = {label: valid[label] / in_all[label] for label in enough}
    far = [label for label, part in parts.items() if abs(part / shares.valid_fraction - 1) > FAR]
    if not far:
        return []
    seed = shares.split_seed
    said = ", ".join(f"{parts[label]:.0%} of {label}" for label in far)
    return [
        f"By chance {said} validate, instead of {shares.valid_fraction:.0%}: each image goes by its own hash, so that "
        f"it stays where it is when others come or go. Another dataset.split_seed than {seed} divides otherwise."
    ]
