"""The error on rare classes and on the others, for each setting of a sweep over how unbalanced the classes are."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.reports.readable import readable
from experiments.reports.varied import SEED, varied_keys
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

RARE = 0.5
"""A class is rare if it has at most this share of the largest class's training images."""
DECIDING = ("rare_fraction", "oversample")
"""The keys of the data set that a sweep must vary, itself or by its experiments."""


@dataclass(frozen=True)
class Group:
    """Some of the classes in one setting.

    Attributes:
        counts: training images of each class.
        errors: share of wrong answers (0 to 1) on their validation images, for each seed.
        wrong: share of the seeds that err, for each validation image by its path.
    """

    counts: tuple[int, ...]
    errors: tuple[float, ...]
    wrong: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Mean error over the seeds."""
        return statistics.fmean(self.errors)


@dataclass(frozen=True)
class Setting:
    """The finished runs of a sweep that differ in their seeds alone.

    Attributes:
        name: what is swept, `unbalanced` or `dataset.oversample=true`.
        rest: the swept keys and values that do not decide on the balance; equal ones may be compared.
        counts: training images by class.
        oversample: whether the rare classes are repeated.
        steps: of a run.
    """

    name: str
    rest: tuple[tuple[str, str], ...]
    counts: Mapping[str, int]
    oversample: bool
    steps: int
    rare: Group
    others: Group

    @property
    def is_unbalanced(self) -> bool:
        """Whether its own rare classes are rare: they are not where only another setting makes them so."""
        return min(self.counts.values()) <= RARE * max(self.counts.values())


@dataclass(frozen=True)
class ClassBalance:
    """The settings in the order of the sweep, and the classes that are rare in one of them."""

    rare: tuple[str, ...]
    seeds: int
    settings: tuple[Setting, ...]


def class_balance(sweep: Sweep) -> ClassBalance | None:
    """None unless `rare_fraction` or `oversample` differs between finished runs and a class is rare in one of them.

    What is rare is counted in split.csv, so that it holds for a folder that is unbalanced of its own accord as well.
    """
    runs = [run for run in sweep.runs if run.status == "finished" and not run.is_regression]
    if len({tuple(_dataset(run).get(key) for key in DECIDING) for run in runs}) < 2:
        return None
    keys = sorted(varied_keys(sweep))
    swept = {job["folder"].rsplit("/", 1)[-1]: job["swept"] for job in sweep.jobs}
    alike: dict[tuple[tuple[str, str], ...], list[Run]] = defaultdict(list)
    for run in runs:
        alike[tuple((key, str(swept[run.name].get(key))) for key in keys if key != SEED)].append(run)
    counts = {varied: _training_images(mine[0]) for varied, mine in alike.items()}
    rare = {name for one in counts.values() for name, count in one.items() if count <= RARE * max(one.values())}
    classes = [str(name) for name in runs[0].record["data"]["classes"]]
    if not rare or rare >= set(classes):
        return None
    found = [_setting(varied, mine, counts[varied], rare) for varied, mine in alike.items()]
    return ClassBalance(tuple(name for name in classes if name in rare), max(map(len, alike.values())), tuple(found))


def _setting(
    varied: tuple[tuple[str, str], ...], runs: Sequence[Run], counts: Mapping[str, int], rare: set[str]
) -> Setting:
    name = ",".join(value if key == "experiment" else f"{key}={value}" for key, value in varied)
    rest = tuple(
        (key, value) for key, value in varied if key != "experiment" and key.removeprefix("dataset.") not in DECIDING
    )
    return Setting(
        name,
        rest,
        counts,
        bool(_dataset(runs[0]).get("oversample")),
        len(readable(runs[0], "steps")["step"]),
        _group(runs, counts, rare),
        _group(runs, counts, set(counts) - rare),
    )


def _group(runs: Sequence[Run], counts: Mapping[str, int], classes: set[str]) -> Group:
    answers = [_wrong(run, classes) for run in runs]
    paths = set[str]().union(*answers)
    wrong = {path: statistics.fmean(one[path] for one in answers if path in one) for path in sorted(paths)}
    errors = tuple(statistics.fmean(one.values()) for one in answers if one)
    return Group(tuple(counts[name] for name in sorted(classes & set(counts))), errors or (float("nan"),), wrong)


def _wrong(run: Run, classes: set[str]) -> dict[str, bool]:
    """Whether the answer to each validation image of the classes is wrong, by its path."""
    table = readable(run, "predictions")
    rows = zip(table["path"], table["label"], table["predicted"], strict=True)
    return {str(path): label != predicted for path, label, predicted in rows if label in classes}


def _training_images(run: Run) -> dict[str, int]:
    """By class; all of an epoch are counted once, repeated or not."""
    table = readable(run, "split")
    found = Counter(str(label) for label, side in zip(table["label"], table["split"], strict=True) if side == "train")
    return {str(name): found[str(name)] for name in run.record["data"]["classes"]}


def _dataset(run: Run) -> Mapping[str, object]:
    return (run.record.get("configuration") or {}).get("dataset") or {}
