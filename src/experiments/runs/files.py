"""Files that appear whole: written aside in the same folder, then renamed; and folders claimed once."""

import contextlib
import csv
import io
import itertools
import json
import math
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.runs.full_disk import of_file

# A file name on Linux may hold bytes that are no UTF-8; Python carries them as lone surrogates.
# Writing and reading with this handler brings the same bytes back instead of failing on one odd picture.
ENCODING_ERRORS = "surrogateescape"


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content` to `path` whole, or not at all: a killed process leaves what was there before.

    Raises OSError, which names `path`, if the folder is missing or not writable; DiskFull if there is no room.
    """
    aside = _aside(path)
    try:
        aside.write_bytes(content)
        os.replace(aside, path)  # noqa: PTH105 - the one call here that has to be atomic, under its own name
    except OSError as error:
        with contextlib.suppress(OSError):  # nor may it be removed where nothing may be written
            aside.unlink(missing_ok=True)
        raise of_file(error, path) from None
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def share_bytes(source: Path, path: Path) -> None:
    """The same content under another name, as a hard link where the file system has them; a file there is replaced."""
    try:
        link_file(source, path)
    except OSError:
        write_bytes(path, source.read_bytes())


def link_file(source: Path, path: Path) -> None:
    """Gives the file `source` a second name, `path`, as a hard link; another file of that name is replaced.

    Raises OSError where there can be none: on another file system, or on one without hard links.
    """
    aside = _aside(path)
    try:
        os.link(source, aside)
        os.replace(aside, path)  # noqa: PTH105 - as above
    finally:
        aside.unlink(missing_ok=True)  # of two names for one file, renaming one to the other removes neither


def _aside(path: Path) -> Path:
    # The thread is part of the name since a heartbeat may write the same file as the main thread.
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}")


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8, whole, with the line ends as given."""
    write_bytes(path, text.encode("utf-8", ENCODING_ERRORS))


def write_json(path: Path, data: object) -> None:
    """Writes `data` as JSON: indent 2, keys in their order, NaN and infinities as null.

    Raises TypeError for what JSON cannot hold.
    """
    write_text(path, json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Reads what `write_json` wrote. Raises OSError, or ValueError if it is not JSON."""
    return json.loads(path.read_text(encoding="utf-8", errors=ENCODING_ERRORS))


def yaml_text(data: object) -> str:
    """Plain data as YAML, keys in their order; by libyaml where it was built in, which is ten times faster."""
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, default_flow_style=False))


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a header and `rows`: None is an empty cell, floats by `repr` and so `nan`, `inf`, `-inf`."""
    text = io.StringIO()
    plain = csv.writer(text, lineterminator="\n")
    quoting = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    # float() since NumPy's float64 is a float whose repr, which csv writes, reads "np.float64(0.1)".
    for row in itertools.chain([columns], rows):
        cells = [float(value) if isinstance(value, float) else value for value in row]
        # Left to itself csv quotes no carriage return that is no part of the line ends, and reads it as a line end.
        returns = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoting if returns else plain).writerow(cells)
    write_text(path, text.getvalue())


def claim_folder(path: Path) -> Path:
    """Creates `path`, or `path_2`, `path_3`, ...; returns the one that this call, and no other, created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        candidate = path if number == 1 else path.with_name(f"{path.name}_{number}")
        try:
            candidate.mkdir()
        except FileExistsError:
            continue
        return candidate
    raise AssertionError("count() does not end")


def claim_exact(path: Path, record: str = "run.json") -> Path:
    """Creates the folder that the user typed, or takes it as it is while it holds no run and no sweep.

    The record itself is created here, exclusively: of two processes that ask at the same moment, one gets it.
    Raises FileExistsError if it holds a run or a sweep, or if `path` is a file.
    """
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"{path} is a file, not a folder; choose another name")
    path.mkdir(parents=True, exist_ok=True)
    for name in ("run.json", "sweep.json"):
        if (path / name).exists():
            raise FileExistsError(_taken(path, name))
    try:
        with (path / record).open("x", encoding="utf-8") as file:
            file.write('{"schema": 1, "status": "running", "jobs": []}\n')
    except FileExistsError:
        raise FileExistsError(_taken(path, record)) from None
    return path


def _taken(path: Path, record: str) -> str:
    return f"{path} already holds a {record.removesuffix('.json')} ({record}); choose another folder"


def _finite(data: object) -> object:
    """The same data with every NaN and infinity replaced by None."""
    if isinstance(data, float):
        return float(data) if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return data
