"""report.html: a sweep in a browser, in one file that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.reports.comparison.content import content
from experiments.reports.comparison.groups import Group
from experiments.reports.html_page import filled, safe_json
from experiments.runs.files import write_text
from experiments.runs.sweep import Sweep

TEMPLATE = Path(__file__).with_name("report.html")
FILE = "report.html"


def write_page(sweep: Sweep, groups: Sequence[Group], summary: Sequence[str], to: Path | None = None) -> Path:
    """Write report.html into a folder, by default the sweep's own; returns its path.

    Raises:
        OSError: it cannot be written.
    """
    path = (to or sweep.path) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page(content(sweep, groups, summary)))
    return path


def page(shown: Mapping[str, Any]) -> str:
    """The HTML of what `content` gives."""
    return filled(TEMPLATE, {"name": html.escape(str(shown["name"])), "data": safe_json(shown)})
