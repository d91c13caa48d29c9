"""Lists of addresses as people keep them, and what is said of those that cannot be used."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from experiments.cli import main
from experiments.curation.addresses import LONGEST, Address, read_addresses
from experiments.data.errors import DataError
from experiments.verbs import data_download


def pairs(urls: Path, most: int | None = None) -> list[tuple[str, str]]:
    return [(address.url, address.label) for address in read_addresses(urls, most).addresses]


def test_a_folder_of_text_files(tmp_path: Path) -> None:
    (tmp_path / "urls_black.txt").write_bytes(b"\xef\xbb\xbf# found on Monday\r\n\r\n  http://a/1#top \r\nhttp://a/2")
    (tmp_path / "teddy bear.txt").write_text("http://a/3\n\n")
    (tmp_path / "grizzly.txt").write_bytes("http://a/4\r\nhttp://a/ä\r\n".encode("utf-16"))
    (tmp_path / ".hidden.txt").write_text("http://a/5")
    (tmp_path / "notes.md").write_text("http://a/6")
    assert pairs(tmp_path) == [
        ("http://a/4", "grizzly"),
        ("http://a/ä", "grizzly"),
        ("http://a/3", "teddy bear"),
        ("http://a/1#top", "black"),
        ("http://a/2", "black"),
    ]
    assert pairs(tmp_path, 1) == [("http://a/4", "grizzly"), ("http://a/3", "teddy bear"), ("http://a/1#top", "black")]


def test_a_class_without_addresses_is_a_class_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "black.txt").write_text("http://a/1")
    (tmp_path / "teddy.txt").write_text("# none yet\n")
    found = read_addresses(tmp_path)
    assert found.classes == ["black", "teddy"]
    assert found.addresses == [Address("http://a/1", "black")]


def test_a_csv_in_any_order_of_columns_and_with_others(tmp_path: Path) -> None:
    file = tmp_path / "urls.csv"
    file.write_bytes(
        b'\xef\xbb\xbfClass , licence, URL\r\n# checked\r\nblack,CC0, http://a/1 \r\n\r\n teddy ,,"http://a/2?x=1,2"\r\n'
        b"black,CC0,\r\nblack,CC0,http://a/3\r\n"
    )
    assert pairs(file) == [("http://a/1", "black"), ("http://a/2?x=1,2", "teddy"), ("http://a/3", "black")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "a.csv",
            "address,label\nhttp://a/1,black\n",
            "begins with address, label, and not with the columns url,class",
        ),
        ("a.csv", "url;class\nhttp://a/1;black\n", "begins with url;class, and not with"),
        ("black.txt", "http://a/1\n", "begins with http://a/1, and not with the columns"),
        ("a.csv", "", "begins with nothing, and not with the columns"),
        ("a.csv", "url,class\n", "has no address in it"),
        ("a.csv", "url,class\nhttp://a/1\n", "has an address without a class"),
        ("a.csv", "url,class\nhttp://a/1,../up\n", "the class '../up' cannot be the name of a folder"),
        ("a.csv", "url,class\nhttp://a/1,a\\b\n", "cannot be the name of a folder"),
        ("a.csv", "url,class\nhttp://a/1,.hidden\n", "the class '.hidden' cannot be the name of a folder"),
        ("a.csv", f"url,class\nhttp://a/1,{'b' * 201}\n", "A class has at most 200 bytes"),
        ("a.csv", "url,class\nhttp://a/1,Manifest.csv\n", "a file of ours has this name. Give the class another"),
        ("a.csv", "url,class\nhttp://a/1,quarantine.csv\n", "a file of ours has this name. Give the class another"),
        ("a.csv", 'url,class\nhttp://a/1,"a\nb"\n', "cannot be the name of a folder"),
    ],
)
def test_a_csv_that_cannot_be_used_is_refused(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as refusal:
        read_addresses(tmp_path / name)
    assert says in str(refusal.value)


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no text file"):
        read_addresses(tmp_path)
    (tmp_path / "black.txt").write_text("\n# nothing\n")
    with pytest.raises(DataError, match="has no address in it"):
        read_addresses(tmp_path)


def test_a_refusal_has_exit_code_2_and_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "download", str(tmp_path / "nowhere"), str(tmp_path / "bears")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {tmp_path / 'nowhere'}: there is no such file or folder. It must be a folder with")
    assert not (tmp_path / "bears").exists()


def test_long_addresses_are_cut_and_stay_different(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    long = f"data:image/png;base64,{'A' * 200_000}"
    fits = f"http://a/{'b' * (LONGEST - 9)}"
    (tmp_path / "urls.csv").write_text(f'url,class\n"{long}1",black\n"{long}2",black\n{fits},black\n')
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "black.txt").write_text(f"{long}1\n{long}2\n{fits}\n")
    first, second, third = [url for url, _ in pairs(tmp_path / "urls.csv")]
    assert first.startswith(f"{long[:LONGEST]}... (200023 characters, SHA-256 ")
    assert LONGEST < len(first) < LONGEST + 100
    assert first != second
    assert third == fits
    assert [url for url, _ in pairs(tmp_path / "lists")] == [first, second, third]
    assert csv.field_size_limit() == limit


def test_the_home_of_a_user_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "black.txt").write_text("ftp://a/1")
    for urls, root in ((Path("~nouser/x"), tmp_path / "r"), (tmp_path, Path("~nouser/x"))):
        with pytest.raises(DataError, match=r"^~nouser/x names a user without a home folder: write the path in full"):
            data_download.download(urls, root, None, 1, 1.0, False)
    assert not (tmp_path / "r").exists()


def test_a_root_that_is_no_text_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "black.txt").write_text("ftp://a/1")
    root = os.fsdecode(os.fsencode(tmp_path) + b"/b\xe4r")
    assert main(["data", "download", str(tmp_path), root]) == 1
    assert f"what became of each: {tmp_path}/b\\udce4r/manifest.csv" in capfd.readouterr().out
