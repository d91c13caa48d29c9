"""Files moved away and back: whatever happens in between, none is lost or overwritten."""

from __future__ import annotations

import csv
import errno
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from classes import contents

from experiments.curation.quarantine import FOLDER, quarantine, restore

ODD = os.fsdecode(b'black/not utf-8 \xff\n,".jpg')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three bad files and a good one."""
    for name in ("black/a.jpg", "black/deeper/b.jpg", ODD, "black/good.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))
    return tmp_path


BAD = {"black/a.jpg": "tiny", "black/deeper/b.jpg": "zero bytes", ODD: "not an image, it is a page"}


def record(root: Path) -> list[dict[str, str]]:
    with (root / FOLDER / "quarantine.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file))


def test_there_and_back(root: Path) -> None:
    before = contents(root)
    assert quarantine(root, BAD).moved == list(BAD)
    assert [name for name in contents(root) if not name.startswith(FOLDER)] == ["black/good.jpg"]
    assert {row["path"]: row["reason"] for row in record(root)} == BAD
    assert {row["sha256"] for row in record(root)} == {sha256(before[name]).hexdigest() for name in BAD}
    moves = restore(root)
    assert sorted(moves.moved) == sorted(BAD)
    assert not moves.stayed
    assert contents(root) == before
    assert not (root / FOLDER).exists()


def test_the_record_grows(root: Path) -> None:
    for name, reason in BAD.items():
        quarantine(root, {name: reason})
    assert {row["path"]: row["reason"] for row in record(root)} == BAD


def test_nothing_is_overwritten_in_quarantine(root: Path) -> None:
    quarantine(root, {"black/a.jpg": "tiny"})
    (root / "black/a.jpg").write_bytes(b"downloaded again")
    moves = quarantine(root, {"black/a.jpg": "zero bytes"})
    assert moves.moved == []
    assert moves.stayed == {"black/a.jpg": f"there is another file: {root}/{FOLDER}/black/a.jpg"}
    assert (root / "black/a.jpg").read_bytes() == b"downloaded again"
    assert (root / FOLDER / "black/a.jpg").read_bytes() == b"black/a.jpg"
    assert [row["reason"] for row in record(root)] == ["tiny"]


def test_nothing_is_overwritten_by_restoring(root: Path) -> None:
    quarantine(root, BAD)
    (root / "black/a.jpg").write_bytes(b"a better one")
    (root / ODD).symlink_to("nowhere")
    moves = restore(root)
    assert moves.moved == ["black/deeper/b.jpg"]
    assert sorted(moves.stayed) == ["black/a.jpg", ODD]
    assert (root / "black/a.jpg").read_bytes() == b"a better one"
    assert (root / ODD).is_symlink()
    assert sorted(row["path"] for row in record(root)) == ["black/a.jpg", ODD]
    (root / "black/a.jpg").unlink()
    (root / ODD).unlink()
    assert not restore(root).stayed
    assert (root / "black/a.jpg").read_bytes() == b"black/a.jpg"


KILLED = """
import os, signal, sys
from pathlib import Path
from experiments.curation import quarantine as q
moved = []
rename = Path.rename
def rename_once(self, target):
    if moved:
        os.kill(os.getpid(), signal.SIGKILL)
    moved.append(rename(self, target))
Path.rename = rename_once
root, verb = Path(sys.argv[1]), sys.argv[2]
if verb == "restore":
    q.restore(root)
else:
    q.quarantine(root, {"black/a.jpg": "tiny", "black/deeper/b.jpg": "tiny"})
"""


def kill(root: Path, verb: str) -> None:
    """Dies by SIGKILL when the second file is to be moved."""
    assert subprocess.run([sys.executable, "-c", KILLED, str(root), verb], check=False).returncode == -9


def test_killed_in_the_middle_of_moving(root: Path) -> None:
    before = contents(root)
    kill(root, "quarantine")
    assert (root / FOLDER / "black/a.jpg").exists()
    assert (root / "black/deeper/b.jpg").exists()
    assert {row["path"] for row in record(root)} == {"black/a.jpg", "black/deeper/b.jpg"}
    assert quarantine(root, {"black/deeper/b.jpg": "tiny"}).moved == ["black/deeper/b.jpg"]
    kill(root, "restore")
    assert sum((root / name).exists() for name in BAD) == 2
    assert len(restore(root).moved) == 1
    assert contents(root) == before


def test_restored_right_after_being_killed(root: Path) -> None:
    before = contents(root)
    kill(root, "quarantine")
    restore(root)
    assert contents(root) == before


def test_links_are_moved_not_what_they_point_to(root: Path) -> None:
    (root / "black/link.jpg").symlink_to("good.jpg")
    quarantine(root, {"black/link.jpg": "tiny"})
    assert (root / "black/good.jpg").read_bytes() == b"black/good.jpg"
    assert not os.path.lexists(root / "black/link.jpg")
    restore(root)
    assert (root / "black/link.jpg").read_bytes() == b"black/good.jpg"


def test_a_file_that_the_system_will_not_move_stays_and_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "a.jpg":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    moves = quarantine(root, BAD)
    assert moves.stayed == {"black/a.jpg": "Invalid cross-device link"}
    assert len(moves.moved) == 2
    assert (root / "black/a.jpg").exists()


def test_without_a_quarantine_there_is_nothing_to_restore(root: Path) -> None:
    assert restore(root).moved == []
    assert not (root / FOLDER).exists()
