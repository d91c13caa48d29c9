"""The words behind `experiments tour`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.config.parser import Parser


@dataclass(frozen=True)
class TourArguments:
    """What `tour` was asked for: `step` alone, None all of them."""

    list: bool
    step: int | None
    to: Path | None


def parse_tour(words: Sequence[str], steps: int) -> TourArguments | None:
    """The arguments of `tour`; None if it was asked for help, which is printed.

    Raises:
        ConfigurationError: a flag that does not exist, a step that is none of the `steps`.
    """
    parser = tour_parser()
    found = parser.read(words)
    if found is None:
        return None
    if found["step"] is not None and not 1 <= found["step"] <= steps:
        parser.error(f"there is no step {found['step']}: they are 1 to {steps}, see experiments tour --list")
    if found["list"] and (found["step"] or found["to"]):
        parser.error("--list stands alone")
    return TourArguments(**found)


def tour_parser() -> Parser:
    """The flags."""
    parser = Parser(
        prog="experiments tour",
        description="The whole lesson as real commands on data that are here already, with their pictures.",
        epilog="""examples:
  experiments tour                    all of it, some minutes
  experiments tour --list             the steps
  experiments tour --step 5           one of them, with what it needs""",
    )
    parser.add_argument("--list", action="store_true", help="show the steps, run nothing")
    parser.add_argument("--step", type=int, metavar="N", help="run one step")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="for its runs and pictures (tour/DATE_TIME)")
    return parser
