"""The folder of drawn bears: what is in it, who may draw into it, and what a killed drawing leaves."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from filelock import FileLock

from experiments.curation import toy_bears
from experiments.curation.drawing_bears import workers
from experiments.curation.drawing_bears.picture import draw_picture
from experiments.curation.toy_bears import BEGUN, LOCK, RECORD, ToyBears
from experiments.data.cache_folder import VARIABLE
from experiments.data.errors import DataError
from experiments.data.images import UnreadableImageError, decode


def pictures(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.glob("*/*"))}


def rows(root: Path) -> list[dict[str, str]]:
    with (root / "truth.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is taken; whoever draws fails."""

    def draw(*_: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(toy_bears, "on_all_cores", draw)


def test_the_pool_has_every_picture_and_says_where_they_lie(tmp_path: Path) -> None:
    pool = ToyBears(str(tmp_path / "bears"), image_size=32, images_per_class=4, rare_images=2).load()
    assert pool.classes == ["black", "grizzly", "teddy"]
    assert Counter(pool.labels()) == {"black": 4, "grizzly": 2, "teddy": 4}
    assert pool.input_shape == (3, 32, 32)
    assert pool.photographs
    assert str(tmp_path / "bears") in pool.notices[-1]
    assert sorted(pool.paths) == sorted(pictures(tmp_path / "bears"))


def test_the_truth_about_every_file(tmp_path: Path) -> None:
    ToyBears(
        str(tmp_path), images_per_class=8, wrong_labels=0.3, near_duplicates=0.3, corrupt_files=0.3, data_seed=1
    ).prepare()
    found = pictures(tmp_path)
    told = rows(tmp_path)
    assert [row["file"] for row in told] == sorted(found)
    assert {row["kind"] for row in told} == {"drawn", "near_duplicate", "corrupt"}
    assert any(row["class"] != row["true_class"] for row in told)
    for row in told:
        content = found[row["file"]]
        assert row["file"].startswith(row["class"] + "/")
        if row["kind"] == "corrupt":
            with pytest.raises(UnreadableImageError):
                decode(content, 16)
            continue
        assert decode(content, 16).shape == (3, 16, 16)
        assert (row["of"] in found) == (row["what"] != "") == (row["kind"] == "near_duplicate")
        drawn = draw_picture(row["true_class"], int(Path(row["file"]).stem) // 3, 1)
        assert (content == drawn) == (row["kind"] == "drawn")


def test_training_leaves_out_what_is_corrupt_and_names_it(tmp_path: Path) -> None:
    pool = ToyBears(str(tmp_path), image_size=16, images_per_class=6, corrupt_files=0.4).load()
    corrupt = {row["file"] for row in rows(tmp_path) if row["kind"] == "corrupt"}
    assert corrupt
    assert set(pool.paths) == set(pictures(tmp_path)) - corrupt


def test_a_picture_is_the_same_whatever_the_counts(tmp_path: Path) -> None:
    few, more = tmp_path / "few", tmp_path / "more"
    ToyBears(str(few), images_per_class=2).prepare()
    ToyBears(str(more), images_per_class=3, rare_images=4).prepare()
    assert pictures(few).items() <= pictures(more).items()


@pytest.mark.usefixtures("no_drawing")
def test_the_cache_has_a_folder_for_each_set_of_numbers_but_not_for_each_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    folder = ToyBears().folder
    assert folder.parent == tmp_path / "toy_bears"
    assert ToyBears(image_size=224).folder == folder
    others = [
        ToyBears(data_seed=1),
        ToyBears(images_per_class=10),
        ToyBears(rare_images=10),
        ToyBears(wrong_labels=0.1),
    ]
    assert len({folder, *(other.folder for other in others)}) == 5
    monkeypatch.setattr(toy_bears, "VERSION", 0)
    assert ToyBears().folder != folder


def test_bears_that_are_there_are_not_drawn_again(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    bears = ToyBears(str(tmp_path / "bears"), images_per_class=2)
    root = bears.prepare()
    (root / "black/000000.jpg").unlink()  # what a user takes away stays away
    request.getfixturevalue("no_drawing")
    assert bears.prepare() == root
    assert not (root / BEGUN).exists()
    assert json.loads((root / RECORD).read_text())["images_per_class"] == 2


@pytest.mark.usefixtures("no_drawing")
def test_a_folder_with_other_bears_is_refused_with_both_numbers(tmp_path: Path) -> None:
    for record in (RECORD, BEGUN):
        root = tmp_path / f"bears_{len(record)}"
        root.mkdir()
        numbers = ToyBears(data_seed=7)._numbers()
        (root / record).write_text(json.dumps(numbers))
        with pytest.raises(
            DataError, match=r"drawn with data_seed=7; asked for were data_seed=42\. Name another folder"
        ):
            ToyBears(str(root)).prepare()
        assert [path.name for path in root.iterdir()] == [record]


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_broken_record_is_no_licence_to_draw(tmp_path: Path, content: str) -> None:
    (tmp_path / RECORD).write_text(content)
    with pytest.raises(DataError, match="Name another folder"):
        ToyBears(str(tmp_path)).prepare()


@pytest.mark.usefixtures("no_drawing")
def test_a_users_own_pictures_are_never_drawn_into(tmp_path: Path) -> None:
    (tmp_path / "black").mkdir()
    (tmp_path / "black/mine.jpg").write_bytes(b"mine")
    with pytest.raises(DataError, match=rf"holds other files.*dataset=folder dataset\.root={tmp_path}"):
        ToyBears(str(tmp_path)).prepare()
    assert pictures(tmp_path) == {"black/mine.jpg": b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["black"]
    with pytest.raises(DataError, match="is a file"):
        ToyBears(str(tmp_path / "black/mine.jpg")).prepare()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot be drawn below dataset\.root=.*Name a folder that you may write to"):
        ToyBears(str(tmp_path / "file/bears")).prepare()


KILLED = """
import os, signal, sys
from experiments.curation import toy_bears
left = [4]
write = toy_bears.write_bytes
def write_bytes(path, content):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    write(path, content)
toy_bears.write_bytes = write_bytes
toy_bears.ToyBears(sys.argv[1], images_per_class=3).prepare()
"""


def test_a_killed_drawing_is_gone_on_with(tmp_path: Path) -> None:
    root = tmp_path / "killed"
    assert subprocess.run([sys.executable, "-c", KILLED, str(root)], check=False).returncode == -signal.SIGKILL
    before = {path: path.stat().st_mtime_ns for path in root.glob("*/*")}
    assert len(before) == 4
    assert not (root / RECORD).exists()
    ToyBears(str(root), images_per_class=3).prepare()
    assert {path: path.stat().st_mtime_ns for path in before} == before
    ToyBears(str(tmp_path / "whole"), images_per_class=3).prepare()
    assert pictures(root) == pictures(tmp_path / "whole")
    assert rows(root) == rows(tmp_path / "whole")
    assert {path.name for path in root.iterdir()} == {"black", "grizzly", "teddy", "truth.csv", RECORD, LOCK}


WAITING = """
import sys
from experiments.curation import toy_bears
drawn = []
write = toy_bears.write_bytes
toy_bears.write_bytes = lambda path, content: (drawn.append(path), write(path, content))
print("ready", flush=True)
toy_bears.ToyBears(sys.argv[1], images_per_class=2).prepare()
print(len(drawn))
"""


def test_of_several_processes_one_draws_and_the_others_wait(tmp_path: Path) -> None:
    with FileLock(tmp_path / LOCK):
        started = [
            subprocess.Popen([sys.executable, "-c", WAITING, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for one in started:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        assert not pictures(tmp_path)
    said = [one.communicate(timeout=60)[0].strip() for one in started]
    assert [one.returncode for one in started] == [0, 0]
    assert sorted(said) == ["0", "6"]
    assert len(pictures(tmp_path)) == 6


def test_many_are_drawn_by_several_processes_and_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH_A_WORKER", 3)
    monkeypatch.setattr(workers, "_cores", lambda: 2)
    monkeypatch.chdir(tmp_path)
    Path("experiments.py").write_text("raise SystemExit('the wrong one')")  # not what a worker is to import
    ToyBears("many", images_per_class=3).prepare()
    monkeypatch.setattr(workers, "_cores", lambda: 1)
    ToyBears("few", images_per_class=3).prepare()
    assert pictures(Path("many")) == pictures(Path("few"))


def test_the_first_failure_ends_the_drawing_in_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    def fails(_: workers.Draw) -> None:
        begun.append(1)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workers, "WORTH_A_WORKER", 10)
    monkeypatch.setattr(workers, "_cores", lambda: 2)
    with pytest.raises(OSError, match="No space left"):
        workers.on_all_cores([fails] * 40)
    assert len(begun) <= 2


def test_a_worker_that_has_died_is_said() -> None:
    with workers.Worker() as worker:
        assert worker("black", 0, 42) == draw_picture("black", 0, 42)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(RuntimeError, match="exit code -9"):
            worker("black", 1, 42)


ORPHAN = """
import os, signal
from experiments.curation.drawing_bears.workers import Worker
with Worker() as worker:
    worker("black", 0, 42)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_does_not_outlive_the_program_that_started_it() -> None:
    # The worker has the same standard error: that is closed when both have ended, and not before.
    done = subprocess.run([sys.executable, "-c", ORPHAN], stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, b"")


def test_drawing_imports_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from experiments.curation.toy_bears import ToyBears;"
        f"ToyBears({str(tmp_path / 'bears')!r}, images_per_class=2).prepare(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
