"""Where what is computed once is kept, for all jobs and later runs."""

import os
from pathlib import Path

from platformdirs import user_cache_path

from experiments.data.errors import DataError

VARIABLE = "EXPERIMENTS_CACHE"
TAG = "CACHEDIR.TAG"
"""Marks a folder as made here, so that clearing touches no other, and as one that backups may leave out."""

_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55\n# Of experiments; https://bford.info/cachedir/\n"


def cache_folder(kind: str) -> Path:
    """The folder of one kind of thing, such as `pixels`, made if it is not there.

    Below the user's cache folder (`~/.cache/experiments` on Linux), or below what EXPERIMENTS_CACHE names.

    Raises:
        OSError: it cannot be made, or listed.
    """
    folder = cache_root() / kind
    folder.mkdir(parents=True, exist_ok=True)
    if next(folder.iterdir(), None) is None:
        (folder / TAG).write_text(_SIGNATURE)
    return folder


def data_folder(kind: str) -> Path:
    """`cache_folder` for a data set that cannot do without.

    Raises:
        DataError: it cannot be made; the message says what to set instead.
    """
    try:
        return cache_folder(kind)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"Nothing can be kept in {cache_root() / kind}: {reason}. Set {VARIABLE}=FOLDER to a folder that you may "
            "write to, or name one by dataset.root=FOLDER."
        ) from error


def cache_root() -> Path:
    """The folder above the kinds; it may not exist yet.

    Raises:
        DataError: EXPERIMENTS_CACHE names a user's home folder, and there is no such user.
    """
    named = os.environ.get(VARIABLE)
    try:
        return Path(named).expanduser().absolute() if named else user_cache_path("experiments")
    except RuntimeError:
        raise DataError(f"{VARIABLE}={named} names a user without a home folder: write the path in full.") from None
