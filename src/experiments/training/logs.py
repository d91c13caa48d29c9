"""The run's own log."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """All that Lightning, torch and warnings have to say goes to this file, none of it to the terminal."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("[%(asctime)s][%(name)s][%(levelname)s] %(message)s"))
    handler.addFilter(lambda record: "Tip:" not in str(record.msg))  # Lightning's advertisements
    root, chatty = logging.getLogger(), logging.getLogger("pytorch_lightning")
    before = (root.level, chatty.handlers[:], chatty.propagate)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    chatty.handlers[:], chatty.propagate = [], True
    logging.captureWarnings(True)
    try:
        with quiet_about_the_folder():
            yield
    finally:
        logging.captureWarnings(False)
        root.setLevel(before[0])
        chatty.handlers[:], chatty.propagate = before[1], before[2]
        root.removeHandler(handler)
        handler.close()


@contextlib.contextmanager
def quiet_about_the_folder() -> Iterator[None]:
    """Lightning's CSV logger threatens to delete what is in the run's folder, and does not."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Experiment logs directory")
        yield
