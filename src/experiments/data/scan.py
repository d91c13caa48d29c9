"""Finds the images below a folder and says what is wrong with one. Imports neither torch nor Pillow."""

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SPLIT_FOLDERS = {"train": "train", "valid": "valid", "val": "valid", "test": "test"}
_SIGNATURES = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG\r\n\x1a\n": ".png",
    b"GIF87a": ".gif",
    b"GIF89a": ".gif",
    b"BM": ".bmp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"II+\0": ".tif",  # BigTIFF
    b"MM\0+": ".tif",
    b"\0\0\x01\0": ".ico",
    b"\0\0\0\x0cjP  \r\n\x87\n": ".jp2",
    b"\xff\x4f\xff\x51": ".j2k",
    **{b"P%d%c" % (kind, space): ".ppm" for kind in (4, 5, 6) for space in b"\n "},
}
HEAD = 16
"""So many bytes from the start tell what a file is."""
_SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".avif", ".heic", ".heif"}
_ALLOWED = "It must be a folder with one subfolder of images a class"


@dataclass(frozen=True)
class Found:
    """An image file, its class (the folder's name) and its split (None: still to be split)."""

    path: Path
    label: str
    split: str | None


def is_image(path: Path) -> bool:
    """Whether the first bytes are those of an image that can be decoded; names do not count."""
    try:
        if not path.is_file():  # a pipe or a device would be read for ever
            return False
        with path.open("rb") as file:
            return image_suffix(file.read(HEAD)) is not None
    except OSError:
        return False


def image_suffix(head: bytes) -> str | None:
    """The extension for a file that begins with these `HEAD` bytes, such as `.jpg`; None if it is no image."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return ".avif"
    return next((suffix for start, suffix in _SIGNATURES.items() if head.startswith(start)), None)


def scan(root: Path) -> list[Found]:
    """Every image below the class folders, by path; hidden files and folders are passed over.

    With `train/` (and `valid/`, `val/`, `test/`) above the classes these fix the split; without a validation
    folder the training images are still to be split. A file that only *claims* to be an image (by its
    extension) is listed too, and what cannot be read, so that whoever decodes it can name it.

    Raises:
        OSError: if a folder cannot be listed.
    """
    return [item for item in all_files(root) if _may_be_image(item.path)]


def _may_be_image(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES or is_image(path) or not os.access(path, os.R_OK) or path.is_dir()


def all_files(root: Path) -> list[Found]:
    """Every file below the class folders as `scan` lists them, images or not; a folder that is not looked into itself.

    Raises:
        OSError: if a folder above the files cannot be listed.
    """
    tops = _split_folders(root) or {root: None}
    fixed = "valid" in tops.values()
    return [
        Found(path, folder.name, split if fixed or split == "test" else None)
        for top, split in tops.items()
        for folder in _folders(top)
        for path in _files(folder)
    ]


def shown(name: str) -> str:
    """A file's name on one line, whatever bytes are in it."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)


def check_root(root: str | Path) -> str | None:
    """What is wrong with `dataset.root`, for the user to read, or None. Stops at a class's first image."""
    try:
        folder = Path(root).expanduser()
        if not folder.exists():
            return f"dataset.root={root}: there is no such folder. {_ALLOWED}.{_similar(folder)}"
        if not folder.is_dir():
            return f"dataset.root={root} is a file. {_ALLOWED}. Give the folder above the class folders."
        return _check_classes(root, folder)
    except OSError as error:
        return f"dataset.root={root} cannot be read: {error.strerror}. {_ALLOWED} that you may read."
    except RuntimeError:
        return f"dataset.root={root} names a user without a home folder. {_ALLOWED}. Write the path in full."


def _check_classes(root: str | Path, folder: Path) -> str | None:
    top = folder / "train" if _split_folders(folder) else folder
    classes = _class_folders(top)
    where = f"dataset.root={root}" + ("/train" if top != folder else "")
    if len(classes) >= 2:
        return None
    if classes:
        inner = _class_folders(classes[0])
        fix = f"Did you mean {classes[0]}?" if len(inner) >= 2 else "Add a folder with images of another class."
        return f"{where} has only one class: {classes[0].name}. {_ALLOWED}, at least two. {fix}"
    if any(is_image(path) for path in _visible(top) if path.is_file()):
        return f"{where} has images, but no class folders. {_ALLOWED}. Sort the images into such folders."
    return f"{where} has no images in it. {_ALLOWED}. Put images there, or give another folder."


def _similar(folder: Path) -> str:
    """A hint for the first part of the path that does not exist: the nearest name that does."""
    missing = folder
    while not missing.parent.exists():
        missing = missing.parent
    siblings = [path.name for path in _folders(missing.parent)]
    near = difflib.get_close_matches(missing.name, siblings, n=1)
    if not near:
        return " Check the path; a relative one starts at the working folder."
    return f" Did you mean {missing.parent / near[0] / folder.relative_to(missing)}?"


def _split_folders(root: Path) -> dict[Path, str | None]:
    """The split folders above the classes with their split; empty if the classes lie right below `root`."""
    holding = [folder for folder in _class_folders(root) if folder.name in SPLIT_FOLDERS]
    names = {folder.name for folder in _class_folders(root)}
    # A class may be called "train" (beside "plane"); it is a split only if nothing else stands beside it.
    if "train" not in names or len(holding) < len(names):
        return {}
    return {folder: SPLIT_FOLDERS[folder.name] for folder in holding}


def _class_folders(folder: Path) -> list[Path]:
    return [path for path in _folders(folder) if any(map(is_image, _files(path)))]


def _folders(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.is_dir()]


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _files(folder: Path) -> Iterator[Path]:
    closed: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))
        # Not followed: it may lead round in a circle, or out of the root, where nothing is to be moved.
        yield from (Path(parent, name) for name in folders if Path(parent, name).is_symlink())
    yield from closed
