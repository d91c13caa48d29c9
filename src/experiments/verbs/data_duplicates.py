"""`experiments data duplicates`: names the pictures of a folder that are the same, or nearly."""

from __future__ import annotations

import json as json_format
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.data.scan import shown
from experiments.verbs.codes import DONE

if TYPE_CHECKING:
    from experiments.curation.duplicates import Cluster, Duplicates

_CLUSTERS_SHOWN = 50  # in each part


def duplicates(root: Path, threshold: float | None, json: bool) -> int:
    """The subverb; 0 whatever is found.

    Raises:
        DataError: there are no pictures to compare.
        OSError: a folder cannot be listed.
    """
    from experiments.curation.duplicates import find_duplicates
    from experiments.data.likeness import THRESHOLD

    least = THRESHOLD if threshold is None else threshold
    found = find_duplicates(root, least)
    print(_json(found.clusters, least) if json else _text(root, found, least))
    if found.skipped:
        files = f"{found.skipped} file{'s' if found.skipped > 1 else ''}"
        verify = shown(f"experiments data verify {shlex.quote(str(root))}")
        print(f"note: {files} could not be decoded, and left out; next: {verify}", file=sys.stderr)
    return DONE


def _json(clusters: Sequence[Cluster], threshold: float) -> str:
    rows = [
        {
            "kind": "exact" if cluster.exact else "near",
            "labels": cluster.labels,
            "splits": cluster.splits,
            "files": [
                {"path": picture.name, "label": picture.label, "split": picture.split, "sha256": picture.sha256}
                for picture in cluster.pictures
            ],
            "likeness": cluster.likeness,
        }
        for cluster in clusters
    ]
    return json_format.dumps({"schema": 1, "threshold": threshold, "clusters": rows}, indent=2)


def _text(root: Path, found: Duplicates, threshold: float) -> str:
    where, pictures = shown(str(root)), f"{found.compared} picture{'' if found.compared == 1 else 's'}"
    if not found.clusters:
        return f"{where}: no two of {pictures} are the same, or alike by {threshold} or more"
    exact = sum(cluster.exact for cluster in found.clusters)
    sums = f"{_clusters(exact)} of equal files, {len(found.clusters) - exact} of pictures alike by {threshold} or more"
    parts = [f"{where}: among {pictures}, {sums} (1: the same)"]
    labels, splits, others = _parts(found.clusters)
    parts += [_listed("with different labels; at most one is right:", labels, with_label=True)] if labels else []
    straddling = "on both sides of the split; they make the error look smaller than it is:"
    parts += [_listed(straddling, splits)] if splits else []
    parts += [_listed("within one class and split:" if found.fixed else "within one class:", others)] if others else []
    return "\n\n".join([*parts, _advice(found)])


def _parts(clusters: Sequence[Cluster]) -> tuple[list[Cluster], list[Cluster], list[Cluster]]:
    labels = [cluster for cluster in clusters if len(cluster.labels) > 1]
    same_label = [cluster for cluster in clusters if len(cluster.labels) == 1]
    return labels, [one for one in same_label if one.straddles], [one for one in same_label if not one.straddles]


def _listed(title: str, clusters: Sequence[Cluster], with_label: bool = False) -> str:
    lines = [line for cluster in clusters[:_CLUSTERS_SHOWN] for line in _lines(cluster, with_label)]
    if len(clusters) > _CLUSTERS_SHOWN:
        lines.append(f"  and {_clusters(len(clusters) - _CLUSTERS_SHOWN)} more; --json lists all")
    return "\n".join([title, *lines])


def _lines(cluster: Cluster, with_label: bool) -> list[str]:
    """The likeness before the first name, the others below it."""
    first = "equal" if cluster.exact else f"{cluster.likeness:.3f}"
    names = [shown(picture.name) for picture in cluster.pictures]
    if with_label:
        width = max(map(len, names))
        names = [f"{name:<{width}}  {one.label}" for name, one in zip(names, cluster.pictures, strict=True)]
    return [f"  {first if number == 0 else '':<5}  {name}" for number, name in enumerate(names)]


def _advice(found: Duplicates) -> str:
    from experiments.data.likeness import THRESHOLD

    lines = ["Nothing was changed: remove what you do not want, or move it to the right class."]
    if not found.fixed:
        lines.insert(0, f"The split that a fit makes keeps what is alike by {THRESHOLD} or more on one side.")
    return "\n".join(lines)


def _clusters(count: int) -> str:
    return f"{count} cluster{'' if count == 1 else 's'}"
