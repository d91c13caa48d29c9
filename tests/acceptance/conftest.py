"""Trainings that several tests look at."""

from __future__ import annotations

import pytest
from typing_in import Typed, type_in


@pytest.fixture(scope="session")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """`experiments fit`, and nothing more."""
    return type_in(tmp_path_factory.mktemp("newcomer"), "fit")


@pytest.fixture(scope="session")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """The five lesson experiments, as they ship."""
    return type_in(tmp_path_factory.mktemp("lesson"), "fit", "sweep=what_can_go_wrong")
