"""`experiments data verify`, typed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from classes import PAGE, contents, picture, write

from experiments.cli import main
from experiments.curation import faults

BEARS = Path(__file__).parents[3] / "shared" / "data" / "bears"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Twenty-six good pictures, a page, an empty file and a JPEG that calls itself PNG."""
    root = tmp_path / "my bears"
    write(root / "black", *range(13))
    write(root / "teddy", *range(20, 33))
    (root / "black" / "page.jpg").write_bytes(PAGE)
    (root / "teddy" / "empty.jpg").write_bytes(b"")
    picture(50).save(root / "teddy" / "named.png", "JPEG")
    (root / "manifest.csv").write_text("url,class\n")
    return root


def test_text_names_counts_and_says_what_to_type(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(root)
    assert main(["data", "verify", str(root)]) == 1
    out, err = capsys.readouterr()
    assert (
        out
        == f"""\
{root}: 3 of 29 files are bad

  not an image        1
  zero bytes          1
  extension lies      1

left out of training:
  black/page.jpg  (not an image: it seems to be a web page)
  teddy/empty.jpg  (zero bytes)

these train; look at them:
  teddy/named.png  (extension lies: it is JPEG, not PNG)

extension lies: training goes by the content; such files are never moved, rename them
next: experiments data verify '{root}' --quarantine    moves 2 files to '{root}/.quarantine'
"""
    )
    assert err == ""
    assert contents(root) == before


def test_json_is_the_contracts_and_nothing_else(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "verify", str(root), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["schema", "files"]
    assert document["schema"] == 1
    assert len(document["files"]) == 29
    assert [file["path"] for file in document["files"]] == sorted(file["path"] for file in document["files"])
    assert document["files"][0] == {"path": "black/0.png", "ok": True, "reason": None}
    assert [file for file in document["files"] if not file["ok"]] == [
        {"path": "black/page.jpg", "ok": False, "reason": "not an image: it seems to be a web page"},
        {"path": "teddy/empty.jpg", "ok": False, "reason": "zero bytes"},
        {"path": "teddy/named.png", "ok": False, "reason": "extension lies: it is JPEG, not PNG"},
    ]


def test_a_clean_folder_takes_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "train" / "black", 1)
    write(tmp_path / "valid" / "black", 2)
    assert main(["data", "verify", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}: 2 files, every one a good picture\n"


def test_quarantine_moves_what_should_not_train_and_restore_brings_it_back(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(root)
    assert main(["data", "verify", str(root), "--quarantine"]) == 1, "the wrong extension is still there"
    assert f"2 files moved to '{root}/.quarantine', none deleted" in capsys.readouterr().out
    (root / "teddy" / "named.png").rename(root / "teddy" / "named.jpg")
    assert main(["data", "verify", str(root)]) == 0
    (root / "teddy" / "named.jpg").rename(root / "teddy" / "named.png")
    assert (root / ".quarantine" / "black" / "page.jpg").read_bytes() == PAGE
    assert main(["data", "verify", str(root), "--restore"]) == 0
    assert capsys.readouterr().out.endswith(f"2 files brought back from '{root}/.quarantine'\n")
    assert contents(root) == before
    assert not (root / ".quarantine").exists()
    assert main(["data", "verify", str(root), "--restore"]) == 0, "nothing is left to bring back"


def test_all_moved_away_is_done(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "teddy" / "named.png").unlink()
    assert main(["data", "verify", str(root), "--quarantine", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert [file["moved_to"] for file in files if not file["ok"]] == [
        ".quarantine/black/page.jpg",
        ".quarantine/teddy/empty.jpg",
    ]


def test_the_next_command_would_not_be_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in sorted((root / "black").iterdir())[:8]:
        path.unlink()
    for path in sorted((root / "teddy").iterdir())[:6]:
        path.unlink()
    (root / "teddy" / "empty.jpg").write_bytes(b"")
    assert main(["data", "verify", str(root)]) == 1
    assert f"next: experiments data verify '{root}' --quarantine --yes    moves 2 files" in capsys.readouterr().out


def test_more_than_a_tenth_needs_a_yes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("another.jpg", "one more.jpg"):
        (root / "teddy" / name).write_bytes(PAGE)
    before = contents(root)
    for form in ([], ["--json"]):
        assert main(["data", "verify", str(root), "--quarantine", *form]) == 2
        out, err = capsys.readouterr()
        assert err == (
            "error: 4 of 31 files would be moved, more than a tenth: nothing was. If they are bad, type "
            f"experiments data verify '{root}' --quarantine --yes\n"
        )
        assert "another.jpg" in out
        assert contents(root) == before
    assert main(["data", "verify", str(root), "--quarantine", "--yes"]) == 1
    assert not (root / "teddy" / "another.jpg").exists(), "and exit 1, since one calls itself PNG"


def test_what_the_system_did_not_let_us_read_is_never_moved(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = faults.open_file
    errors = {"3.png": PermissionError(13, "Permission denied"), "4.png": OSError(5, "Input/output error")}

    def fail(path: Path) -> object:
        if path.name in errors:
            raise errors[path.name]
        return opened(path)

    monkeypatch.setattr(faults, "open_file", fail)
    assert main(["data", "verify", str(root), "--quarantine", "--yes"]) == 1
    out = capsys.readouterr().out
    assert "black/3.png  (unreadable by permission)" in out
    assert "make them readable, as by chmod u+r FILE" in out
    assert "black/4.png  (Input/output error)" in out
    assert "look at the disk or the link" in out
    assert sorted(path.name for path in (root / "black").iterdir()) == sorted(f"{seed}.png" for seed in range(13))


def test_a_disk_that_fails_within_a_file_is_not_the_files_fault(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    main(["data", "verify", str(root), "--quarantine", "--yes"])
    assert "black/3.png  (Input/output error)" in capsys.readouterr().out
    assert (root / "black" / "3.png").exists()


def test_a_long_list_is_cut_and_names_are_on_one_line(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    write(tmp_path / "black", 1)
    for number in range(60):
        (tmp_path / "black" / f"{number:02d}.jpg").touch()
    (tmp_path / "black" / "0\nend.jpg").touch()
    (tmp_path / "black" / os.fsdecode(b"0\xff.jpg")).touch()
    assert main(["data", "verify", str(tmp_path)]) == 1
    out = capsysbinary.readouterr().out.decode()
    assert "  black/0\\nend.jpg  (zero bytes)\n" in out
    assert "  and 12 more; --json lists all\n" in out
    assert out.count("(zero bytes)") == 50
    assert main(["data", "verify", str(tmp_path), "--json"]) == 1
    names = [file["path"] for file in json.loads(capsysbinary.readouterr().out)["files"]]
    assert os.fsencode("black/0") + b"\xff.jpg" in [os.fsencode(name) for name in names]


@pytest.mark.parametrize("flag", [[], ["--quarantine"], ["--json"]])
def test_what_is_no_folder_of_pictures_is_refused(
    flag: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "flat", 1, 2)
    (tmp_path / "empty").mkdir()
    said = {"nowhere": "there is no such folder", "empty": "has no images in it", "flat": "no class folders"}
    for name, text in said.items():
        assert main(["data", "verify", str(tmp_path / name), *flag]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"error: {tmp_path / name}")
        assert text in err
        assert "dataset.root" not in err
    assert main(["data", "verify", str(tmp_path / "nowhere"), "--restore"]) == 2


def test_a_folder_of_bad_files_alone_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "black").mkdir()
    (tmp_path / "black" / "page.jpg").write_bytes(PAGE)
    assert main(["data", "verify", str(tmp_path)]) == 1
    assert "1 of 1 file is bad" in capsys.readouterr().out


def test_a_folder_that_cannot_be_listed_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed, closed = os.scandir, root / "black" / "closed"
    closed.mkdir()

    def refuse(path: str | Path) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert main(["data", "verify", str(root)]) == 1
    assert "  black/closed  (" in capsys.readouterr().out


def test_neither_verify_nor_duplicates_import_torch(root: Path) -> None:
    code = (
        "import sys; from experiments.cli import main; "
        f"main(['data', 'verify', {str(root)!r}]); main(['data', 'duplicates', {str(root)!r}]); "
        "sys.exit(bool({'torch', 'lightning', 'pytorch_lightning'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


@pytest.mark.real_data
@pytest.mark.skipif(not BEARS.is_dir(), reason="the photographs are not beside this checkout")
def test_the_bears_are_clean_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "verify", str(BEARS)]) == 0
    assert capsys.readouterr().out == f"{BEARS}: 416 files, every one a good picture\n"


def closed_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the system did not list it; the tests may run as root, who may list everything."""
    listed = os.scandir

    def scandir(where: str = ".") -> object:
        if os.fspath(where) == os.fspath(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(where))
        return listed(where)

    def iterdir(here: Path) -> object:
        return (here / entry.name for entry in scandir(os.fspath(here)))  # type: ignore[attr-defined]

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "iterdir", iterdir)


def test_a_folder_that_cannot_be_listed_stays_with_all_its_pictures(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root / "black" / "more", *range(60, 72))
    before = contents(root / "black" / "more")
    with monkeypatch.context() as patch:
        closed_folder(root / "black" / "more", patch)
        assert main(["data", "verify", str(root), "--quarantine"]) == 1
    assert "  black/more  (unreadable by permission)\n" in capsys.readouterr().out
    assert contents(root / "black" / "more") == before
    assert not (root / ".quarantine" / "black" / "more").exists()


def test_a_link_to_a_folder_is_named_and_stays(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "black" / "linked").symlink_to(root / "teddy")
    (root / "black" / "round").symlink_to(root)
    assert main(["data", "verify", str(root), "--quarantine"]) == 1
    out = capsys.readouterr().out
    assert "  black/linked  (a link to a folder is not followed)\n" in out
    assert "  black/round  (a link to a folder is not followed)\n" in out
    assert (root / "black" / "linked").is_symlink()


def test_whoever_closes_the_pipe_has_had_enough(root: Path) -> None:
    command = [sys.executable, "-m", "experiments", "data", "verify", str(root), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as verify:
        assert verify.stdout is not None
        assert verify.stderr is not None
        verify.stdout.close()
        assert verify.stderr.read() == ""
    assert verify.returncode == 0


@pytest.mark.parametrize("words", [["verify", "--", "-r9"], ["duplicates", "--", "-r9"]])
def test_a_root_may_begin_with_a_dash(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", *words]) == 2
    assert "error: -r9: there is no such folder." in capsys.readouterr().err


@pytest.mark.parametrize("subverb", ["verify", "duplicates", "show"])
def test_a_user_without_a_home_is_refused(subverb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", subverb, "~nobody-of-this-name/x"]) == 2
    assert "names a user without a home folder: write the path in full" in capsys.readouterr().err
