"""What no address and no server can do: stop the others. Each ends as a picture or as a reason."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from picture_server import PictureServer, Request, picture, status

from experiments.curation.failures import FetchError
from experiments.curation.fetch import Fetcher


@pytest.fixture
def fetcher(server: PictureServer) -> Iterator[Fetcher]:
    del server  # comes first, since it changes what a fetcher starts with
    with closing(Fetcher(5, 4, allow_private=True)) as one:
        yield one


def reason(fetcher: Fetcher, url: str, folder: Path) -> str:
    with pytest.raises(FetchError) as failure:
        fetcher.fetch(url, folder / "picture")
    return str(failure.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://", "not an http or https address"),
        ("http:///x", "not an http or https address"),
        ("//127.0.0.1/x", "not an http or https address"),
        ("http://xn--/", "not an address (Malformed"),
        ("http://\u2028/", "not an address (Invalid IDNA"),
        ("http://127.0.0.1/\ud800", "not an address ("),
        (f"http://{'a' * 70}.test/", "not an address ("),
        ("http://a..b/", "not an address ("),
        ("http://\x00/", "not an address ("),
        (f"http://127.0.0.1:1/{'a' * 8000}", "an address of more than 8000 characters"),
        ("http://127.0.0.1:1/", "no connection (Connection refused) (after 4 attempts)"),
    ],
)
def test_addresses_that_are_none(fetcher: Fetcher, tmp_path: Path, url: str, says: str) -> None:
    assert reason(fetcher, url, tmp_path).startswith(says)


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("file:///etc/passwd", "redirected to what is neither http nor https (file:"),
        ("javascript:1", "not an address ("),
        ("http://[::1", "connection broke off (Invalid URL in location header"),
        (f"http://{'a' * 70}.test/", "not an address ("),
        ("#top", "more than 10 redirects"),
        ("?other", "HTTP 404 Not Found"),
    ],
)
def test_redirects_to_nowhere(
    fetcher: Fetcher, tmp_path: Path, server: PictureServer, location: str, says: str
) -> None:
    url = server.put("/moved", status(302, Location=location))
    assert reason(fetcher, url, tmp_path).startswith(says)


def test_a_redirect_with_a_body_that_never_ends_is_followed(
    fetcher: Fetcher, tmp_path: Path, server: PictureServer
) -> None:
    def endless(request: Request) -> None:
        request.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /1.jpg\r\n\r\n")
        while not request.server.over.is_set():
            request.wfile.write(bytes(2**16))

    server.put("/1.jpg", picture(1))
    assert fetcher.fetch(server.put("/moved", endless), tmp_path / "picture").suffix == ".jpg"
    assert (tmp_path / "picture").read_bytes() == picture(1)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "connection broke off (Server disconnected"),
        (b"garbage\r\n\r\n", "connection broke off (illegal status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "connection broke off (bad Content-Length"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
            "sent compressed, which was not",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "connection broke off (illegal chunk"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "HTTP 204 No Content"),
        (b"HTTP/1.1 999 \xff\r\nContent-Length: 0\r\n\r\n", "HTTP 999"),
        (b"HTTP/1.1 503 \r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", "HTTP 503 Service Unavailable (after 4"),
        (b"HTTP/1.1 503 \r\nRetry-After: \xb2\r\nContent-Length: 0\r\n\r\n", "HTTP 503 Service Unavailable (after 4"),
        (
            b"HTTP/1.1 503 \r\nRetry-After: Mon, 01 Jan 0001 00:00:00 -0000\r\nContent-Length: 0\r\n\r\n",
            "HTTP 503 Service Unavailable (after 4",
        ),
        (b"HTTP/1.1 503 \r\nRetry-After: 9999999999999\r\nContent-Length: 0\r\n\r\n", "HTTP 503 Service Unavailable"),
    ],
)
def test_answers_that_are_none(
    fetcher: Fetcher, tmp_path: Path, server: PictureServer, answer: bytes, says: str
) -> None:
    def raw(request: Request) -> None:
        request.wfile.write(answer)
        request.close_connection = True

    assert reason(fetcher, server.put("/raw", raw), tmp_path).startswith(says)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP, gzip,gzip", "identity, br", "unheard-of"])
def test_a_compressed_answer_is_not_unpacked_and_not_asked_for_again(
    fetcher: Fetcher, tmp_path: Path, server: PictureServer, encoding: str
) -> None:
    body = bytes(2**26)
    for _ in range(encoding.lower().count("gzip")):
        body = gzip.compress(body)
    url = server.put("/bomb", body[: 2**20], Content_Encoding=encoding)
    tracemalloc.start()
    try:
        assert reason(fetcher, url, tmp_path).startswith("sent compressed, which was not asked for (")
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
    assert server.hits["/bomb"] == 1


def test_an_answer_that_says_it_is_not_compressed_is_taken(
    fetcher: Fetcher, tmp_path: Path, server: PictureServer
) -> None:
    assert fetcher.fetch(server.put("/1", picture(1), Content_Encoding="Identity"), tmp_path / "1").suffix == ".jpg"


def test_no_cookie_is_kept_and_an_odd_one_spoils_nothing(
    fetcher: Fetcher, tmp_path: Path, server: PictureServer
) -> None:
    sent: list[str | None] = []

    def answer(request: Request) -> None:
        sent.append(request.headers["Cookie"])
        request.reply(picture(1), Set_Cookie=f"name=b\xe4r{len(sent)}; Path=/")

    moved = server.put("/moved", status(302, Location="/1", Set_Cookie="b=\xe4; Path=/"))
    for url in (server.put("/1", answer), server.url("/1"), moved):
        assert fetcher.fetch(url, tmp_path / "picture").suffix == ".jpg"
    assert sent == [None, None, None]


def test_text_that_cannot_be_decoded_is_no_fault_of_the_address(
    fetcher: Fetcher, tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undecodable(*_: object) -> str:
        return b"\xff".decode()

    monkeypatch.setattr(fetcher, "_save", undecodable)
    url = server.put("/1", picture(1))
    assert reason(fetcher, url, tmp_path).startswith("the answer cannot be understood ('utf-8' codec")
