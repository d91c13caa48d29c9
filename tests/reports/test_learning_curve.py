"""The learning curve: what twice the images should bring, within its range, and silence where nothing can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_runs import write_run, write_sweep

from experiments.reports.extrapolation import CannotTell, extrapolation, more_images_line
from experiments.reports.learning_curve import LearningCurve, Size, learning_curve
from experiments.runs.sweep import Sweep
from experiments.verbs import sweep as verb

IMAGES = 1000
SHARES = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)


def write_shares(
    folder: Path, errors: Mapping[float, Sequence[float]], *, valid: int = 360, with_seeds: bool = True, **more: Any
) -> Sweep:
    """A sweep of shares, an error a seed; an error of inf is a run that diverged."""
    jobs = {
        f"dataset.subset_fraction={share}" + (f",seed={seed}" if with_seeds else ""): (share, error, seed)
        for share, mine in errors.items()
        for seed, error in enumerate(mine)
    }
    swept = {
        name: {"dataset.subset_fraction": str(share)} | ({"seed": str(seed)} if with_seeds else {})
        for name, (share, _, seed) in jobs.items()
    }
    write_sweep(folder, swept, "training_images")
    for name, (share, error, _) in jobs.items():
        size = round(share * IMAGES)
        data = {"kind": "classification", "classes": ["0", "1"], "train_size": size, "valid_size": valid}
        status = "finished" if error < 1 else "diverged"
        write_run(folder / name, [(2.3, 2.3, 0.9), (0.1, 0.2, min(error, 1.0))], status=status, data=data, **more)
    return Sweep(folder)


def found_in(sweep: Sweep) -> LearningCurve:
    found = learning_curve(sweep)
    assert found is not None
    return found


def power(share: float, now: float = 0.04, slope: float = 0.5) -> float:
    return float(now * share**-slope)


def curve(errors: Mapping[int, Sequence[float]], valid: int = 360) -> LearningCurve:
    sizes = tuple(Size(images, tuple(mine), tuple(mine)) for images, mine in errors.items())
    return LearningCurve(sizes, valid, 0.9, 0)


def test_a_power_law_goes_on_as_it_is(tmp_path: Path) -> None:
    found = found_in(write_shares(tmp_path, {share: [power(share)] * 3 for share in SHARES}, valid=10**6))
    assert [size.images for size in found.sizes] == [50, 100, 200, 400, 700, 1000]
    law = extrapolation(found)
    assert law.twice == 2000
    assert law.at(2000) == pytest.approx(0.04 * 2**-0.5, rel=1e-6)
    low, high = law.range(2000)
    assert low < law.at(2000) < high
    assert high / low < 1.05
    assert law.gains_beyond_chance


def test_the_line_says_the_images_the_range_and_the_error_now(tmp_path: Path) -> None:
    found = found_in(write_shares(tmp_path, {share: [power(share)] * 3 for share in SHARES}, valid=50_000))
    assert more_images_line(found) == (
        "twice the images (2,000) should bring 2.7 to 3.0 % error, from 4.0 % now (four times in five; a power law "
        "through 3 sizes, at the same epochs)"
    )


def test_sizes_at_which_the_network_has_not_begun_do_not_count() -> None:
    flat_then_falling = {50: [0.9], 100: [0.89], 300: [0.2], 600: [0.2 * 2**-0.5], 1200: [0.1]}
    law = extrapolation(curve(flat_then_falling, valid=10**6))
    assert [size.images for size in law.sizes] == [300, 600, 1200]
    assert law.at(2400) == pytest.approx(0.1 * 2**-0.5, rel=1e-3)


def test_three_sizes_are_taken_even_where_they_lie_far_apart() -> None:
    law = extrapolation(curve({10: [0.4], 100: [0.2], 1000: [0.1]}))
    assert [size.images for size in law.sizes] == [10, 100, 1000]


def test_four_in_five_ranges_hold_the_error_that_comes() -> None:
    chance, valid, trials = np.random.default_rng(0), 400, 300

    def law() -> tuple[float, float]:
        difficulty = chance.random((1, valid))  # of the validation images, which all runs share
        sizes = (250, 400, 700, 1000)
        errors = {n: power(n / 1000, 0.06, 0.6) * chance.lognormal(0, 0.2, (3, 1)) for n in sizes}
        measured = {n: [float(share) for share in (difficulty < mine).mean(axis=1)] for n, mine in errors.items()}
        return extrapolation(curve(measured, valid)).range(2000)

    ranges = [law() for _ in range(trials)]
    held = sum(low <= power(2, 0.06, 0.6) <= high for low, high in ranges) / trials
    assert 0.74 < held < 0.86


def test_fewer_validation_images_more_scatter_and_less_agreement_widen_the_range() -> None:
    def width(spread: float, valid: int, miss: float) -> float:
        errors = {n: [power(n / 1000) * (1 - spread), power(n / 1000) * (1 + spread)] for n in (250, 500, 1000)}
        errors[500] = [error * miss for error in errors[500]]
        low, high = extrapolation(curve(errors, valid)).range(2000)
        return high / low

    assert width(0.0, 10_000, 1.0) < width(0.0, 300, 1.0)
    assert width(0.0, 10_000, 1.0) < width(0.3, 10_000, 1.0)
    assert width(0.0, 10_000, 1.0) < width(0.0, 10_000, 1.4)


def test_a_single_seed_is_enough(tmp_path: Path) -> None:
    found = found_in(write_shares(tmp_path, {share: [power(share)] for share in SHARES}, with_seeds=False))
    assert "twice the images (2,000) should bring" in more_images_line(found)


def test_a_gain_within_the_noise_is_said_to_be_chance() -> None:
    line = more_images_line(curve({400: [0.034, 0.040], 700: [0.033, 0.038], 1000: [0.032, 0.038]}))
    assert "should bring" in line
    assert "from 3.5 % now, no gain beyond chance (" in line


def test_an_error_that_no_longer_falls_gains_nothing_beyond_chance() -> None:
    line = more_images_line(curve({400: [0.033, 0.034], 700: [0.034, 0.032], 1000: [0.034, 0.034]}))
    assert "no gain beyond chance" in line


def test_an_error_that_rises_is_no_matter_of_images() -> None:
    with pytest.raises(CannotTell, match=r"the error rises from 300 images \(5\.0%\) to 1,200 \(20\.0%\)"):
        extrapolation(curve({300: [0.05], 600: [0.1], 1200: [0.2]}, valid=5000))


def test_no_error_left_is_no_zero_percent_forecast() -> None:
    line = more_images_line(curve({300: [0.1], 600: [0.01], 1200: [0.0]}))
    assert line == (
        "what more images would bring cannot be told: not one of the 360 validation images is wrong now. More of them "
        "would show what is left: dataset.valid_fraction=0.4"
    )


def test_a_zero_on_the_way_is_half_an_image() -> None:
    law = extrapolation(curve({300: [0.1], 600: [0.0], 1200: [0.002]}))
    low, high = law.range(law.twice)
    assert 0 < low < high <= 0.9


def test_a_range_is_never_above_guessing() -> None:
    wild = curve({300: [0.44, 0.01], 600: [0.02, 0.44], 1200: [0.3, 0.02]}, valid=10)
    assert extrapolation(wild).range(2400)[1] <= 0.9


@pytest.mark.parametrize(
    "errors",
    [
        {300: [0.2], 1200: [0.1]},
        {300: [0.8], 600: [0.3], 1200: [0.2]},
        {1200: [0.2]},
        {150: [0.1], 300: [0.1], 600: [0.1], 1200: [0.8]},
    ],
    ids=["two sizes", "two that have begun", "one size", "the largest has not begun"],
)
def test_too_few_sizes_and_what_to_type_instead(errors: dict[int, list[float]]) -> None:
    with pytest.raises(CannotTell, match=r"line needs 3, the largest among them\..*schedule\.epochs=16"):
        extrapolation(curve(errors))


def test_diverged_runs_are_left_out_and_counted(tmp_path: Path) -> None:
    errors = {share: [power(share)] * 2 for share in SHARES}
    errors[0.7] = [power(0.7), float("inf")]
    found = found_in(write_shares(tmp_path, errors))
    assert [len(size.valid) for size in found.sizes] == [2, 2, 2, 2, 1, 2]
    assert more_images_line(found).endswith("; 1 diverged run is left out)")


def test_failed_and_waiting_runs_are_no_sizes(tmp_path: Path) -> None:
    write_shares(tmp_path, {0.4: [0.1], 0.7: [0.08]}, with_seeds=False)
    jobs = {f"dataset.subset_fraction={share}": {"dataset.subset_fraction": str(share)} for share in (0.4, 0.7, 0.9, 1)}
    write_sweep(tmp_path, jobs, "training_images")
    write_run(tmp_path / "dataset.subset_fraction=0.9", [], status="failed")
    assert [size.images for size in found_in(Sweep(tmp_path)).sizes] == [400, 700]


def test_other_sweeps_have_no_learning_curve(tmp_path: Path) -> None:
    write_sweep(tmp_path / "rates", {f"optimizer.lr={rate}": {"optimizer.lr": rate} for rate in ("0.1", "0.2")})
    for rate in ("0.1", "0.2"):
        write_run(tmp_path / "rates" / f"optimizer.lr={rate}", [(2.3, 2.3, 0.9), (0.1, 0.2, 0.1)])
    assert learning_curve(Sweep(tmp_path / "rates")) is None
    assert learning_curve(write_shares(tmp_path / "one", {1.0: [0.1, 0.2]})) is None
    assert learning_curve(write_shares(tmp_path / "none", {0.5: [float("inf")], 1.0: [float("inf")]})) is None


def test_the_report_of_a_sweep_has_the_line_and_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = write_shares(tmp_path / "sweep", {share: [power(share)] * 2 for share in SHARES})
    monkeypatch.setattr(verb, "wants_pictures", lambda plan: False)
    assert not verb._report(sweep.path, pictures=False)
    printed = capsys.readouterr().out
    assert more_images_line(found_in(sweep)) in printed.splitlines()
    assert f"picture: {sweep.path / 'swept.png'}" in printed
    assert (sweep.path / "swept.png").read_bytes().startswith(b"\x89PNG")
