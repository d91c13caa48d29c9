"""What is done of a download that still runs, on disk at every moment: `ROOT/.download/`.

A picture is fetched to a file of its own here, examined, renamed to the hash of its content and entered in the
journal; then its row is entered, and it is renamed into its class folder. So a process may be killed anywhere: the next
one reads the journal, does what is still to be done and fetches nothing again that had come whole.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from experiments.curation.manifest import Row, hash_of

FOLDER = ".download"
_NAME = "journal.jsonl"
_STAGED = re.compile(r"[0-9a-f]{64}\.[a-z]+")


@dataclass(frozen=True)
class Outcome:
    """What became of one address, whatever classes list it.

    Attributes:
        url: as it stands in the lists.
        sha256: of the picture; empty if there is none.
        suffix: the picture's extension.
        status: `failed` or `refused`; empty if there is a picture.
        reason: of that.
    """

    url: str
    sha256: str = ""
    suffix: str = ""
    status: str = ""
    reason: str = ""


def is_open(root: Path) -> bool:
    """Whether a download into this folder runs, or was killed."""
    return (root / FOLDER / _NAME).exists()


class Journal:
    """The folder and its list of events. One process has it at a time; `fetched` may be called from many threads.

    Attributes:
        outcomes: of the addresses that are done with, by address.
        placed: rows of pictures that are in their class folder, or about to be.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER
        self.folder.mkdir(exist_ok=True)
        self._file = self.folder / _NAME
        self._lock = threading.Lock()
        self.outcomes: dict[str, Outcome] = {}
        self.placed: list[Row] = []
        self._read()
        for part in self.folder.glob("*.part"):
            part.unlink()

    def new_part(self) -> Path:
        """A name that no other thread or process has, for a file that is still to be examined."""
        return self.folder / f"{uuid.uuid4().hex}.part"

    def staged(self, outcome: Outcome) -> Path:
        """Where a picture waits for its place."""
        return self.folder / f"{outcome.sha256}{outcome.suffix}"

    def fetched(self, outcome: Outcome) -> None:
        """Enter what became of an address."""
        self.outcomes[outcome.url] = outcome
        self._append({"fetched": asdict(outcome)})

    def placing(self, row: Row) -> None:
        """Enter a picture's row, just before it is moved."""
        self._append({"placing": asdict(row)})

    def remove(self) -> None:
        """When the manifest has it all. Only what is ours: a user may have had a folder of this name."""
        for file in self.folder.iterdir():
            if _STAGED.fullmatch(file.name):  # the same as one that is in its place
                file.unlink()
        self._file.unlink(missing_ok=True)  # last: as long as it is there, the next process comes by to clean up
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _read(self) -> None:
        if not self._file.exists():
            return
        content = self._file.read_bytes()
        lines = content.split(b"\n")
        for line in lines[:-1]:
            with contextlib.suppress(ValueError, TypeError, KeyError):  # after a power cut anything may stand there
                self._enter(json.loads(line))
        if lines[-1]:  # a killed process tore it
            with self._file.open("r+b") as file:
                file.truncate(len(content) - len(lines[-1]))

    def _enter(self, event: dict[str, dict[str, str]]) -> None:
        if "fetched" in event:
            outcome = Outcome(**event["fetched"])
            self.outcomes[outcome.url] = outcome
        else:
            self.placed.append(Row(**event["placing"]))

    def _append(self, event: dict[str, dict[str, str]]) -> None:
        line = json.dumps(event).encode() + b"\n"
        with self._lock, self._file.open("ab", buffering=0) as file:
            file.write(line)

    def has_staged(self, outcome: Outcome) -> bool:
        """Whether a picture waits here, whole: after a power cut a renamed file may be empty."""
        file = self.staged(outcome)
        return file.is_file() and hash_of(file) == outcome.sha256
