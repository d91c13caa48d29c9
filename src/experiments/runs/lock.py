"""One process at a time works in a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path


class AtWork(Exception):  # noqa: N818 - reads as what it says
    """Another process works in the folder."""


@contextlib.contextmanager
def alone_in(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold the folder while the block runs; the system lets go of it when the process ends, however it ends.

    Where the file system knows no locks of folders, nothing is held.

    Args:
        folder: that is there.
        patience: seconds to wait for whoever holds it.

    Raises:
        AtWork: another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                    if time.monotonic() < until:
                        time.sleep(0.05)
                        continue
                    raise AtWork(f"another process is at work in {folder}") from None
            break
        yield
    finally:
        os.close(handle)
