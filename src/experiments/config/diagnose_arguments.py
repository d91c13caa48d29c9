"""The words behind `experiments diagnose`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.config.parser import Parser, count


@dataclass(frozen=True)
class DiagnoseArguments:
    """What `diagnose` was asked for."""

    paths: list[Path]
    each: bool
    json: bool
    valid_size: int | None
    classes: int | None
    apply: bool
    rounds: int


def parse_diagnose(words: Sequence[str]) -> DiagnoseArguments | None:
    """The arguments of `diagnose`; None if it was asked for help, which is printed.

    Raises:
        ConfigurationError: a flag that does not exist, a number that is none, flags that do not go together.
    """
    parser = diagnose_parser()
    found = parser.read(words)
    if found is None:
        return None
    if found["rounds"] and not found["apply"]:
        parser.error("--rounds goes with --apply")
    if found["json"] and found["apply"]:
        parser.error("--json and --apply do not go together: diagnose the run that --apply makes")
    return DiagnoseArguments(**{**found, "rounds": found["rounds"] or 1})


def diagnose_parser() -> Parser:
    """The flags."""
    parser = Parser(
        prog="experiments diagnose",
        description="What went wrong in a training, what shows it, and the next command.",
        epilog="""examples:
  experiments diagnose                                        the newest run or sweep
  experiments diagnose history.csv --valid-size 141 --classes 3   another trainer's
  experiments diagnose outputs/DATE_TIME --apply --rounds 3   follow the advice until nothing is wrong""",
    )
    what = "a run, a sweep, a history CSV of any trainer, a TensorBoard log folder; several are compared as one sweep"
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=what)
    parser.add_argument("--each", action="store_true", help="judge several one by one")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--valid-size", type=count, metavar="N", help="validation images, where a file does not say")
    parser.add_argument("--classes", type=_several, metavar="N", help="number of classes, where a file does not say")
    parser.add_argument("--apply", action="store_true", help="train the advised run, and compare")
    parser.add_argument("--rounds", type=count, metavar="N", help="with --apply: so many runs at most (1)")
    return parser


def _several(text: str) -> int:
    return count(text, least=2)
