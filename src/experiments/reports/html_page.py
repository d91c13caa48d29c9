"""Pages that need nothing but themselves: a template, and data for its script."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DIGITS = 5


def filled(template: Path, parts: Mapping[str, str]) -> str:
    """The template's text with a part in the place of each `{{ name }}`."""
    return re.sub(r"\{\{ (\w+) \}\}", lambda place: parts[place[1]], template.read_text(encoding="utf-8"))


def safe_json(value: Mapping[str, Any]) -> str:
    """Short, and without `<`, which could end the element of the page that holds it."""
    return json.dumps(_rounded(value), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _rounded(value: Any) -> Any:
    """The same with all floats at five digits, and null for those that are not finite."""
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        rounded = float(f"{value:.{DIGITS}g}")
        return rounded if math.isfinite(rounded) else None
    return value
