"""The words behind `experiments draw`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.config.parser import Parser


@dataclass(frozen=True)
class DrawArguments:
    """What `draw` was asked for: `to` is the folder of the pictures, None their usual one."""

    paths: list[Path]
    to: Path | None


def parse_draw(words: Sequence[str]) -> DrawArguments | None:
    """The arguments of `draw`; None if it was asked for help, which is printed.

    Raises:
        ConfigurationError: a flag that does not exist, or without its value.
    """
    parser = draw_parser()
    found = parser.read(words)
    if found is None:
        return None
    return DrawArguments(**found)


def draw_parser() -> Parser:
    """The flags."""
    parser = Parser(
        prog="experiments draw",
        description="Pictures of a fit: an animation, a page with a slider, the loss surface; each light and dark.",
        epilog="""examples:
  experiments draw                                     the newest run or sweep
  experiments draw outputs/DATE_TIME --to figures      into a folder of yours
  experiments draw multirun/learning_rate/DATE_TIME multirun/learning_rate/DATE_TIME
                                                       two sweeps over the rate side by side: bridge.png""",
    )
    what = "the run of a line or a polynomial, or a sweep; several sweeps over the learning rate are set side by side"
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=what)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="for the pictures (pictures/ in PATH)")
    return parser
