"""What tests of sweeps share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from killing import THREADS


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Bit-identical results need the same arithmetic, and that the same number of threads."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in THREADS.items():
            patch.setenv(name, value)
        yield
