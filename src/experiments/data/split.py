"""Which sample trains and which validates: decided by a hash of (seed, content), never by file order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256 as digest


def position(seed: int | str, content: str) -> float:
    """Where a content's SHA-256 lies in 0..1 for this seed: the first 8 bytes of SHA-256("seed:content")."""
    return int.from_bytes(digest(f"{seed}:{content}".encode()).digest()[:8], "big") / 2**64


def split_by_hash(sha256: Sequence[str], labels: Sequence[str], valid_fraction: float, seed: int) -> list[str]:
    """`train` or `valid` for every sample.

    A sample validates if its position is below `valid_fraction`: other samples coming or going move nothing,
    and exact duplicates stay on one side. Only a class that would miss a side although it has two different
    images gets one moved there: the one nearest the border.
    """
    place = {content: position(seed, content) for content in sha256}
    valid = {content for content, value in place.items() if value < valid_fraction}
    contents = _contents_by_label(sha256, labels)
    owners = Counter(content for mine in contents.values() for content in mine)
    for _, mine in sorted(contents.items()):
        if len(mine) < 2 or (mine & valid and mine - valid):
            continue
        # An image that two classes claim is moved last: moving it could rob the other class.
        mover = min(mine, key=lambda c: (owners[c] > 1, abs(place[c] - valid_fraction), c))
        valid ^= {mover}
    return ["valid" if content in valid else "train" for content in sha256]


def _contents_by_label(sha256: Iterable[str], labels: Iterable[str]) -> dict[str, set[str]]:
    contents: dict[str, set[str]] = defaultdict(set)
    for content, label in zip(sha256, labels, strict=True):
        contents[label].add(content)
    return contents


def keep_share(
    sha256: Sequence[str], labels: Sequence[str], splits: Sequence[str], fraction: float, seed: int
) -> list[str]:
    """The splits with all but `fraction` of each class's training samples marked `unused`.

    At least one a class stays. Samples are ranked by a second hash and the first are kept, so a smaller
    share lies within every larger one.
    """
    training: dict[str, list[int]] = defaultdict(list)
    for row in by_hash([r for r, name in enumerate(splits) if name == "train"], sha256, f"subset:{seed}"):
        training[labels[row]].append(row)
    result = list(splits)
    for rows in training.values():
        for row in rows[max(1, round(fraction * len(rows))) :]:
            result[row] = "unused"
    return result


def by_hash(rows: Iterable[int], sha256: Sequence[str], seed: int | str) -> list[int]:
    """The rows in an arbitrary order that depends on content and seed alone (equal contents: by row)."""
    return sorted(rows, key=lambda row: (position(seed, sha256[row]), row))
