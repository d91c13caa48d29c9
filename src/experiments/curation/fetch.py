"""One picture from the network: time, size and redirects limited, tried again where that can help."""

from __future__ import annotations

import random
import threading
import urllib.request
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import httpcore
import httpx

from experiments.curation.addresses import LONGEST
from experiments.curation.failures import FetchError, check_status, network_error
from experiments.curation.picture_type import picture_suffix
from experiments.curation.public_only import PrivateAddressError, PublicOnly
from experiments.curation.time_limit import seconds_left, time_limit
from experiments.curation.transport import NoCookies, Transport
from experiments.data.images import UnreadableImageError

ATTEMPTS = 4
FIRST_WAIT = 0.5
"""Seconds before the second attempt, give or take a half; each further wait is twice as long."""
LONGEST_WAIT = 15.0
"""A server that asks to be left alone for longer than so many seconds is not asked again."""
REDIRECTS = 10
PRIVATE = "in a private network or on this machine: --allow-private fetches it"
SIZE_LIMIT = 32 * 2**20
USER_AGENT = f"experiments/{version('experiments')} (download of pictures; python-httpx/{httpx.__version__})"


@dataclass(frozen=True)
class Picture:
    """A file that is a picture: the hash of its content, and the extension of what it is."""

    sha256: str
    suffix: str


class Fetcher:
    """Fetches pictures; its method may be called from many threads, as many as there are `connections`.

    Args:
        timeout: seconds for one picture, redirects and further attempts included.
        connections: at most so many at the same time.
        allow_private: ask addresses in private networks, too, and use the proxy that the environment names. A proxy
            connects by itself, behind the back of our check; so without this there is none.
        backend: opens the connections.
    """

    def __init__(
        self, timeout: float, connections: int, *, allow_private: bool, backend: httpcore.NetworkBackend | None = None
    ) -> None:
        self.timeout = timeout
        self.stopped = threading.Event()
        if backend is None:
            backend = httpcore.SyncBackend() if allow_private else PublicOnly(httpcore.SyncBackend())
        self._client = httpx.Client(
            # httpx looks for a proxy only where it is not told how to connect.
            transport=None if allow_private and has_proxy() else Transport(backend, connections),
            headers={"User-Agent": USER_AGENT, "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"},
            cookies=NoCookies(),
            timeout=timeout,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    def fetch(self, url: str, file: Path) -> Picture:
        """Writes the picture at `url` to `file`; what is there after a failure is worthless.

        Raises:
            FetchError: there is none to be had.
            OSError: the file cannot be written.
        """
        with time_limit(self.timeout):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return self._attempt(_checked(url), file)
                except FetchError as error:
                    wait = max(error.wait, FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
                    hopeless = attempt == ATTEMPTS or wait > min(LONGEST_WAIT, seconds_left())
                    if not error.again or hopeless or self.stopped.wait(wait):
                        raise _after(attempt, error) from error
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Threads that still fetch give up at the next piece they get."""
        self.stopped.set()
        self._client.close()

    def _attempt(self, url: httpx.URL, file: Path) -> Picture:
        try:
            response = self._open(url)
            try:
                check_status(response)
                _check_encoding(response)
                content = self._save(response, file)
            finally:
                response.close()
        except PrivateAddressError as error:
            raise FetchError(f"{PRIVATE} ({error})", refused=True) from error
        except httpx.TimeoutException as error:
            raise FetchError(f"not done within {self.timeout:g} s") from error
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise network_error(error) from error
        except UnicodeError as error:
            raise FetchError(f"the answer cannot be understood ({error})") from error
        try:
            return Picture(content, picture_suffix(file))
        except UnreadableImageError as error:
            raise FetchError(str(error)) from error

    def _open(self, url: httpx.URL) -> httpx.Response:
        """The answer behind all redirects, its body still to be read."""
        request = self._client.build_request("GET", url)
        for _ in range(REDIRECTS + 1):
            # By hand, since httpx reads the body of a redirect to its end, and that may not come.
            response = self._client.send(request, stream=True, follow_redirects=False)
            if response.next_request is None:
                return response
            response.close()
            request = response.next_request
            if request.url.scheme not in ("http", "https"):
                raise FetchError(f"redirected to what is neither http nor https ({request.url})", refused=True)
        raise FetchError(f"more than {REDIRECTS} redirects")

    def _save(self, response: httpx.Response, file: Path) -> str:
        size, digest = 0, sha256()
        with file.open("wb") as out:
            for piece in response.iter_raw():
                size += len(piece)
                if size > SIZE_LIMIT:
                    raise FetchError(f"larger than {SIZE_LIMIT // 2**20} MiB")
                if self.stopped.is_set():
                    raise FetchError("stopped")
                digest.update(piece)
                out.write(piece)
        return digest.hexdigest()


def has_proxy() -> bool:
    """Whether the environment (HTTPS_PROXY and the like) or the system names a proxy."""
    return not {"http", "https", "all"}.isdisjoint(urllib.request.getproxies())


def _checked(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
        named = bool(parsed.host)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise FetchError(f"not an address ({error})", refused=True) from error
    if parsed.scheme not in ("http", "https") or not named:
        raise FetchError("not an http or https address", refused=True)
    if len(url) > LONGEST:
        raise FetchError(f"an address of more than {LONGEST} characters", refused=True)
    return parsed


def _check_encoding(response: httpx.Response) -> None:
    """We ask for the file as it is; a small compressed answer could be without end once it is unpacked."""
    encodings = {word.strip().lower() for word in response.headers.get("Content-Encoding", "").split(",")}
    if not encodings <= {"", "identity"}:
        raise FetchError(f"sent compressed, which was not asked for ({', '.join(sorted(encodings))[:40]})")


def _after(attempts: int, error: FetchError) -> FetchError:
    if attempts == 1:
        return error
    return FetchError(f"{error} (after {attempts} attempts)", refused=error.refused)
