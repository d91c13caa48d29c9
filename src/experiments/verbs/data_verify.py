"""`experiments data verify`: decodes every file, names the bad ones, moves them away or brings them back."""

from __future__ import annotations

import json as json_format
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.data.scan import shown
from experiments.verbs.codes import DONE, FAILED, REFUSED

if TYPE_CHECKING:
    from experiments.curation.quarantine import Moves
    from experiments.curation.verify import Verified

_NAMES_SHOWN = 50
_LEAST_FILES_A_MOVED_ONE = 10  # without --yes


def verify(root: Path, quarantine: bool, restore: bool, yes: bool, json: bool) -> int:
    """The subverb; 1 if a bad file is there, or one could not be brought back, 2 if too many were to be moved.

    Raises:
        DataError: there are no files to verify, or nothing to bring back from.
        OSError: a folder cannot be read or written.
    """
    if restore:
        return _restore(root, json)
    from experiments.curation.verify import verify_folder

    files = verify_folder(root)
    movable = {file.name: str(file.reason) for file in files if file.movable}
    refused = quarantine and not yes and _too_many(len(movable), len(files))
    moves = _quarantine(root, movable) if quarantine and not refused else None
    print(_json(files, moves) if json else _text(root, files, moves))
    if refused:
        print(_refusal(root, len(movable), len(files)), file=sys.stderr)
        return REFUSED
    moved = set(moves.moved) if moves else set()
    return DONE if all(file.ok or file.name in moved for file in files) else FAILED


def _too_many(movable: int, total: int) -> bool:
    """To be moved unasked."""
    return _LEAST_FILES_A_MOVED_ONE * movable > total


def _quarantine(root: Path, reasons: dict[str, str]) -> Moves | None:
    from experiments.curation.quarantine import quarantine

    if not reasons:
        return None
    moves = quarantine(root, reasons)
    for name, why in moves.stayed.items():
        print(f"error: {shown(name)} was not moved: {shown(why)}", file=sys.stderr)
    return moves


def _restore(root: Path, as_json: bool) -> int:
    from experiments.curation.quarantine import FOLDER, restore
    from experiments.data.errors import DataError

    if not root.is_dir():
        raise DataError(f"{root}: there is no such folder. Give the folder that was verified with --quarantine.")
    moves = restore(root)
    if as_json:
        print(json_format.dumps({"schema": 1, "restored": moves.moved, "left": moves.stayed}, indent=2))
    else:
        print(f"{_files(len(moves.moved))} brought back from {_in_shell(root / FOLDER)}")
    for name, why in moves.stayed.items():
        print(f"error: {shown(name)} stays in quarantine: {shown(why)}", file=sys.stderr)
    return FAILED if moves.stayed else DONE


def _json(files: Sequence[Verified], moves: Moves | None) -> str:
    from experiments.curation.quarantine import FOLDER

    moved = set(moves.moved) if moves else set()
    rows = [
        {"path": file.name, "ok": file.ok, "reason": file.reason}
        | ({"moved_to": f"{FOLDER}/{file.name}"} if file.name in moved else {})
        for file in files
    ]
    return json_format.dumps({"schema": 1, "files": rows}, indent=2)


def _text(root: Path, files: Sequence[Verified], moves: Moves | None) -> str:
    bad = [file for file in files if not file.ok]
    where = shown(str(root))
    if not bad:
        return f"{where}: {_files(len(files))}, every one a good picture"
    lost, training = [file for file in bad if not file.trains], [file for file in bad if file.trains]
    parts = [f"{where}: {len(bad)} of {_files(len(files))} {'is' if len(bad) == 1 else 'are'} bad", _counts(bad)]
    parts += [_listed("left out of training:", lost)] if lost else []
    parts += [_listed("these train; look at them:", training)] if training else []
    return "\n\n".join([*parts, _next(root, bad, len(files), moves)])


def _counts(bad: Sequence[Verified]) -> str:
    counts = Counter(fault.kind for file in bad for fault in file.faults)
    width = max(map(len, counts))
    return "\n".join(f"  {kind:<{width}}  {count:>5}" for kind, count in counts.most_common())


def _listed(title: str, files: Sequence[Verified]) -> str:
    lines = [f"  {shown(file.name)}  ({shown(str(file.reason))})" for file in files[:_NAMES_SHOWN]]
    if len(files) > _NAMES_SHOWN:
        lines.append(f"  and {len(files) - _NAMES_SHOWN} more; --json lists all")
    return "\n".join([title, *lines])


def _next(root: Path, bad: Sequence[Verified], total: int, moves: Moves | None) -> str:
    """What to do about what is not moved, and last what to type."""
    from experiments.curation.faults import MISNAMED
    from experiments.curation.quarantine import FOLDER
    from experiments.data.images import FORBIDDEN

    kinds = {fault.kind: fault for file in bad for fault in file.faults}
    lines = []
    if MISNAMED in kinds:
        lines.append(f"{MISNAMED}: training goes by the content; such files are never moved, rename them")
    if FORBIDDEN in kinds:
        lines.append(f"{FORBIDDEN}: such files are never moved; make them readable, as by chmod u+r FILE")
    if any(not fault.trains and not fault.movable for kind, fault in kinds.items() if kind != FORBIDDEN):
        lines.append("what the system could not read is never moved; look at the disk or the link, and verify again")
    command = f"experiments data verify {_in_shell(root)}"
    movable = sum(file.movable for file in bad)
    if moves and moves.moved:
        lines.append(f"{_files(len(moves.moved))} moved to {_in_shell(root / FOLDER)}, none deleted")
        lines.append(f"next: {command} --restore    brings them back")
    elif movable:
        sure = " --yes" if _too_many(movable, total) else ""
        lines.append(f"next: {command} --quarantine{sure}    moves {_files(movable)} to {_in_shell(root / FOLDER)}")
    else:
        lines.append(f"next: {command}    when that is done")
    return "\n".join(lines)


def _refusal(root: Path, movable: int, total: int) -> str:
    return (
        f"error: {movable} of {_files(total)} would be moved, more than a tenth: nothing was. If they are bad, type "
        f"experiments data verify {_in_shell(root)} --quarantine --yes"
    )


def _in_shell(path: Path) -> str:
    return shown(shlex.quote(str(path)))


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
