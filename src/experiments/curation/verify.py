"""What is wrong with the files of a folder of pictures, on all cores. Imports no torch."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from experiments.curation.faults import Fault, faults_of
from experiments.data.errors import DataError
from experiments.data.progress import progress
from experiments.data.scan import Found, all_files, check_root


@dataclass(frozen=True)
class Verified:
    """A file, by its path and by its name below the root (with forward slashes), and what is wrong with it."""

    path: Path
    name: str
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether it is a good picture."""
        return not self.faults

    @property
    def reason(self) -> str | None:
        """All that is wrong, in a line."""
        return "; ".join(map(str, self.faults)) or None

    @property
    def trains(self) -> bool:
        """Whether a fit uses it, good or not."""
        return all(fault.trains for fault in self.faults)

    @property
    def movable(self) -> bool:
        """Whether it belongs into quarantine."""
        return any(fault.movable for fault in self.faults)


def verify_folder(root: Path) -> list[Verified]:
    """Every visible file below the class folders, decoded in full; by name.

    Raises:
        DataError: there is no such folder, or no file in a class folder of it.
        OSError: a folder cannot be listed.
    """
    found = files_of(root)
    with progress("verifying", len(found), "files") as advance:

        def look(item: Found) -> Verified:
            verified = Verified(item.path, item.path.relative_to(root).as_posix(), faults_of(item.path))
            advance()
            return verified

        # Pillow warns of large pictures and odd metadata. Filters are global: set outside the threads.
        with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as threads:
            warnings.filterwarnings("ignore", module="PIL")
            verified = list(threads.map(look, found))
    return sorted(verified, key=lambda file: file.name)


def files_of(root: Path) -> list[Found]:
    """All files in class folders, images or not.

    Raises:
        DataError: there are none.
        OSError: a folder cannot be listed.
    """
    found = all_files(root) if root.is_dir() else []
    if not found:
        problem = check_root(root) or f"{root} has no files in it."
        raise DataError(problem.replace(f"dataset.root={root}", str(root)))
    return found
