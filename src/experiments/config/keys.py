"""A typed key of the configuration: its meaning, its type, its range."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Bounds:
    """The allowed range of a number; None is open."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None

    def allow(self, value: float) -> bool:
        return (
            _finite(value)
            and (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.below is None or value < self.below)
            and (self.at_most is None or value <= self.at_most)
        )

    def __str__(self) -> str:
        parts = [
            f"{word} {int(bound) if float(bound).is_integer() else bound}"
            for word, bound in (
                ("above", self.above),
                ("at least", self.at_least),
                ("below", self.below),
                ("at most", self.at_most),
            )
            if bound is not None
        ]
        return " and ".join(parts)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def key(
    meaning: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    neutral: object = None,
    hint: str | None = None,
) -> Any:
    """A field of an option's schema: what it means (for `explain`), its range, an example of a good value.

    `neutral` is the value that asks for nothing: where an option has no such key, it is not worth a notice.
    """
    bounds = Bounds(above, at_least, below, at_most)
    return dataclasses.field(metadata={"meaning": meaning, "bounds": bounds, "neutral": neutral, "hint": hint})


@dataclass(frozen=True)
class Key:
    """A key of an option: `type` is its annotation, `bounds` hold for each number in it."""

    name: str
    type: Any
    meaning: str
    bounds: Bounds
    neutral: object
    hint: str | None

    @property
    def allowed(self) -> str:
        """What may stand here, in words: `a number above 0`."""
        words, bounds = _words(self.type), str(self.bounds)
        if not bounds:
            return words
        if " or " in words or "list" in words:
            return f"{words}, {bounds}"
        return f"{words} of {bounds}" if bounds.startswith("at ") else f"{words} {bounds}"

    def convert(self, value: object) -> object:
        """`value` as this key's type.

        Raises:
            ValueError: it is of another type or out of range.
        """
        return _convert(value, self.type, self.bounds)


@functools.cache
def keys_of(option: type) -> dict[str, Key]:
    """The keys of a schema dataclass, by name, in the order of its fields."""
    annotations = get_type_hints(option)
    return {f.name: Key(name=f.name, type=annotations[f.name], **f.metadata) for f in dataclasses.fields(option)}


def _convert(value: object, type_: Any, bounds: Bounds) -> object:
    origin = get_origin(type_)
    if origin in (Union, types.UnionType):
        return _convert_union(value, get_args(type_), bounds)
    if origin is Literal:
        return _one_of(value, get_args(type_))
    if origin is list:
        if not isinstance(value, list):
            raise ValueError
        return [_convert(item, get_args(type_)[0], bounds) for item in value]
    if origin is dict:
        return _mapping(value)
    if type_ is type(None):
        if value is not None:
            raise ValueError
        return None
    return _SCALARS[type_](value, bounds)


def _convert_union(value: object, alternatives: tuple[Any, ...], bounds: Bounds) -> object:
    for alternative in alternatives:
        try:
            return _convert(value, alternative, bounds)
        except ValueError:
            continue
    raise ValueError


def _one_of(value: object, choices: tuple[object, ...]) -> object:
    if value in choices:
        return value
    raise ValueError


def _number(value: object, bounds: Bounds) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not bounds.allow(value):
        raise ValueError
    return float(value)


def _integer(value: object, bounds: Bounds) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not bounds.allow(value):
        raise ValueError
    return value


def _boolean(value: object, _: Bounds) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _text(value: object, _: Bounds) -> str:
    # A folder may be called 2024: numbers are text where text is asked for.
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise ValueError
    return str(value)


def _mapping(value: object) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise ValueError
    return dict(value)


_SCALARS: dict[Any, Any] = {float: _number, int: _integer, bool: _boolean, str: _text}


def _words(type_: Any) -> str:
    origin = get_origin(type_)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(alternative) for alternative in get_args(type_))
    if origin is Literal:
        return " or ".join(str(choice) for choice in get_args(type_))
    if origin is list:
        return f"a list, each {_words(get_args(type_)[0])}"
    if origin is dict:
        return "a mapping"
    names = {
        float: "a number",
        int: "a whole number",
        bool: "true or false",
        str: "text",
        type(None): "null",
    }
    return names[type_]
