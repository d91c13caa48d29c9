"""Which sample trains, validates or tests: decided by a hash of (seed, content), never by file order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256 as digest


def position(seed: int | str, content: str) -> float:
    """Where a content's SHA-256 lies in 0..1 for this seed: the first 8 bytes of SHA-256("seed:content")."""
    return int.from_bytes(digest(f"{seed}:{content}".encode()).digest()[:8], "big") / 2**64


def split_by_hash(
    units: Sequence[str], labels: Sequence[str], valid_fraction: float, seed: int, test_fraction: float = 0.0
) -> list[str]:
    """`train`, `valid` or `test` for every sample.

    A unit validates if its position is below `valid_fraction`, and tests if it is among the last `test_fraction`:
    other samples coming or going move nothing, and a test set takes nothing away from validation. Only a class that
    would miss training or validation although it has two units gets one moved there: the one nearest the border.

    Args:
        units: what stays on one side: each sample's content hash, or one hash for all near-duplicates.
        labels: each sample's class.
        valid_fraction: of the samples.
        seed: another one, another split.
        test_fraction: of the samples.
    """
    place = {unit: position(seed, unit) for unit in units}
    test = {unit for unit, value in place.items() if value >= 1 - test_fraction}
    valid = {unit for unit, value in place.items() if value < valid_fraction}
    of_label = _units_by_label(units, labels)
    owners = Counter(unit for mine in of_label.values() for unit in mine)
    for _, everything in sorted(of_label.items()):
        mine = everything - test
        if len(mine) < 2 or (mine & valid and mine - valid):
            continue
        # A unit that two classes claim is moved last: moving it could rob the other class.
        mover = min(mine, key=lambda unit: (owners[unit] > 1, abs(place[unit] - valid_fraction), unit))
        valid ^= {mover}
    return ["test" if unit in test else "valid" if unit in valid else "train" for unit in units]


def _units_by_label(units: Iterable[str], labels: Iterable[str]) -> dict[str, set[str]]:
    of_label: dict[str, set[str]] = defaultdict(set)
    for unit, label in zip(units, labels, strict=True):
        of_label[label].add(unit)
    return of_label


def split_units(sha256: Sequence[str], groups: Sequence[str] | None, labels: Sequence[str]) -> list[str]:
    """What stays on one side: the group of near-duplicates, or the content in a class that is a single group.

    A class whose pictures all look alike would have nothing to train or nothing to validate on otherwise.
    """
    if groups is None:
        return list(sha256)
    of_label = _units_by_label(groups, labels)
    return [
        group if len(of_label[label]) > 1 else content
        for content, group, label in zip(sha256, groups, labels, strict=True)
    ]


def keep_share(
    sha256: Sequence[str], labels: Sequence[str], splits: Sequence[str], shares: Mapping[str, float], seed: int
) -> list[str]:
    """The splits with all but a share of each class's training samples marked `unused`.

    At least one a class stays. Samples are ranked by a second hash and the first are kept, so a smaller
    share lies within every larger one.
    """
    training: dict[str, list[int]] = defaultdict(list)
    for row in by_hash([r for r, name in enumerate(splits) if name == "train"], sha256, f"subset:{seed}"):
        training[labels[row]].append(row)
    result = list(splits)
    for label, rows in training.items():
        for row in rows[max(1, round(shares[label] * len(rows))) :]:
            result[row] = "unused"
    return result


def oversampled(rows: Sequence[int], labels: Sequence[str], sha256: Sequence[str], seed: int) -> list[int]:
    """The rows with those of rare classes repeated until every class has as many as the largest.

    Each row of a class comes equally often, but for a rest that goes to the first by a hash.
    """
    of_class: dict[str, list[int]] = defaultdict(list)
    for row in by_hash(rows, sha256, f"oversample:{seed}"):
        of_class[labels[row]].append(row)
    most = max(map(len, of_class.values()))
    return [mine[place % len(mine)] for _, mine in sorted(of_class.items()) for place in range(most)]


def by_hash(rows: Iterable[int], sha256: Sequence[str], seed: int | str) -> list[int]:
    """The rows in an arbitrary order that depends on content and seed alone (equal contents: by row)."""
    return sorted(rows, key=lambda row: (position(seed, sha256[row]), row))
