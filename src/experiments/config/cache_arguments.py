"""The words behind `experiments cache`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.config.parser import Parser

EVERYTHING = ""


@dataclass(frozen=True)
class CacheArguments:
    """What `cache` was asked for: a kind to clear, EVERYTHING, or None to show what there is."""

    clear: str | None


def parse_cache(words: Sequence[str], kinds: Sequence[str]) -> CacheArguments | None:
    """The arguments of `cache`; None if it was asked for help, which is printed.

    Raises:
        ConfigurationError: a flag that does not exist, a kind that is none of the `kinds`.
    """
    parser = cache_parser()
    found = parser.read(words)
    if found is None:
        return None
    kind = found["clear"]
    if kind not in (None, EVERYTHING, *kinds):
        there = f"there are: {', '.join(kinds)}" if kinds else "the cache is empty"
        parser.error(f"nothing of the kind {kind} is kept; {there}")
    return CacheArguments(kind)


def cache_parser() -> Parser:
    """The flags."""
    parser = Parser(
        prog="experiments cache",
        description="What is kept for later runs: decoded pictures, what frozen bodies make of them, the bodies, drawn "
        "and downloaded data sets. EXPERIMENTS_CACHE=FOLDER keeps it elsewhere.",
        epilog="""examples:
  experiments cache                   where, what, and how large
  experiments cache --clear           remove all of it; what is needed again is decoded, drawn or fetched anew
  experiments cache --clear pixels    one kind alone""",
    )
    clear = "remove what is kept, or one kind of it, without asking"
    parser.add_argument("--clear", nargs="?", const=EVERYTHING, metavar="KIND", help=clear)
    return parser
