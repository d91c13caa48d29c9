"""`dataset=urls`: the lists are downloaded once before training, whoever asks and how often."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from downloads import manifest, pictures, write_lists
from picture_server import PictureServer, picture

from experiments.cli import main
from experiments.curation.urls import Urls
from experiments.data.datamodule import Source
from experiments.data.errors import DataError


def source(lists: Path, root: Path) -> Urls:
    return Urls(str(root), str(lists), image_size=8, allow_private=True)


def two_classes(server: PictureServer, folder: Path, each: int = 2) -> Path:
    """Lists of pictures that can be had, and one address that fails."""
    urls = [server.put(f"/{n}", picture(n)) for n in range(2 * each)]
    return write_lists(folder / "urls", black=[*urls[:each], server.url("/404")], teddy=urls[each:])


def test_pictures_are_downloaded_then_loaded(tmp_path: Path, server: PictureServer) -> None:
    urls = source(two_classes(server, tmp_path), tmp_path / "bears")
    assert isinstance(urls, Source)
    urls.prepare()
    pool = urls.load()
    assert pool.classes == ["black", "teddy"]
    assert pool.labels() == ["black", "black", "teddy", "teddy"]
    assert sorted(pool.paths) == sorted(pictures(tmp_path / "bears"))
    assert pool.notices == [f"1 of 5 addresses gave no picture: {tmp_path / 'bears' / 'manifest.csv'} says why."]


def test_a_complete_download_asks_no_server_not_even_for_what_failed(tmp_path: Path, server: PictureServer) -> None:
    urls = source(two_classes(server, tmp_path), tmp_path / "bears")
    urls.prepare()
    asked = server.hits.copy()
    urls.prepare()
    assert server.hits == asked
    (tmp_path / "bears" / manifest(tmp_path / "bears")[0]["file"]).unlink()
    urls.prepare()
    assert server.hits - asked == {"/0": 1}


def contents(root: Path) -> dict[Path, int]:
    """All that is there, and when each was written last."""
    return {path: path.stat().st_mtime_ns for path in (root, *root.rglob("*"))}


def test_a_complete_folder_is_only_read(tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    root, lists = tmp_path / "bears", two_classes(server, tmp_path)
    source(lists, root).prepare()
    (root / ".download.lock").unlink(missing_ok=True)
    before, asked = contents(root), server.hits.copy()

    def read_only(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(root))

    with monkeypatch.context() as patch:
        patch.setattr("experiments.curation.download.filelock.FileLock", read_only)
        patch.setattr(Path, "mkdir", read_only)
        source(lists, root).prepare()
        Urls(str(root), str(lists), max_per_class=1).prepare()  # of the same lists the first ones
        assert contents(root) == before
        (root / manifest(root)[0]["file"]).unlink()
        with pytest.raises(PermissionError):
            source(lists, root).prepare()
    assert server.hits == asked


def test_what_a_killed_download_left_is_finished_though_all_pictures_are_there(
    tmp_path: Path, server: PictureServer
) -> None:
    root, lists = tmp_path / "bears", two_classes(server, tmp_path)
    source(lists, root).prepare()
    (root / ".download").mkdir()
    (root / ".download" / "journal.jsonl").write_text("")
    source(lists, root).prepare()
    assert not (root / ".download").exists()


def test_a_root_in_the_home_of_nobody_is_named_by_its_key(tmp_path: Path) -> None:
    for urls, root, key in ((tmp_path, "~nouser/x", "root"), ("~nouser/x", tmp_path, "urls")):
        with pytest.raises(
            DataError, match=f"^dataset.{key}=~nouser/x names a user without a home folder: write the path"
        ):
            Urls(str(root), str(urls)).prepare()


def test_many_jobs_at_the_same_time_download_once(tmp_path: Path, server: PictureServer) -> None:
    lists, together = two_classes(server, tmp_path), threading.Barrier(4)

    def job() -> None:
        together.wait(30)
        source(lists, tmp_path / "bears").prepare()

    jobs = [threading.Thread(target=job) for _ in range(4)]
    for thread in jobs:
        thread.start()
    for thread in jobs:
        thread.join(60)
    assert server.hits == {"/0": 1, "/1": 1, "/2": 1, "/3": 1, "/404": 1}


def test_a_class_without_a_picture_is_an_error_that_says_what_to_type(tmp_path: Path, server: PictureServer) -> None:
    lists = write_lists(tmp_path / "urls", black=[server.put("/0", picture(0))], teddy=[server.url("/404")])
    with pytest.raises(DataError) as refusal:
        source(lists, tmp_path / "bears").prepare()
    assert "no picture for teddy" in str(refusal.value)
    assert f"experiments data download {lists} {tmp_path / 'bears'}" in str(refusal.value)


def test_lists_that_are_not_there_are_named_by_their_key(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal:
        source(tmp_path / "nowhere", tmp_path / "bears").prepare()
    assert str(refusal.value).startswith(f"dataset.urls={tmp_path / 'nowhere'}: there is no such file or folder. ")
    assert not (tmp_path / "bears").exists()


def test_fit_downloads_before_it_trains(
    tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    two_classes(server, tmp_path, each=8)
    words = ["fit", "dataset=urls", "dataset.urls=urls", "dataset.root=bears", "dataset.allow_private=true"]
    words += ["dataset.image_size=16", "dataset.batch_size=4", "schedule.epochs=1", "trainer=cpu"]
    assert main(words) == 0, capsys.readouterr().err
    assert len(pictures(tmp_path / "bears")) == 16
    assert "1 of 17 addresses gave no picture" in capsys.readouterr().err
    asked = server.hits.copy()
    assert main(words) == 0
    assert server.hits == asked


def test_downloading_imports_neither_torch_nor_lightning(tmp_path: Path, server: PictureServer) -> None:
    lists = write_lists(tmp_path / "urls", black=[server.put("/0", picture(0))])
    program = (
        "import sys; from experiments.cli import main; code = main(sys.argv[1:]); "
        "print([name for name in ('torch', 'pytorch_lightning', 'sklearn') if name in sys.modules]); sys.exit(code)"
    )
    words = ["data", "download", str(lists), str(tmp_path / "bears"), "--allow-private"]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("\n[]\n")
    assert done.stderr == ""


def test_what_was_refused_is_asked_once_it_is_allowed(tmp_path: Path, server: PictureServer) -> None:
    lists, root = two_classes(server, tmp_path), tmp_path / "bears"
    with pytest.raises(DataError) as refusal:
        Urls(str(root), str(lists), image_size=8).prepare()
    assert "no picture for black, teddy, the first because: in a private network" in str(refusal.value)
    assert "(and dataset.allow_private=true here)" in str(refusal.value)
    assert not server.hits
    source(lists, root).prepare()
    assert len(pictures(root)) == 4
