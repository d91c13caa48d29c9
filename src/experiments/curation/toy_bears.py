"""The source `toy_bears`: a folder of bears that are drawn at first use, then read like photographs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from experiments.curation.bear_plan import COLUMNS, PlannedPicture, Shares, plan, truth
from experiments.curation.drawing_bears.picture import VERSION
from experiments.curation.drawing_bears.workers import Draw, on_all_cores
from experiments.data.cache_folder import data_folder
from experiments.data.errors import DataError
from experiments.data.progress import progress
from experiments.runs.files import read_json, write_bytes, write_csv, write_json

if TYPE_CHECKING:
    from experiments.data.pool import Pool

RECORD = "toy_bears.json"
"""The numbers that the pictures were drawn from; there when all are."""

BEGUN = ".toy_bears.json"
"""The same while they are being drawn."""

LOCK = ".toy_bears.lock"


@dataclass(frozen=True)
class ToyBears:
    """Teddies, grizzlies and black bears, as (3, image_size, image_size) uint8.

    Attributes:
        root: folder to draw them into; None: one in the cache, named by a hash of the numbers below.
        image_size: pixels a side after reading; the files have about 160 to 320.
        images_per_class: pictures of black bears and of teddies.
        rare_images: pictures of grizzlies; None: `images_per_class`.
        wrong_labels: share of the pictures that lie in another class's folder.
        near_duplicates: share that are another picture, slightly changed.
        corrupt_files: share that cannot be decoded.
        data_seed: of the drawing.
    """

    root: str | None = None
    image_size: int = 64
    images_per_class: int = 600
    rare_images: int | None = None
    wrong_labels: float = 0.0
    near_duplicates: float = 0.0
    corrupt_files: float = 0.0
    data_seed: int = 42

    @property
    def folder(self) -> Path:
        """Where the pictures lie, or will."""
        if self.root is not None:
            return Path(self.root).expanduser().absolute()
        name = sha256(json.dumps(self._numbers(), sort_keys=True).encode()).hexdigest()[:12]
        return data_folder("toy_bears") / name

    def prepare(self) -> Path:
        """Draws what is missing, once, however many processes ask; a drawing that was killed is gone on with.

        Raises:
            DataError: the folder holds something else, or cannot be written.
        """
        try:
            return self._prepared()
        except OSError as error:
            reason = error.strerror or str(error)
            raise DataError(
                f"The bears cannot be drawn below dataset.root={self.root or self.folder}: {reason}. "
                "Name a folder that you may write to."
            ) from error

    def load(self) -> Pool:
        """All readable pictures, drawn before if they are not there; paths are relative to `folder`.

        Raises:
            DataError: as `prepare`, or if too few are readable.
        """
        from experiments.data.folder import Folder  # here, since it imports torch

        root = self.prepare()
        pool = Folder(str(root), self.image_size).load()
        where = f"The drawn bears lie in {root}; truth.csv there says what each file is."
        return replace(pool, notices=[*pool.notices, where])

    def _prepared(self) -> Path:
        root, numbers = self.folder, self._numbers()
        if _is_complete(root, numbers):
            return root
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / LOCK):
            if not _is_complete(root, numbers):
                write_json(root / BEGUN, numbers)
                self._draw(root)
                write_json(root / RECORD, numbers)
                (root / BEGUN).unlink()
        return root

    def _draw(self, root: Path) -> None:
        rare = self.images_per_class if self.rare_images is None else self.rare_images
        counts = {"black": self.images_per_class, "grizzly": rare, "teddy": self.images_per_class}
        shares = Shares(self.wrong_labels, self.near_duplicates, self.corrupt_files)
        pictures = plan(counts, shares, self.data_seed)
        for name in counts:
            (root / name).mkdir(exist_ok=True)
        missing = [picture for picture in pictures if not (root / picture.file).exists()]
        print(f"drawing {len(missing)} bears into {root}", file=sys.stderr)
        with progress("drawing bears", len(missing)) as advance:
            on_all_cores([partial(_draw_one, picture, root, self.data_seed, advance) for picture in missing])
        write_csv(root / "truth.csv", COLUMNS, truth(pictures))

    def _numbers(self) -> dict[str, object]:
        """All that decides what is in the files."""
        numbers = {name: value for name, value in asdict(self).items() if name not in ("root", "image_size")}
        return {"version": VERSION, **numbers}


def _draw_one(picture: PlannedPicture, root: Path, seed: int, advance: Callable[[], None], draw: Draw) -> None:
    write_bytes(root / picture.file, picture.content(draw, seed))
    advance()


def _is_complete(root: Path, numbers: dict[str, object]) -> bool:
    """Whether all the bears of these numbers are there; False where they may be drawn.

    Raises:
        DataError: something else is there.
    """
    for record in (RECORD, BEGUN):
        if (root / record).is_file():
            if (found := _read(root / record)) != numbers:
                raise DataError(_other_bears(root, found, numbers))
            return record == RECORD
    if root.exists() and (not root.is_dir() or any(path.name != LOCK for path in root.iterdir())):
        what = "holds other files" if root.is_dir() else "is a file"
        raise DataError(
            f"dataset.root={root} {what}, and no drawn bears (no {RECORD}). Bears are drawn into a new or empty folder "
            f"alone: name another one, or train on what is there with dataset=folder dataset.root={root}"
        )
    return False


def _read(record: Path) -> dict[str, object]:
    try:
        found = read_json(record)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _other_bears(root: Path, found: dict[str, object], numbers: dict[str, object]) -> str:
    differing = [name for name in numbers if found.get(name) != numbers[name]]
    there, asked = (
        ", ".join(f"{name}={json.dumps(values.get(name))}" for name in differing) for values in (found, numbers)
    )
    return (
        f"dataset.root={root} holds bears that were drawn with {there}; asked for were {asked}. "
        "Name another folder, leave dataset.root out (the cache keeps one folder for each set of numbers), "
        "or ask for what is there."
    )
