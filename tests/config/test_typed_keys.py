"""A key takes values of its type within its bounds, and says in words what it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from experiments.config.keys import Bounds, key, keys_of


@dataclass
class Shelf:
    """One key of each type."""

    rate: float = key("a rate", above=0)
    share: float = key("a share", at_least=0, below=1)
    count: int = key("a count", at_least=1, at_most=8)
    flag: bool = key("a flag")
    text: str = key("a text")
    mode: Literal["default", "none"] = key("a mode")
    size: int | Literal["all"] = key("a size", at_least=1)
    maybe: float | None = key("perhaps", above=0)
    pair: list[float] = key("a pair", at_least=0, below=1)
    tree: dict[str, object] | None = key("a tree")


KEYS = keys_of(Shelf)


@pytest.mark.parametrize(
    ("name", "value", "converted"),
    [
        ("rate", 0.1, 0.1),
        ("rate", 1, 1.0),
        ("share", 0, 0.0),
        ("count", 1, 1),
        ("count", 8, 8),
        ("flag", False, False),
        ("text", "a", "a"),
        ("text", 2024, "2024"),
        ("mode", "none", "none"),
        ("size", "all", "all"),
        ("size", 64, 64),
        ("maybe", None, None),
        ("maybe", 2, 2.0),
        ("pair", [0, 0.5], [0.0, 0.5]),
        ("pair", [], []),
        ("tree", {"a": 1}, {"a": 1}),
        ("tree", None, None),
    ],
)
def test_a_value_becomes_one_of_the_keys_type(name: str, value: object, converted: object) -> None:
    found = KEYS[name].convert(value)
    assert (found, type(found)) == (converted, type(converted))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("rate", value) for value in (0, -1, True, "0.1", None, math.nan, math.inf, [0.1])),
        *(("share", value) for value in (1, -1e-9, 1.5)),
        *(("count", value) for value in (0, 9, 1.0, True, "3")),
        *(("flag", value) for value in (0, 1, "true", None)),
        *(("text", value) for value in ("", None, True, ["a"])),
        *(("mode", value) for value in ("off", None, 0)),
        *(("size", value) for value in (0, "some", None, 1.5)),
        *(("maybe", value) for value in (0, "", "null")),
        *(("pair", value) for value in ([1.0], 0.5, "0.5", [0.1, "x"], None)),
        *(("tree", value) for value in ("a", ["a"], 0)),
    ],
)
def test_any_other_value_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        KEYS[name].convert(value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rate", "a number above 0"),
        ("share", "a number of at least 0 and below 1"),
        ("count", "a whole number of at least 1 and at most 8"),
        ("flag", "true or false"),
        ("text", "text"),
        ("mode", "default or none"),
        ("size", "a whole number or all, at least 1"),
        ("maybe", "a number or null, above 0"),
        ("pair", "a list, each a number, at least 0 and below 1"),
        ("tree", "a mapping or null"),
    ],
)
def test_what_is_allowed_in_words(name: str, words: str) -> None:
    assert KEYS[name].allowed == words


def test_keys_keep_the_order_of_their_fields_and_those_of_the_parent_come_first() -> None:
    @dataclass
    class Tall(Shelf):
        height: float = key("how high", hint="2")

    keys: dict[str, Any] = keys_of(Tall)
    assert list(keys) == [*KEYS, "height"]
    assert (keys["height"].meaning, keys["height"].hint, keys["rate"].hint) == ("how high", "2", None)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds(), ""),
        (Bounds(above=0.5), "above 0.5"),
        (Bounds(at_least=0, at_most=2**32 - 1), "at least 0 and at most 4294967295"),
    ],
)
def test_bounds_in_words(bounds: Bounds, words: str) -> None:
    assert str(bounds) == words
    assert not bounds.allow(math.nan)
    assert not bounds.allow(-math.inf)
