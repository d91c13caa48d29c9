"""The source `folder`: a user's own photographs, one folder a class."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from experiments.data.decoding import hash_files
from experiments.data.errors import DataError
from experiments.data.images import RESIZE
from experiments.data.near_duplicates import near_duplicates
from experiments.data.pictures import thumbnails
from experiments.data.pixels import read_pixels
from experiments.data.pool import Inputs, Pool, sample_order
from experiments.data.scan import Found, check_root, scan, shown

IMAGENET_MEAN = [0.485, 0.456, 0.406]
IMAGENET_STD = [0.229, 0.224, 0.225]
_NAMES_SHOWN = 50
_NAMES_IN_A_LINE = 5
# The jobs of a sweep run in one process: the last folder's pixels, by what they were made from.
_last: dict[tuple[object, ...], Pool] = {}


@dataclass(frozen=True)
class Folder:
    """Photographs below `root/class/` or `root/train/class/`, as (3, image_size, image_size) uint8.

    Attributes:
        root: the folder; `~` is expanded.
        image_size: pixels a side.
    """

    root: str
    image_size: int = 224

    def load(self) -> Pool:
        """Every readable picture, decoded; paths are relative to `root`.

        Raises:
            DataError: if there is no such folder, or fewer than two classes with readable images in it.
        """
        if problem := check_root(self.root):
            raise DataError(problem)
        root = Path(self.root).expanduser().resolve()
        found = scan(root)
        key = (root, self.image_size, *(_state(item.path) for item in found))
        if key not in _last:
            _last.clear()
            _last[key] = self._decode(root, found)
        return _last[key]

    def _decode(self, root: Path, found: list[Found]) -> Pool:
        found, notices = _of_known_classes(found)
        contents = hash_files([item.path for item in found])
        names = [item.path.relative_to(root).as_posix() for item in found]
        order = sample_order([item.label for item in found], contents, names)
        read = read_pixels([found[row].path for row in order], [contents[row] for row in order], self.image_size)
        kept = [row for place, row in enumerate(order) if place not in read.failures]
        unreadable = [f"{names[order[place]]} ({reason})" for place, reason in read.failures.items()]
        splits = [found[row].split or "train" for row in kept]
        return self._pool(
            read.inputs,
            files=[found[row].path for row in kept],
            labels=[found[row].label for row in kept],
            paths=[names[row] for row in kept],
            contents=[contents[row] for row in kept],
            splits=splits if any(item.split for item in found) else None,
            notices=notices + _unreadable_notice(unreadable) + read.notices,
        )

    def _pool(
        self,
        inputs: Inputs,
        files: list[Path],
        labels: list[str],
        paths: list[str],
        contents: list[str],
        splits: list[str] | None,
        notices: list[str],
    ) -> Pool:
        classes = sorted(set(labels))
        if len(classes) < 2:
            left = f"only of class {classes[0]}" if classes else "of no class"
            raise DataError(f"dataset.root={self.root} has readable images {left}. " + " ".join(notices))
        small, _ = thumbnails(files, contents)
        return Pool(
            inputs=inputs,
            targets=torch.tensor([classes.index(label) for label in labels]),
            paths=paths,
            sha256=contents,
            classes=classes,
            splits=splits,
            input_shape=(3, self.image_size, self.image_size),
            mean=IMAGENET_MEAN,
            std=IMAGENET_STD,
            resize=RESIZE.format(size=self.image_size),
            groups=near_duplicates(small, contents).groups,
            photographs=True,
            notices=notices,
        )


def _state(path: Path) -> tuple[str, int, int]:
    try:
        stat = path.stat()
    except OSError:  # a link to nowhere
        return str(path), 0, 0
    return str(path), stat.st_size, stat.st_mtime_ns


def _of_known_classes(found: Sequence[Found]) -> tuple[list[Found], list[str]]:
    """Without test images of classes that nothing is trained on.

    Raises:
        DataError: if a class of the validation folder is missing from the training folder.
    """
    known = {item.label for item in found if item.split in (None, "train")}
    strangers = Counter((item.split, item.label) for item in found if item.label not in known)
    for split, label in strangers:
        if split == "valid":
            raise DataError(
                f"Class {label} is in the validation folder, but not in train/ ({', '.join(sorted(known))}). "
                "Both must have the same class folders: rename or add one."
            )
    notices = [f"{count} test images left out: train/ has no class {label}." for (_, label), count in strangers.items()]
    return [item for item in found if item.label in known], notices


def _unreadable_notice(files: Sequence[str]) -> list[str]:
    if not files:
        return []
    names = [shown(name) for name in sorted(files)]
    if len(names) > _NAMES_SHOWN:
        names[_NAMES_SHOWN:] = [f"and {len(names) - _NAMES_SHOWN} more: `experiments data verify` names them all"]
    count = f"{len(files)} unreadable image{'s' if len(files) > 1 else ''} left out:"
    if len(names) > _NAMES_IN_A_LINE:
        return ["\n  ".join([count, *names])]
    return [f"{count} {', '.join(names)}."]
