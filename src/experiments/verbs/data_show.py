"""`experiments data show`: what lies in a folder of pictures, as numbers and as contact sheets."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.data.scan import shown
from experiments.verbs.codes import DONE

if TYPE_CHECKING:
    from PIL.Image import Image

    from experiments.curation.survey import ClassSurvey


USUAL_SIZE = 224
"""Pixels of dataset=folder."""


def show(root: Path, to: Path | None, image_size: int) -> int:
    """Prints counts and sizes at once, then draws a sheet a class and one of an augmented training batch.

    Args:
        root: the folder above the classes.
        to: for the pictures; None: `pictures/NAME_OF_ROOT` below the working folder.
        image_size: pixels of the augmented batch, as dataset.image_size.

    Raises:
        DataError: there is nothing to train on.
        OSError: a folder cannot be read, or a picture cannot be written.
    """
    from experiments.curation.survey import survey

    folder = to or Path("pictures", root.resolve().name)
    classes = survey(root)
    _refuse_inside(root, folder)
    _print_numbers(classes)
    folder.mkdir(parents=True, exist_ok=True)
    _draw_classes(classes, root, folder)
    _draw_augmented(root, image_size, folder)
    size = "" if image_size == USUAL_SIZE else f" dataset.image_size={image_size}"
    print(shown(f"next: experiments fit dataset=folder {_override(root)}{size}"))
    return DONE


def _refuse_inside(root: Path, folder: Path) -> None:
    from experiments.data.errors import DataError

    if folder.resolve().is_relative_to(root.resolve()):
        raise DataError(
            f"{folder}, where the sheets would go, lies inside {root}: they would be taken for pictures to train on. "
            "Give a folder outside, such as --to ../pictures"
        )


def _print_numbers(classes: Sequence[ClassSurvey]) -> None:
    from rich.console import Console

    from experiments.curation.balance import remarks
    from experiments.curation.survey_table import survey_table

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    console.print(survey_table(classes))
    for remark in remarks(classes):
        print(f"\n{remark}")
    print(flush=True)  # to be read while the sheets are drawn


def _draw_classes(classes: Sequence[ClassSurvey], root: Path, folder: Path) -> None:
    from experiments.curation.sheets import class_sheet
    from experiments.runs.names import job_names

    names = job_names([[("class", f"class_{one.name}", True)] for one in classes])
    for one, name in zip(classes, names, strict=True):
        sheet = class_sheet(one, root)
        if sheet is not None:
            _save(sheet, folder / f"{name}.png")


def _draw_augmented(root: Path, image_size: int, folder: Path) -> None:
    print("loading torch and all pictures, for a training batch as it is augmented", file=sys.stderr)
    from experiments.data.datamodule import DataModule
    from experiments.data.folder import Folder

    data = DataModule(Folder(str(root), image_size))
    sheet = data.contact_sheet()
    for notice in data.notices:
        print(shown(f"note: {notice}"), file=sys.stderr)
    if sheet is not None:
        _save(sheet, folder / "augmented.png")


def _override(root: Path) -> str:
    """`dataset.root=ROOT`, quoted for Hydra and the shell where they would read something else in it."""
    from experiments.config.composition import quoted

    override = f"dataset.root={root}"
    return override if re.fullmatch(r"[\w./+=-]+", override) else quoted(override)


def _save(sheet: Image, path: Path) -> None:
    """Whole or not at all; an older sheet of this name is replaced."""
    from experiments.runs.files import write_bytes

    encoded = io.BytesIO()
    sheet.save(encoded, "PNG")
    write_bytes(path, encoded.getvalue())
    print(shown(f"picture: {path}"))
