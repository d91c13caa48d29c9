"""report.html: a sweep in a browser, in one file that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.reports.html_page import filled, safe_json

TEMPLATE = Path(__file__).with_name("report.html")


def page(content: Mapping[str, Any]) -> str:
    """The HTML of `content.content`."""
    return filled(TEMPLATE, {"name": html.escape(str(content["name"])), "data": safe_json(content)})
