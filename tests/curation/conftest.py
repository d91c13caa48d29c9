"""What several tests of this folder need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from picture_server import PictureServer

from experiments.curation import fetch


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PictureServer]:
    """A web server on this machine; attempts follow each other at once, and no proxy stands between."""
    monkeypatch.setattr(fetch, "FIRST_WAIT", 0.01)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with PictureServer() as running:
        yield running
