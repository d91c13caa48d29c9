"""The words behind `experiments data`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.config.parser import Parser, count

SUBVERBS = {
    "download": "fetch the pictures that lists of addresses name, into a folder a class",
    "verify": "decode every picture, and name those that are broken or odd",
    "duplicates": "pictures that are the same, or nearly",
    "show": "contact sheets of the classes and of an augmented batch, counts and sizes",
}

HELP = """\
usage: experiments data {download,verify,duplicates,show} ...

Build, check and look at a folder of pictures, a folder a class.

""" + "\n".join(f"  {name:<12}{text}" for name, text in SUBVERBS.items())

EXAMPLES = {
    "download": """examples:
  experiments data download urls bears                     urls/black.txt, urls/grizzly.txt, ...: an address a line
  experiments data download urls.csv bears --max-per-class 200""",
    "verify": """examples:
  experiments data verify bears                            changes nothing; exit 1 if there is a bad file
  experiments data verify bears --quarantine               move bad ones to bears/.quarantine/ (--restore: back)""",
    "duplicates": """examples:
  experiments data duplicates bears
  experiments data duplicates bears --threshold 0.98       nearer the same (1: the same)""",
    "show": """examples:
  experiments data show bears
  experiments data show bears --to pictures --image-size 64""",
}


def parse_data(subverb: str, words: Sequence[str]) -> dict[str, Any] | None:
    """The arguments of `data SUBVERB` by their names; None if it was asked for help, which is printed.

    Raises:
        ConfigurationError: a flag that does not exist, a number that is none, flags that do not go together.
    """
    parser = data_parser(subverb)
    found = parser.read(words)
    if found and found.get("quarantine") and found.get("restore"):
        parser.error("--quarantine and --restore do not go together")
    return found


def data_parser(subverb: str) -> Parser:
    """The flags of one of the SUBVERBS."""
    purpose = SUBVERBS[subverb]
    parser = Parser(
        f"experiments data {subverb}",
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=EXAMPLES[subverb],
    )
    _FLAGS[subverb](parser)
    return parser


def _download(parser: Parser) -> None:
    urls = "a folder of class.txt files (an address a line), or a CSV with the columns url and class"
    parser.add_argument("urls", type=_path, metavar="URLS", help=urls)
    parser.add_argument("root", type=_path, metavar="ROOT", help="where the class folders are made")
    parser.add_argument("--max-per-class", type=count, metavar="N", help="only the first N addresses of each class")
    parser.add_argument("--workers", type=count, default=16, metavar="N", help="downloads at the same time (16)")
    parser.add_argument("--timeout", type=_seconds, default=30.0, metavar="SECONDS", help="for one picture (30)")
    private = "also fetch from addresses in private networks and from this machine"
    parser.add_argument("--allow-private", action="store_true", help=private)


def _verify(parser: Parser) -> None:
    _root(parser)
    parser.add_argument("--quarantine", action="store_true", help="move bad files to ROOT/.quarantine/")
    parser.add_argument("--restore", action="store_true", help="bring back what is in ROOT/.quarantine/")
    parser.add_argument("--yes", action="store_true", help="move even more than a tenth of the files")
    _json(parser)


def _duplicates(parser: Parser) -> None:
    _root(parser)
    threshold = "how alike two pictures must be, 0 to 1"
    parser.add_argument("--threshold", type=_share, metavar="ALIKE", help=threshold)
    _json(parser)


def _show(parser: Parser) -> None:
    _root(parser)
    parser.add_argument("--to", type=_path, metavar="FOLDER", help="for the pictures (pictures/NAME_OF_ROOT)")
    size = "pixels of the augmented batch, as dataset.image_size (224)"
    parser.add_argument("--image-size", type=count, default=224, metavar="N", help=size)


def _root(parser: Parser) -> None:
    what = "folder of class/image files; train/, valid/, test/ may stand above the classes"
    parser.add_argument("root", type=_path, metavar="ROOT", help=what)


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"{text} names a user without a home folder: write the path in full") from None


def _seconds(text: str) -> float:
    return _number(text, 0.001, 86_400, "a number of seconds above 0")


def _share(text: str) -> float:
    return _number(text, 0, 1, "a number from 0 to 1")


def _number(text: str, least: float, most: float, allowed: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"must be {allowed}, not {text}")
    return number


_FLAGS = {"download": _download, "verify": _verify, "duplicates": _duplicates, "show": _show}
