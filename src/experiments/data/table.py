"""From a pool to the table of who trains and who validates."""

from experiments.data.errors import DataError
from experiments.data.pool import Pool, SampleTable
from experiments.data.split import keep_share, split_by_hash


def split_pool(pool: Pool, valid_fraction: float, seed: int, subset_fraction: float) -> SampleTable:
    """The table of all samples; splits that the source gives are kept, what it leaves open goes by hash.

    Raises:
        DataError: if nothing is left to train or to validate on.
    """
    labels = pool.labels()
    # A regression's labels are all different: they are no groups to keep together.
    groups = labels if pool.classes else [""] * len(labels)
    splits = list(pool.splits or ["train"] * len(labels))
    if "valid" not in splits:
        open_rows = [row for row, name in enumerate(splits) if name == "train"]
        contents, open_groups = [pool.sha256[r] for r in open_rows], [groups[r] for r in open_rows]
        sides = split_by_hash(contents, open_groups, valid_fraction, seed)
        for row, side in zip(open_rows, sides, strict=True):
            splits[row] = side
    splits = keep_share(pool.sha256, groups, splits, subset_fraction, seed)
    for name, purpose in (("train", "training"), ("valid", "validation")):
        if name not in splits:
            raise DataError(
                f"The {purpose} set is empty: {len(labels)} samples, "
                f"dataset.valid_fraction={valid_fraction}. "
                "Add samples, or change dataset.valid_fraction."
            )
    return SampleTable(list(pool.paths), list(pool.sha256), labels, splits)


def one_sided(table: SampleTable, classes: list[str]) -> list[str]:
    """A notice for each class that is never trained on, or whose mistakes cannot be seen."""
    notices = []
    for split, name in (("train", "training"), ("valid", "validation")):
        present = {table.labels[row] for row in table.indices(split)}
        notices += [f"Class {label} has no {name} samples." for label in classes if label not in present]
    return notices
