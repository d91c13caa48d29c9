"""A web server on this machine that serves pictures, and everything that can go wrong with one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import numpy as np
from PIL import Image

Answer = Callable[["Request"], None]


def picture(seed: int, form: str = "JPEG", size: tuple[int, int] = (40, 32)) -> bytes:
    """The file of a picture unlike that of any other seed."""
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(values).save(file, form)
    return file.getvalue()


class Request(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: PictureServer

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.hits[self.path] += 1
            self.server.agents.add(self.headers["User-Agent"])
        answer = self.server.answers.get(self.path)
        try:
            if answer is None:
                self.send_error(404)
            else:
                answer(self)
        except OSError:  # whoever asked has gone
            self.close_connection = True

    def reply(self, body: bytes, status: int = 200, length: int | None = None, **headers: str) -> None:
        """An answer with these headers; `length` is what it claims to be long."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        del format, args


class PictureServer(ThreadingHTTPServer):
    """Runs while the block runs; `answers` says what is at each path, `hits` how often it was asked for."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.answers: dict[str, Answer] = {}
        self.hits: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.lock = threading.Lock()
        self.over = threading.Event()

    def __enter__(self) -> PictureServer:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break off are what the tests are about."""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def put(self, path: str, answer: Answer | bytes, **headers: str) -> str:
        """Serve bytes, or what a function answers; returns the address."""
        if isinstance(answer, bytes):
            body = answer
            self.answers[path] = lambda request: request.reply(body, **headers)
        else:
            self.answers[path] = answer
        return self.url(path)

    def put_in_turn(self, path: str, *answers: Answer) -> str:
        """The first answer to the first request, and so on; the last one from then on."""

        def answer(request: Request) -> None:
            answers[min(self.hits[path], len(answers)) - 1](request)

        return self.put(path, answer)


def status(code: int, **headers: str) -> Answer:
    """Nothing but a status."""
    return lambda request: request.reply(b"", code, **headers)


def truncated(body: bytes) -> Answer:
    """Half of what the headers promise, then the connection is closed."""

    def answer(request: Request) -> None:
        request.reply(body[: len(body) // 2], length=len(body))
        request.close_connection = True

    return answer


def stalled(body: bytes) -> Answer:
    """Half of the body, then nothing more comes, and the connection stays."""

    def answer(request: Request) -> None:
        request.reply(body[: len(body) // 2], length=len(body))
        request.server.over.wait()
        request.close_connection = True

    return answer


def dripping(request: Request) -> None:
    """Headers without end, a few bytes at a time: no single wait is long."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not request.server.over.wait(0.05):
        request.wfile.write(b"X-More: 1\r\n")


def endless(request: Request) -> None:
    """A body that never ends, as fast as it is read."""
    request.send_response(200)
    request.end_headers()
    while not request.server.over.is_set():
        request.wfile.write(b"\xff\xd8\xff" + bytes(2**16))
