"""What unbalanced classes do, as a small table and in words: whether to do nothing, or to repeat the rare classes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from experiments.diagnosis.numbers import percent
from experiments.reports.class_balance import ClassBalance, Group, Setting

BEYOND_CHANCE = 2.0
"""Standard errors of a difference: less is chance in 95 of 100 cases."""
NAMES_AT_MOST = 8
WORTH_SAYING = 0.05


def class_balance_lines(found: ClassBalance) -> list[str]:
    """The table, a row a setting, then what repeating the rare classes did, and what their being rare did."""
    return [*_table(found), *_cost(found.settings), *_repeating(found.settings)]


def _table(found: ClassBalance) -> list[str]:
    names = ", ".join(found.rare) if len(found.rare) <= NAMES_AT_MOST else f"{len(found.rare)} of them"
    of = f", mean of {found.seeds} seeds" if found.seeds > 1 else ""
    rows = [("", "images of", "error on", "error on", ""), ("", "a rare class", "rare classes", "the others", "steps")]
    rows += [
        (one.name, _counts(one.rare.counts), percent(one.rare.mean), percent(one.others.mean), f"{one.steps:,}")
        for one in found.settings
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        right = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        lines.append("  ".join(["", first.ljust(widths[0]), *right]).rstrip())
    return [f"rare classes ({names}) and the others{of}:", *lines]


def _counts(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _cost(settings: Sequence[Setting]) -> list[str]:
    """What being rare does, compared with as many images as the others have."""
    lines = []
    for few in (one for one in settings if not one.oversample):
        more = next((one for one in settings if _is_the_same_with_more(one, few)), None)
        if more is None:
            continue
        lost, chance = _difference(few.rare, more.rare)
        lines.append(
            f"{_counts(few.rare.counts)} images of a rare class instead of {_counts(more.rare.counts)} bring their "
            f"error from {percent(more.rare.mean)} to {percent(few.rare.mean)}, {_beside(lost, chance)}"
        )
    return lines


def _is_the_same_with_more(one: Setting, few: Setting) -> bool:
    """Whether no class of it is smaller, some are larger, and nothing else is swept."""
    more = sum(one.rare.counts) > sum(few.rare.counts) and one.others.counts == few.others.counts
    return more and not one.oversample and one.rest == few.rest


def _repeating(settings: Sequence[Setting]) -> list[str]:
    """What repeating the rare classes did to their error, and what follows by the lesson's advice."""
    lines = []
    for done in (one for one in settings if one.oversample and one.is_unbalanced):
        alike = (one for one in settings if not one.oversample and (one.counts, one.rest) == (done.counts, done.rest))
        as_they_are = next(alike, None)
        if as_they_are is not None:
            lines.append(_advice(as_they_are, done))
    return lines


def _advice(as_they_are: Setting, done: Setting) -> str:
    gain, chance = _difference(as_they_are.rare, done.rare)
    change = f"their error from {percent(as_they_are.rare.mean)} to {percent(done.rare.mean)}"
    if gain > chance:
        return (
            f"repeating the rare classes brings {change}, {_beside(gain, chance)}{_longer(as_they_are, done)}. "
            "The lesson's advice is to do nothing first and, if anything, to repeat the rare class: here that pays"
        )
    how = "changes" if gain >= -chance else "does harm: it brings"
    return f"repeating the rare classes {how} {change}, {_beside(gain, chance)}: do nothing, as the lesson advises"


def _beside(difference: float, chance: float) -> str:
    return f"{'more' if abs(difference) > chance else 'no more'} than chance makes ({100 * chance:.1f} points)"


def _longer(as_they_are: Setting, done: Setting) -> str:
    """A gain is not only that of balance where more images an epoch are more steps, too."""
    more = done.steps / max(as_they_are.steps, 1) - 1
    return f", and takes {100 * more:.0f} % more steps, which help by themselves" if more > WORTH_SAYING else ""


def _difference(one: Group, other: Group) -> tuple[float, float]:
    """By how much the first error is higher, and how much of that may be chance.

    Chance is that of the seeds and that of the validation images, which are the same for both and so are compared
    one by one.
    """
    shared = [one.wrong[path] - other.wrong[path] for path in one.wrong.keys() & other.wrong.keys()]
    seeds = sum(statistics.variance(g.errors) / len(g.errors) for g in (one, other) if len(g.errors) > 1)
    images = statistics.variance(shared) / len(shared) if len(shared) > 1 else 0.0
    return one.mean - other.mean, BEYOND_CHANCE * math.sqrt(seeds + images)
