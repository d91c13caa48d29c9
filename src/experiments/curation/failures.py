"""Why an address gave no picture, in words for the manifest, and whether another attempt can help."""

from __future__ import annotations

import email.utils
import socket
import ssl
import time

import httpx


class FetchError(Exception):
    """No picture; the message is the reason: what it is, and in brackets what differs from one address to another.

    Attributes:
        again: whether another attempt can help.
        wait: seconds that the server asks to wait before it.
        refused: whether the address was not even asked.
    """

    def __init__(self, reason: str, *, again: bool = False, wait: float = 0.0, refused: bool = False) -> None:
        super().__init__(reason)
        self.again = again
        self.wait = wait
        self.refused = refused


def check_status(response: httpx.Response) -> None:
    """Raises FetchError for every status but 200."""
    status = response.status_code
    if status == httpx.codes.OK:
        return
    again = status == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error
    reason = f"HTTP {status} {httpx.codes.get_reason_phrase(status)}".rstrip()
    raise FetchError(reason, again=again, wait=_asked_to_wait(response.headers.get("Retry-After", "")))


def _asked_to_wait(text: str) -> float:
    """Seconds of a Retry-After header: a number, or a date (RFC 9110, 10.2.3)."""
    try:
        return float(text) if text.isdigit() else email.utils.parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0


def network_error(error: httpx.RequestError | httpx.InvalidURL | UnicodeError) -> FetchError:
    """The reason behind what the network raised."""
    cause = _root_cause(error)
    detail = (cause.strerror if isinstance(cause, OSError) else None) or str(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return FetchError(f"certificate not valid ({cause.verify_message})")
    if isinstance(cause, socket.gaierror):
        return FetchError(f"no such host ({detail})", again=cause.errno == socket.EAI_AGAIN)
    if isinstance(error, httpx.InvalidURL | UnicodeError):
        return FetchError(f"not an address ({detail})")
    if isinstance(error, httpx.ConnectError):
        return FetchError(f"no connection ({detail})", again=True)
    return FetchError(f"connection broke off ({detail})", again=True)


def _root_cause(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error
