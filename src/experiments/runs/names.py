"""What things are called: the folder of a sweep's job by what differs, a model by what it is."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST_BYTES = 120  # file systems allow 255; the rest is for what a path needs around it

Swept = Sequence[tuple[str, str, bool]]
"""A job's swept overrides: key, value as text, and whether the key picks a group's choice."""


def job_name(swept: Swept) -> str:
    """The folder name of one job: `learning_rate_too_high`, `optimizer.lr=0.1,seed=1`.

    A group's choice stands alone, other keys with their value. The name has at most 120 bytes, all of
    them in `[A-Za-z0-9._=,+-]`, is never hidden, and a long one ends with a hash of the full text.
    """
    text = _full_text(swept)
    name = re.sub(r"[^A-Za-z0-9._=,+-]", "_", text)
    name = re.sub(r"^\.", "_", name) or "job"  # neither "." nor "..", nor a folder that `ls` hides
    return name if len(name) <= LONGEST_BYTES else _with_suffix(name, "-" + _short_hash(text))


def job_names(jobs: Sequence[Swept]) -> list[str]:
    """A name a job, in order, all different even where a file system ignores case."""
    plain = [job_name(swept) for swept in jobs]
    uses = Counter(name.lower() for name in plain)
    return _numbered(
        name if uses[name.lower()] == 1 else _with_suffix(name, "-" + _short_hash(_full_text(swept)))
        for name, swept in zip(plain, jobs, strict=True)
    )


def _numbered(names: Iterable[str]) -> list[str]:
    """The names, a repeated one with `_2`, `_3`, ...: the same values can be swept twice."""
    taken: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 1
        while candidate.lower() in taken:
            number += 1
            candidate = _with_suffix(name, f"_{number}")
        taken.add(candidate.lower())
        unique.append(candidate)
    return unique


def _full_text(swept: Swept) -> str:
    return ",".join(value if is_group else f"{key}={value}" for key, value, is_group in swept)


def _with_suffix(name: str, suffix: str) -> str:
    return name[: LONGEST_BYTES - len(suffix)] + suffix


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def model_name(node: Mapping[str, Any]) -> str:
    """What a configuration's `model` is called: `resnet34` for a torchvision network, else its class."""
    return str(node.get("architecture") or str(node["_target_"]).rsplit(".", 1)[-1])
