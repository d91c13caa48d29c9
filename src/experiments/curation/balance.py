"""What the numbers of pictures in the classes mean for training, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.curation.survey import ClassSurvey, splits

UNBALANCED = 2.0
"""Said where the largest class has more than so many times the pictures of the smallest."""

FEW = 1
"""Said where validation has at most so many pictures of a class."""

HELD_OUT = 0.2
"""The default of dataset.valid_fraction."""


def remarks(classes: Sequence[ClassSurvey]) -> list[str]:
    """What to know about unbalanced and small classes, a paragraph each; nothing if all is well.

    Counted are the pictures to train on: those of train/, or, before a split, all but the test pictures.
    """
    counts = {one.name: one.count("train") + one.count(None) for one in classes}
    if "valid" in splits(classes):
        few = _few({one.name: one.count("valid") for one in classes}, "valid/ has")
        return [*_unbalanced(counts), *few]
    # As by hash: on average so many, but one at least where there are two.
    held_out = {name: max(round(HELD_OUT * count), min(1, count - 1)) for name, count in counts.items()}
    return [*_unbalanced(counts), *_few(held_out, f"with {HELD_OUT:.0%} held out, validation has about")]


def _unbalanced(counts: Mapping[str, int]) -> list[str]:
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    most, fewest = counts[largest], counts[smallest]
    if most <= UNBALANCED * fewest:
        return []
    return [
        f"unbalanced: {most} pictures of {largest}, {fewest} of {smallest}. Try first: nothing, train on them as they "
        "are and look at the rare classes' own error in predictions.csv. If anything, repeat the rare classes: "
        "dataset.oversample=true"
    ]


def _few(valid: Mapping[str, int], where: str) -> list[str]:
    few = [f"{count} of {name}" for name, count in valid.items() if count <= FEW]
    if not few:
        return []
    return [
        f"few pictures: {where} {', '.join(few)}; so few tell nothing about the errors on that class. "
        "Add pictures" + ("" if "valid/" in where else ", or hold out more: dataset.valid_fraction=0.4")
    ]
