"""httpx's way to the network, with one limit in time for everything, and a say in where it leads."""

from __future__ import annotations

import functools
import http.cookiejar
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from experiments.curation.time_limit import seconds_left


class Transport(httpx.BaseTransport):
    """HTTP/1.1 over connections that `backend` opens; at most `connections`, all kept for further requests."""

    def __init__(self, backend: httpcore.NetworkBackend, connections: int) -> None:
        self.pool = httpcore.ConnectionPool(
            ssl_context=_trusted(),
            max_connections=connections,
            max_keepalive_connections=connections,
            network_backend=_InTime(backend),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx's own transport does."""
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _httpx_errors():
            answer = self.pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()


class NoCookies(http.cookiejar.CookieJar):
    """Takes none and sends none: what one server says must not spoil what the others are asked."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Nothing."""

    def add_cookie_header(self, request: object) -> None:
        """Nothing."""


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self.answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            yield from self.answer.iter_stream()

    def close(self) -> None:
        self.answer.close()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates that httpx trusts; reading them takes longer than many a download."""
    return httpx.create_ssl_context()


@contextmanager
def _httpx_errors() -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error)) from error
    except httpcore.ConnectError as error:
        raise httpx.ConnectError(str(error)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise httpx.TransportError(str(error)) from error


class _InTime(httpcore.NetworkBackend):
    """Waits no longer than the thread's `time_limit`.

    httpx's own timeouts are for one wait: a server that sends a byte a second never runs into them.
    """

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self.inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            stream = self.inner.connect_tcp(host, port, _at_most(timeout), local_address, socket_options)
        except UnicodeError as error:  # a name that no resolver can take
            raise httpx.InvalidURL(str(error)) from error
        return _StreamInTime(stream)


class _StreamInTime(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self.inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _at_most(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, _at_most(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _StreamInTime(self.inner.start_tls(ssl_context, server_hostname, _at_most(timeout)))

    def close(self) -> None:
        self.inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def _at_most(timeout: float | None) -> float | None:
    left = seconds_left()
    if left <= 0:
        raise httpcore.TimeoutException("the time is up")
    return left if timeout is None else min(left, timeout)
