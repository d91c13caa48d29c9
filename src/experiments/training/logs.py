"""The run's own log."""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

CHATTY = ("pytorch_lightning", "lightning_fabric")


@contextlib.contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """All that Lightning, torch and warnings have to say goes to this file, none of it to the terminal."""
    handler = _Quiet(path)
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
    threads, threading.excepthook = threading.excepthook, _log_thread
    try:
        with quiet_about_the_folder():
            yield
    finally:
        threading.excepthook = threads
        logging.captureWarnings(False)
        root.setLevel(level)
        for logger, handlers, propagate in before:
            logger.handlers[:], logger.propagate = handlers, propagate
        root.removeHandler(handler)
        with contextlib.suppress(OSError):
            handler.close()


class _Quiet(logging.FileHandler):
    """What a full disk does not take is lost, and nothing is said about it on the terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass


def _log_thread(died: threading.ExceptHookArgs) -> None:
    """What ended a thread, as TensorBoard's writer, whose next call says so to whoever called it."""
    if died.exc_value is not None:
        said = (died.exc_type, died.exc_value, died.exc_traceback)
        logging.getLogger(__name__).error("a thread ended", exc_info=said)


@contextlib.contextmanager
def quiet_about_the_folder() -> Iterator[None]:
    """Lightning's CSV logger threatens to delete what is in the run's folder, and does not."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Experiment logs directory")
        yield
