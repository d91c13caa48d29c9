"""Which run.json and sweep.json this version reads."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

SCHEMA = 1


class OtherSchema(Exception):  # noqa: N818 - reads as what it says
    """A record that another version wrote; the message names the file, its schema and who can read it."""


def check_schema(record: Mapping[str, Any], path: Path) -> None:
    """Raises OtherSchema unless the record is one that this version reads; one that does not say is."""
    schema = record.get("schema", SCHEMA)
    if schema == SCHEMA:
        return
    code = record.get("code")
    writer = (
        f"experiments {code['version']}" if isinstance(code, Mapping) and code.get("version") else "a newer version"
    )
    raise OtherSchema(
        f"{path} is of schema {schema}: {writer} wrote it, and experiments {metadata.version('experiments')} reads "
        f"schema {SCHEMA}\n  look at it with {writer}, or move it elsewhere"
    )
