"""What the tests of features share."""

from pathlib import Path

import pytest
from tiny import forget, write

from experiments.data.cache_folder import VARIABLE
from experiments.features import extraction, look_up


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where features are kept, empty; two images are a batch, and four are stored at once."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(look_up, "BLOCK", 4)
    monkeypatch.setattr(extraction, "MOST_IMAGES", 2)
    forget()
    return tmp_path / "cache" / "features"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """14 cats and 9 dogs."""
    write(tmp_path / "animals" / "cat", range(14))
    write(tmp_path / "animals" / "dog", range(100, 109))
    return tmp_path / "animals"
