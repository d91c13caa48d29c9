"""The run's own log."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

CHATTY = ("pytorch_lightning", "lightning_fabric")


@contextlib.contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """All that Lightning, torch and warnings have to say goes to this file, none of it to the terminal."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("[%(asctime)s][%(name)s][%(levelname)s] %(message)s"))
    handler.addFilter(lambda record: "Tip:" not in str(record.msg))  # Lightning's advertisements
    root = logging.getLogger()
    level = root.level
    before = [(logger, logger.handlers[:], logger.propagate) for logger in map(logging.getLogger, CHATTY)]
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for logger, _, _ in before:
        logger.handlers[:], logger.propagate = [], True
    logging.captureWarnings(True)
    try:
        with quiet_about_the_folder():
            yield
    finally:
        logging.captureWarnings(False)
        root.setLevel(level)
        for logger, handlers, propagate in before:
            logger.handlers[:], logger.propagate = handlers, propagate
        root.removeHandler(handler)
        handler.close()


@contextlib.contextmanager
def quiet_about_the_folder() -> Iterator[None]:
    """Lightning's CSV logger threatens to delete what is in the run's folder, and does not."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Experiment logs directory")
        yield
