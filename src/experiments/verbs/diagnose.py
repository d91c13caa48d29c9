"""`experiments diagnose`: what went wrong, the evidence, the next command; with --apply, that command's run, too."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from experiments.verbs.codes import DONE, FAILED

if TYPE_CHECKING:
    from experiments.diagnosis.report import Report


def diagnose(words: list[str]) -> int:
    """The verb; imports no torch unless it has to train."""
    from experiments.config.diagnose_arguments import parse_diagnose
    from experiments.diagnosis.paths import diagnose_readable
    from experiments.runs.newest import NothingYet

    arguments = parse_diagnose(words)
    if arguments is None:
        return DONE
    try:
        report, refusals = diagnose_readable(
            arguments.paths, each=arguments.each, valid_size=arguments.valid_size, classes=arguments.classes
        )
    except NothingYet as nothing:
        print(f"error: {nothing}", file=sys.stderr)
        return FAILED
    for refusal in refusals:
        print(f"error: {refusal}", file=sys.stderr)
    if refusals and not report.runs:
        return FAILED
    if arguments.apply:
        from experiments.verbs.apply import apply

        return apply(report, arguments.rounds)
    _print(report, as_json=arguments.json)
    return FAILED if refusals else DONE


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        print(report)
