"""Lists of addresses become class folders that can be trusted, whatever the servers do."""

from __future__ import annotations

import csv
import socket
import threading
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path

import pytest
from downloads import download, manifest, name_of, pictures, write_lists
from picture_server import Answer, PictureServer, dripping, endless, picture, stalled, status, truncated

from experiments.curation import fetch
from experiments.curation.manifest import read_manifest

HTML = b"<!DOCTYPE html><html><body>Not found, but politely</body></html>"


def sending(body: bytes) -> Answer:
    return lambda request: request.reply(body)


def closed_port() -> str:
    """An address on this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/1.jpg"


def test_every_row_of_the_manifest_is_right_whatever_the_servers_do(
    tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "SIZE_LIMIT", 2**20)
    body = {seed: picture(seed) for seed in range(20)}
    reset = truncated(body[9])
    soon = formatdate(usegmt=True)
    good = [
        (server.put("/good.jpg", body[0]), body[0]),
        (server.put("/png", picture(1, "PNG")), picture(1, "PNG")),
        (server.put("/lies.png", picture(2, "WEBP"), Content_Type="text/html"), picture(2, "WEBP")),
        (server.put("/moved", status(302, Location="/good3.jpg")), body[3]),
        (server.put_in_turn("/late", status(500), sending(body[4])), body[4]),
        (server.put_in_turn("/busy", status(429, Retry_After="0"), sending(body[5])), body[5]),
        (server.put_in_turn("/date", status(503, Retry_After=soon), sending(body[6])), body[6]),
        (server.put_in_turn("/cut", reset, reset, sending(body[7])), body[7]),
    ]
    twice = [
        (server.put("/again.jpg", body[0]), f"same picture under another address ({good[0][0]})", body[0]),
        (good[1][0], "listed twice", good[1][1]),
    ]
    failed = [
        (server.url("/nothing"), "HTTP 404 Not Found"),
        (server.put("/broken", status(500)), "HTTP 500 Internal Server Error (after 4 attempts)"),
        (server.put("/patience", status(429, Retry_After="3600")), "HTTP 429 Too Many Requests"),
        (server.put("/loop", status(302, Location="/loop")), "more than 10 redirects"),
        (server.put("/page", HTML, Content_Type="image/jpeg"), "not an image (it seems to be a web page)"),
        (server.put("/svg", b'<?xml version="1.0"?><svg/>'), "not an image (it seems to be an SVG drawing)"),
        (server.put("/text", b"hello"), "not an image"),
        (server.put("/empty", b""), "zero bytes"),
        (server.put("/always_cut", reset), "connection broke off ("),
        (server.put("/half_a_picture", body[10][:-300]), "truncated or damaged ("),
        (server.put("/stalled", stalled(body[11])), "not done within 1 s"),
        (server.put("/dripping", dripping), "not done within 1 s"),
        (server.put("/endless", endless), "larger than 1 MiB"),
        (closed_port(), "no connection (Connection refused) (after 4 attempts)"),
    ]
    refused = [
        (server.put("/off", status(302, Location="ftp://example.org/x")), "redirected to what is neither"),
        ("ftp://example.org/bear.jpg", "not an http or https address"),
        ("www.example.org/bear.jpg", "not an http or https address"),
        ("data:image/png;base64,iVBORw0KGgo=", "not an http or https address"),
        ("http://bear:port/1.jpg", "not an address ("),
    ]
    cases = [
        *((url, "downloaded", "", content) for url, content in good),
        *((url, "duplicate", reason, content) for url, reason, content in twice),
        *((url, "failed", reason, None) for url, reason in failed),
        *((url, "refused", reason, None) for url, reason in refused),
    ]
    server.put("/good3.jpg", body[3])
    lists = write_lists(tmp_path / "urls", black=[case[0] for case in cases])
    assert download(lists, tmp_path / "bears", "--timeout", "1") == 0
    rows = manifest(tmp_path / "bears")
    assert [row["url"] for row in rows] == [case[0] for case in cases]
    for row, (url, expected, reason, content) in zip(rows, cases, strict=True):
        assert (row["class"], row["status"]) == ("black", expected), row
        assert row["reason"].startswith(reason), row
        assert bool(row["reason"]) == bool(reason), row
        assert row["sha256"] == (sha256(content).hexdigest() if content else ""), url
        assert (row["file"] == "") == (content is None)
    kept = {row["file"]: content for row, (_, content) in zip(rows, good, strict=False)}
    assert pictures(tmp_path / "bears") == kept
    assert [Path(name).suffix for name in kept] == [".jpg", ".png", ".webp"] + 5 * [".jpg"]
    assert server.hits["/good.jpg"] == 1
    assert server.hits["/patience"] == 1
    assert server.hits["/always_cut"] == server.hits["/broken"] == 4
    (agent,) = server.agents
    assert agent.startswith("experiments/")


def test_a_rerun_fetches_only_what_is_missing(tmp_path: Path, server: PictureServer) -> None:
    good = [server.put(f"/{seed}", picture(seed)) for seed in range(3)]
    failing = server.put_in_turn("/later", status(404), lambda request: request.reply(picture(3)))
    lists, root = write_lists(tmp_path / "urls", black=[*good, failing]), tmp_path / "bears"
    assert download(lists, root) == 0
    assert [row["status"] for row in manifest(root)] == ["downloaded"] * 3 + ["failed"]
    (root / name_of("black", picture(1))).unlink()
    assert download(lists, root) == 0
    assert server.hits == {"/0": 1, "/1": 2, "/2": 1, "/later": 2}
    assert [row["status"] for row in manifest(root)] == ["downloaded"] * 4
    assert set(pictures(root)) == {name_of("black", picture(seed)) for seed in range(4)}
    before = (root / "manifest.csv").stat().st_mtime_ns
    assert download(lists, root) == 0
    assert sum(server.hits.values()) == 6
    assert (root / "manifest.csv").stat().st_mtime_ns == before


def test_a_picture_that_lies_in_quarantine_is_not_fetched_again(tmp_path: Path, server: PictureServer) -> None:
    lists = write_lists(tmp_path / "urls", black=[server.put("/0", picture(0)), server.put("/1", picture(1))])
    root = tmp_path / "bears"
    assert download(lists, root) == 0
    name = name_of("black", picture(0))
    (root / ".quarantine" / "black").mkdir(parents=True)
    (root / name).rename(root / ".quarantine" / name)
    before = manifest(root)
    assert download(lists, root) == 0
    assert server.hits["/0"] == 1
    assert not (root / name).exists()
    assert manifest(root) == before


def test_nothing_that_lies_there_is_overwritten_or_deleted(tmp_path: Path, server: PictureServer) -> None:
    url, root = server.put("/0", picture(0)), tmp_path / "bears"
    own = root / name_of("black", picture(0))
    own.parent.mkdir(parents=True)
    own.write_bytes(b"my own picture")
    (root / ".download").mkdir()
    (root / ".download" / "mine").write_bytes(b"mine")
    assert download(write_lists(tmp_path / "urls", black=[url]), root) == 0
    (row,) = manifest(root)
    assert row["file"] == f"black/{sha256(picture(0)).hexdigest()}.jpg"
    assert pictures(root) == {
        own.relative_to(root).as_posix(): b"my own picture",
        ".download/mine": b"mine",
        row["file"]: picture(0),
    }


def test_a_file_that_is_the_picture_already_is_taken_as_it_is(tmp_path: Path, server: PictureServer) -> None:
    lists, root = write_lists(tmp_path / "urls", black=[server.put("/0", picture(0))]), tmp_path / "bears"
    assert download(lists, root) == 0
    before = manifest(root)
    (root / "manifest.csv").unlink()
    assert download(lists, root) == 0
    assert manifest(root) == before
    assert pictures(root) == {name_of("black", picture(0)): picture(0)}


def test_the_first_class_in_the_lists_keeps_a_picture_though_another_comes_sooner(
    tmp_path: Path, server: PictureServer
) -> None:
    second_is_there = threading.Event()

    def first(request: object) -> None:
        second_is_there.wait(5)
        request.reply(picture(0))  # type: ignore[attr-defined]

    def second(request: object) -> None:
        request.reply(picture(0))  # type: ignore[attr-defined]
        second_is_there.set()

    lists = write_lists(
        tmp_path / "urls",
        black=[server.put("/first", first), server.put("/both", picture(1))],
        teddy=[server.put("/second", second), server.url("/both"), server.put("/own", picture(2))],
    )
    assert download(lists, tmp_path / "bears") == 0
    rows = manifest(tmp_path / "bears")
    black = name_of("black", picture(0))
    assert [row["status"] for row in rows] == ["downloaded", "downloaded", "duplicate", "duplicate", "downloaded"]
    assert (rows[0]["file"], rows[2]["file"]) == (black, black)
    assert rows[2]["reason"] == f"same picture in another class (black: {server.url('/first')})"
    assert rows[3]["reason"] == f"same address in another class (black: {server.url('/both')})"
    assert server.hits["/both"] == 1


def test_addresses_that_left_the_lists_keep_their_row_while_their_picture_is_there(
    tmp_path: Path, server: PictureServer
) -> None:
    urls, root = [server.put(f"/{seed}", picture(seed)) for seed in range(3)], tmp_path / "bears"
    assert download(write_lists(tmp_path / "urls", black=[*urls, server.url("/404")]), root) == 0
    (root / name_of("black", picture(2))).unlink()
    assert download(write_lists(tmp_path / "urls", black=urls[1:2]), root) == 0
    assert [row["url"] for row in manifest(root)] == [urls[1], urls[0]]


def test_max_per_class_takes_the_first_of_each(tmp_path: Path, server: PictureServer) -> None:
    urls = {
        label: [server.put(f"/{label}{n}", picture(seed + n)) for n in range(3)] for seed, label in ((0, "a"), (3, "b"))
    }
    assert download(write_lists(tmp_path / "urls", **urls), tmp_path / "bears", "--max-per-class", "2") == 0
    assert [row["url"] for row in manifest(tmp_path / "bears")] == [*urls["a"][:2], *urls["b"][:2]]


def test_the_end_counts_by_class_and_by_reason(
    tmp_path: Path, server: PictureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [server.put(f"/{seed}", picture(seed)) for seed in range(2)]
    lists = write_lists(
        tmp_path / "urls",
        black=[*good, server.url("/x"), server.put("/page", HTML)],
        teddy=[server.url("/y"), server.url("/0"), "ftp://example.org/z"],
    )
    root = tmp_path / "bears"
    assert download(lists, root) == 1
    out, err = capsys.readouterr()
    assert out == (
        "class  downloaded  duplicate  failed  refused\n"
        "black           2          0       2        0\n"
        "teddy           0          1       1        1\n"
        "all             2          1       3        1\n"
        "\n"
        "reason                         addresses\n"
        "HTTP 404 Not Found                     2\n"
        "not an image                           1\n"
        "same address in another class          1\n"
        "not an http or https address           1\n"
        "\n"
        f"addresses asked now: 6 of 7\nwhat became of each: {root / 'manifest.csv'}\n"
    )
    assert err == "error: class teddy got no picture; the manifest says why\n"


def test_a_full_disk_is_an_error_of_the_work_and_not_of_an_address(
    tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(*arguments: object) -> str:
        file = arguments[-1]
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr(fetch.Fetcher, "_save", no_room)
    lists, root = write_lists(tmp_path / "urls", black=[server.put("/0", picture(0))]), tmp_path / "bears"
    assert download(lists, root) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert not (root / "manifest.csv").exists()
    monkeypatch.undo()
    assert download(lists, root) == 0
    assert [row["status"] for row in manifest(root)] == ["downloaded"]


@pytest.mark.parametrize(
    "content",
    ["mine,too\n1,2\n", "", "url,class,file,sha256,status,reason\nhttp://x,black,,,nonsense,\n"],
    ids=["another table", "empty", "unknown status"],
)
def test_a_manifest_that_is_something_else_is_not_overwritten(
    tmp_path: Path, server: PictureServer, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    root = tmp_path / "bears"
    root.mkdir()
    (root / "manifest.csv").write_text(content)
    assert download(write_lists(tmp_path / "urls", black=[server.put("/0", picture(0))]), root) == 2
    assert "Move it away" in capsys.readouterr().err
    assert (root / "manifest.csv").read_text() == content
    assert not server.hits


def test_a_root_that_is_a_file_is_refused(
    tmp_path: Path, server: PictureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bears").write_text("mine")
    lists = write_lists(tmp_path / "urls", black=[server.put("/0", picture(0))])
    assert download(lists, tmp_path / "bears") == 2
    assert "bears is a file" in capsys.readouterr().err
    assert (tmp_path / "bears").read_text() == "mine"


def test_a_file_where_a_class_folder_belongs_is_refused_and_nothing_is_left(
    tmp_path: Path, server: PictureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "bears"
    root.mkdir()
    (root / "black").write_text("mine")
    lists = write_lists(tmp_path / "urls", black=[server.put("/0", picture(0))])
    assert download(lists, root) == 2
    assert f"{root / 'black'} is a file" in capsys.readouterr().err
    assert [path.name for path in root.iterdir()] == ["black"]
    assert not server.hits


def test_a_full_disk_is_told_with_the_folder(
    tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(*_: object) -> str:
        raise OSError(28, "No space left on device")  # what writing to an open file raises: no path

    monkeypatch.setattr(fetch.Fetcher, "_save", no_room)
    lists, root = write_lists(tmp_path / "urls", black=[server.put("/0", picture(0))]), tmp_path / "bears"
    assert download(lists, root) == 1
    assert f"error: {root}: No space left on device\n" in capsys.readouterr().err


def test_addresses_of_any_length_and_with_line_ends_have_their_row_at_every_download(
    tmp_path: Path, server: PictureServer
) -> None:
    long = f"data:image/png;base64,{'A' * 200_000}"
    urls = [f"{long}1", f"{long}2", "http://a/\r1", "http://a/\n2", server.put("/0", picture(0))]
    with (tmp_path / "urls.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("url", "class"), *((url, "black") for url in urls)])
    root = tmp_path / "bears"
    assert download(tmp_path / "urls.csv", root) == 0
    before = (root / "manifest.csv").read_bytes()
    rows = manifest(root)
    assert [row["status"] for row in rows] == 4 * ["refused"] + ["downloaded"]
    assert [row["url"] for row in rows][2:] == urls[2:]
    assert len({row["url"] for row in rows}) == 5
    assert download(tmp_path / "urls.csv", root) == 0
    assert (root / "manifest.csv").read_bytes() == before
    assert server.hits == {"/0": 1}


def test_a_manifest_with_long_cells_that_an_older_version_wrote_is_read(tmp_path: Path) -> None:
    url, limit = f"data:{'A' * 200_000}", csv.field_size_limit()
    (tmp_path / "manifest.csv").write_text(f"url,class,file,sha256,status,reason\n{url},black,,,refused,why\n")
    (row,) = read_manifest(tmp_path)
    assert row.url == url
    assert csv.field_size_limit() == limit


def test_a_long_reason_is_cut(tmp_path: Path, server: PictureServer) -> None:
    url = server.put("/far", status(302, Location=f"ftp://a/{'b' * 5000}"))
    assert download(write_lists(tmp_path / "urls", black=[url]), tmp_path / "bears") == 1
    (row,) = manifest(tmp_path / "bears")
    assert row["reason"].startswith("redirected to what is neither http nor https (ftp://a/bbb")
    assert len(row["reason"]) == 503
