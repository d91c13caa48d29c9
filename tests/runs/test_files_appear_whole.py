"""Files appear whole, folders are claimed once."""

import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.runs.columns import read_columns
from experiments.runs.files import claim_exact, claim_folder, read_json, share_bytes, write_csv, write_json, write_text

KILLED_BEFORE_THE_RENAME = """
import os, pathlib, signal, sys
from experiments.runs import files
files.os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
files.write_text(pathlib.Path(sys.argv[1]), "new " * 1000)
"""

CLAIMS_MANY = """
import pathlib, sys
from experiments.runs.files import claim_folder
sys.stdin.readline()
for _ in range(50):
    print(claim_folder(pathlib.Path(sys.argv[1])))
"""


def test_a_kill_between_writing_and_renaming_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_text(path, "old")
    killed = subprocess.run([sys.executable, "-c", KILLED_BEFORE_THE_RENAME, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    others = [other.name for other in tmp_path.iterdir() if other != path]
    assert all(name.startswith(".") for name in others)
    write_text(path, "newer")  # what the killed one left aside is in nobody's way
    assert path.read_text() == "newer"


def test_a_failed_write_leaves_nothing_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("experiments.runs.files.os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(tmp_path / "run.json", "{}")
    assert list(tmp_path.iterdir()) == []


def test_two_names_for_one_file_leave_nothing_aside_and_the_old_file_is_replaced(tmp_path: Path) -> None:
    source, path = tmp_path / "source", tmp_path / "path"
    source.write_text("new")
    path.write_text("old")
    for _ in range(2):  # the second time they are one file already
        share_bytes(source, path)
    assert path.samefile(source)
    assert path.read_text() == "new"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["path", "source"]


def test_without_hard_links_the_content_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr("experiments.runs.files.os.link", refused)
    (tmp_path / "source").write_text("new")
    share_bytes(tmp_path / "source", tmp_path / "path")
    assert (tmp_path / "path").read_text() == "new"
    assert not (tmp_path / "path").samefile(tmp_path / "source")


def test_json_holds_null_for_what_is_not_finite_and_keeps_the_order_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"b": math.nan, "a": [math.inf, (1.5, -math.inf)], "ö": {"deep": math.nan}})
    assert read_json(path) == {"b": None, "a": [None, [1.5, None]], "ö": {"deep": None}}
    assert list(read_json(path)) == ["b", "a", "ö"]
    assert path.read_text(encoding="utf-8").startswith('{\n  "b": null')


def test_csv_brings_back_every_float_and_what_is_not_finite(tmp_path: Path) -> None:
    np = pytest.importorskip("numpy")
    values = [0.1 + 0.2, 1e-300, math.inf, -math.inf, math.nan, None, np.float64(1 / 3)]
    path = tmp_path / "history.csv"
    write_csv(path, ["epoch", "loss"], list(enumerate(values)))
    assert path.read_text().splitlines()[3:7] == ["2,inf", "3,-inf", "4,nan", "5,"]
    columns = read_columns(path)
    assert columns["epoch"] == list(range(7))
    assert columns["loss"][:4] == values[:4]
    assert math.isnan(columns["loss"][4])
    assert math.isnan(columns["loss"][5])
    assert columns["loss"][6] == 1 / 3


def test_csv_quotes_names_with_commas_lines_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    names = ['a,"b".jpg', "two\nlines.jpg", "odd\rname.jpg", "\r\n", "NA", "nan", "", "odd\udcff.jpg", "熊.jpg"]
    path = tmp_path / "split.csv"
    write_csv(path, ["path"], [[name] for name in names])
    assert read_columns(path, {"path"}) == {"path": names}
    write_json(path.with_suffix(".json"), names)
    assert read_json(path.with_suffix(".json")) == names


def test_a_csv_of_its_header_alone_has_empty_columns(tmp_path: Path) -> None:
    write_csv(tmp_path / "history.csv", ["epoch", "lr"], [])
    assert read_columns(tmp_path / "history.csv") == {"epoch": [], "lr": []}


def test_a_claimed_folder_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "2026-01-01_10-00-00"
    assert [claim_folder(path).name for _ in range(3)] == [path.name, f"{path.name}_2", f"{path.name}_3"]


def test_processes_that_claim_at_once_never_share_a_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLAIMS_MANY, str(tmp_path / "run")]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    claimed = [line for racer in racers for line in racer.communicate()[0].splitlines()]
    assert len(claimed) == len(set(claimed)) == 150


def test_a_typed_folder_is_taken_as_it_is_unless_it_holds_a_run(tmp_path: Path) -> None:
    path = tmp_path / "mine" / "here"
    path.mkdir(parents=True)
    write_text(path / "notes.txt", "kept")
    assert claim_exact(path) == path
    with pytest.raises(FileExistsError, match=r"already holds a run \(run.json\)"):
        claim_exact(path)
    (path / "run.json").rename(path / "sweep.json")
    with pytest.raises(FileExistsError, match=r"already holds a sweep \(sweep.json\)"):
        claim_exact(path)
    write_json(path / "run.json", {})
    with pytest.raises(FileExistsError, match=r"already holds a run \(run.json\)"):
        claim_exact(path)
    with pytest.raises(FileExistsError, match="is a file, not a folder"):
        claim_exact(path / "notes.txt")


def test_csv_keeps_its_line_ends_and_quotes_only_where_it_must(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ["url", "n", "loss"], [["a", 1, None], ["b\rc", 2, 0.5], ["d", None, 0.25]])
    assert (tmp_path / "a.csv").read_bytes() == b'url,n,loss\na,1,\n"b\rc","2","0.5"\nd,,0.25\n'
