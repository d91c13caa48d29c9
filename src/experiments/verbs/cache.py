"""`experiments cache`: what is kept for later runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.verbs.codes import DONE, FAILED

if TYPE_CHECKING:
    from experiments.data.cache_contents import Kept


def cache(words: list[str]) -> int:
    """The verb."""
    from experiments.config.cache_arguments import EVERYTHING, parse_cache
    from experiments.data.cache_contents import kept, kinds
    from experiments.data.cache_folder import cache_root

    arguments = parse_cache(words, kinds())
    if arguments is None:
        return DONE
    things = [thing for kind in kinds() if arguments.clear in (None, EVERYTHING, kind) for thing in kept(kind)]
    print(cache_root())
    if not things:
        print("nothing is kept")
        return DONE
    if arguments.clear is not None:
        return _clear(things)
    print()
    _show(things)
    print("\nexperiments cache --clear removes all, --clear KIND one kind")
    return DONE


def _clear(things: Sequence[Kept]) -> int:
    from experiments.data.cache_contents import remove

    removed = []
    for thing in things:
        try:
            if remove(thing):
                removed.append(thing)
            else:
                print(f"left as it is, another process is at work on it: {thing.path}", file=sys.stderr)
        except OSError as error:
            print(f"error: {thing.path} cannot be removed: {error.strerror or error}", file=sys.stderr)
    if removed:
        print("removed:\n")
        _show(removed)
    return DONE if len(removed) == len(things) else FAILED


def _show(things: Sequence[Kept]) -> None:
    rows = [("kind", "what", "", "size")]
    rows += [(thing.kind, thing.name, _content(thing), _size(thing.size)) for thing in things]
    rows.append(("total", "", "", _size(sum(thing.size for thing in things))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for kind, what, content, size in rows:
        print(f"{kind:<{widths[0]}}  {what:<{widths[1]}}  {content:>{widths[2]}}  {size:>{widths[3]}}")


def _content(thing: Kept) -> str:
    return f"{thing.count:,} {thing.noun}{'' if thing.count == 1 else 's'}"


def _size(size: float) -> str:
    if size < 1000:
        return f"{size:.0f} bytes"
    units = ["kB", "MB", "GB", "TB"]
    while (size := size / 1000) >= 1000 and len(units) > 1:
        units.pop(0)
    return f"{size:.1f} {units[0]}"
