"""Lists to download from, and what a download left."""

from __future__ import annotations

import csv
from hashlib import sha256
from pathlib import Path

from experiments.cli import main


def write_lists(folder: Path, **urls: list[str]) -> Path:
    """A folder with a text file for each class."""
    folder.mkdir(exist_ok=True)
    for label, lines in urls.items():
        (folder / f"{label}.txt").write_text("".join(f"{line}\n" for line in lines))
    return folder


def download(lists: Path, root: Path, *flags: str) -> int:
    """Types the command; servers on this machine are allowed. The exit code."""
    return main(["data", "download", str(lists), str(root), "--allow-private", *flags])


def manifest(root: Path) -> list[dict[str, str]]:
    """The rows of the manifest."""
    with (root / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def pictures(root: Path) -> dict[str, bytes]:
    """Every file below the root but the manifest and the lock, by its path."""
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name not in ("manifest.csv", ".download.lock")}


def name_of(label: str, body: bytes, suffix: str = ".jpg") -> str:
    """Where a picture is put."""
    return f"{label}/{sha256(body).hexdigest()[:16]}{suffix}"
