"""The words behind `experiments draw`."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import Refused

from experiments.config.draw_arguments import DrawArguments, parse_draw


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ([], DrawArguments([], None)),
        (["a", "--to", "f", "b"], DrawArguments([Path("a"), Path("b")], Path("f"))),
        (["--to=f"], DrawArguments([], Path("f"))),
    ],
)
def test_paths_and_a_folder_in_any_order(words: list[str], arguments: DrawArguments) -> None:
    assert parse_draw(words) == arguments


@pytest.mark.parametrize(
    ("line", "wrong", "instead"),
    [
        ("draw --too f", "unrecognized arguments: --too", "--to"),
        ("draw --zzzzzz", "unrecognized arguments: --zzzzzz", "experiments draw --help"),
        ("draw a --to", "argument --to: expected one argument", "experiments draw --help"),
    ],
)
def test_wrong_flags_are_refused(refused: Refused, line: str, wrong: str, instead: str) -> None:
    assert refused(line) == f"error: 1 mistake\n\n  experiments draw\n    {wrong}\n    try: {instead}\n"
