"""What no address and no server can do: stop the others. Each ends as a picture or as a reason."""

from __future__ import annotations

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
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "connection broke off ("),
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
