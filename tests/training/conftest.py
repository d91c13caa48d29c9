"""Trained runs that several tests look at, and processes to send signals to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Nursery
from typed import LAB, SMALL, Typed, fit_typed


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained")


@pytest.fixture(scope="session")
def digits(places: Path) -> Typed:
    """`experiments fit`, as a newcomer types it."""
    return fit_typed(places / "digits")


@pytest.fixture(scope="session")
def line(places: Path) -> Typed:
    return fit_typed(places / "line", "recipe=line", "keep_checkpoint=true")


@pytest.fixture(scope="session")
def small(places: Path) -> Typed:
    return fit_typed(places / "small", *SMALL)


@pytest.fixture(scope="session")
def sweep(places: Path) -> Path:
    """Two jobs of which the first is the run `small`; the folder of the sweep."""
    done = fit_typed(places, "-m", *SMALL, "optimizer.lr=0.003,0.03", "hydra.sweep.dir=two_rates")
    assert done.code == 0
    return places / "two_rates"


@pytest.fixture(scope="session")
def diverged(places: Path) -> Typed:
    """A line whose loss overflows after some twenty epochs."""
    return fit_typed(places / "diverged", "--config-dir", LAB, "recipe=line", "experiment=overflow")


@pytest.fixture(scope="session")
def spoilt(places: Path) -> Typed:
    """Digits with two steps an epoch whose network answers nan at the fourth step."""
    return fit_typed(
        places / "spoilt", "--config-dir", LAB, "dataset.subset_fraction=0.1", "model=nan_after", "schedule.epochs=5"
    )


@pytest.fixture(scope="session")
def failed(places: Path) -> Typed:
    """The same with an exception at the fourth step."""
    return fit_typed(
        places / "failed", "--config-dir", LAB, "dataset.subset_fraction=0.1", "model=fails_after", "schedule.epochs=5"
    )


@pytest.fixture(scope="session")
def nursery(places: Path) -> Iterator[Nursery]:
    with Nursery(places / "processes") as one:
        yield one
