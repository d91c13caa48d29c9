"""The words behind `experiments report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.config.parser import Parser


@dataclass(frozen=True)
class ReportArguments:
    """What `report` was asked for."""

    path: Path | None
    json: bool
    to: Path | None


def parse_report(words: Sequence[str]) -> ReportArguments | None:
    """The arguments of `report`; None if it was asked for help, which is printed.

    Raises:
        ConfigurationError: a flag that does not exist, or more than one sweep.
    """
    found = report_parser().read(words)
    return None if found is None else ReportArguments(**found)


def report_parser() -> Parser:
    """The flags."""
    parser = Parser(
        prog="experiments report",
        description="The runs of a sweep compared: grouped over seeds, held against noise; report.html.",
        epilog="""examples:
  experiments report                                  the newest sweep
  experiments report multirun/learning_rate/DATE_TIME    also while it runs
  experiments report multirun/learning_rate/DATE_TIME --to figures    report.html into a folder of yours""",
    )
    parser.add_argument("path", nargs="?", type=Path, metavar="SWEEP", help="the sweep's folder")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="for report.html (SWEEP)")
    return parser
