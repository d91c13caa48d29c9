"""What is wrong with a cell of a map follows from what its neighbours reached, by more than noise."""

import math

import pytest

from experiments.diagnosis.outcome import Score, outcomes, score

NOISE = 0.01


def named(table: dict[float, list[float]], noise: float = NOISE) -> dict[float, list[str]]:
    """The outcomes of errors given by rate, for 1, 2, 3, ... epochs; NaN: no run."""
    cells = {
        (rate, epochs): Score(error, noise)
        for rate, errors in table.items()
        for epochs, error in enumerate(errors, start=1)
        if not math.isnan(error)
    }
    found = outcomes(cells)
    return {rate: [found[place] for place in sorted(found) if place[0] == rate] for rate in table}


HIGH, LOW, FEW, MANY, FINE, UNKNOWN = (
    "learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "too_many_epochs", "healthy", "inconclusive",
)  # fmt: skip


def test_five_regions_the_rate_before_the_epochs() -> None:
    found = named({1e-4: [0.9, 0.8, 0.7], 1e-2: [0.3, 0.05, 0.15], 1.0: [0.5, 0.9, 0.9]})
    assert found == {1e-4: [LOW, LOW, LOW], 1e-2: [FEW, FINE, MANY], 1.0: [HIGH, HIGH, HIGH]}


def test_a_difference_counts_above_two_standard_errors_of_the_difference() -> None:
    edge = 2 * math.hypot(NOISE, NOISE)
    assert named({1e-3: [0.1 + edge - 1e-9, 0.1], 1e-2: [0.1, 0.1]}) == {1e-3: [FINE, FINE], 1e-2: [FINE, FINE]}
    assert named({1e-3: [0.1 + edge + 1e-9, 0.1], 1e-2: [0.1, 0.1]})[1e-3] == [LOW, FINE]
    assert named({1e-3: [0.1 + edge + 1e-9, 0.1], 1e-2: [0.1 + edge, 0.1 + edge]})[1e-3] == [FEW, FINE]


def test_many_small_differences_do_not_add_up_from_neighbour_to_neighbour() -> None:
    # Each is within noise of the next, but the first is not within noise of the last.
    assert named({1e-3: [0.14], 1e-2: [0.12], 1e-1: [0.10]}) == {1e-3: [LOW], 1e-2: [FINE], 1e-1: [FINE]}


def test_the_best_at_the_edge_is_fine_since_nothing_beyond_is_known() -> None:
    assert named({1e-3: [0.5, 0.3], 1e-2: [0.4, 0.2]}) == {1e-3: [LOW, LOW], 1e-2: [FEW, FINE]}


def test_equally_good_on_both_sides_counts_the_lower_in_any_order_of_the_cells() -> None:
    table = {1e-3: [0.1], 1e-2: [0.5], 1e-1: [0.1]}
    assert named(table)[1e-2] == named(dict(reversed(table.items())))[1e-2] == [HIGH]
    assert named({1e-2: [0.1, 0.5, 0.1], 1e-1: [0.1, 0.5, 0.1]})[1e-2] == [FINE, MANY, FINE]


def test_holes_are_skipped_and_a_cell_alone_is_inconclusive() -> None:
    gap = math.nan
    assert named({1e-3: [0.1, gap], 1e-2: [gap, 0.9]}) == {1e-3: [UNKNOWN], 1e-2: [UNKNOWN]}
    assert named({1e-3: [0.1, gap], 1e-2: [0.9, 0.1]}) == {1e-3: [FINE], 1e-2: [HIGH, FINE]}
    assert outcomes({}) == {}


def test_of_guessing_everywhere_nothing_is_said_to_be_wrong() -> None:
    assert set(outcomes({(r, e): score([0.9], 360) for r in (1e-6, 1e-5) for e in (1, 2)}).values()) == {FINE}


@pytest.mark.parametrize(
    ("errors", "size", "expected"),
    [
        ([0.1], 100, (0.1, 0.03)),  # one seed: the binomial error alone
        ([0.0, 0.2], 100, (0.1, 0.03)),  # two say next to nothing about their scatter
        ([0.0, 0.1, 0.2], 100, (0.1, 0.1 / math.sqrt(3))),  # the scatter is the larger of the two
        ([0.1, 0.1, 0.1], 100, (0.1, 0.03)),  # more seeds on the same images do not measure better
        ([0.0], 100, (0.0, math.sqrt(0.005 * 0.995 / 100))),  # no finite set proves perfection
        ([1.0], 100, (1.0, math.sqrt(0.005 * 0.995 / 100))),
        ([0.2], None, (0.2, 0.01)),  # an unknown size: a share of the error
        ([0.2], 0, (0.2, 0.01)),
        ([math.nan, 0.2], 100, (0.6, math.sqrt(0.24 / 100))),  # a run that diverged has everything wrong
        ([math.inf], 100, (1.0, math.sqrt(0.005 * 0.995 / 100))),
    ],
)
def test_a_score_is_a_mean_with_its_standard_error(
    errors: list[float], size: int | None, expected: tuple[float, float]
) -> None:
    found = score(errors, size)
    assert (found.error, found.standard_error) == pytest.approx(expected)


def test_an_rmse_has_the_noise_of_a_root_and_may_be_above_one() -> None:
    assert score([3.0], 50, regression=True).standard_error == pytest.approx(0.3)
    assert score([3.0, 5.0, 7.0], 50, regression=True).standard_error == pytest.approx(2 / math.sqrt(3))


def test_a_regression_that_diverged_is_worse_than_any_and_no_worse_than_another() -> None:
    lost, bad = score([math.nan, 1.0], 50, regression=True), score([1e6], 50, regression=True)
    assert math.isinf(lost.error)
    assert lost.worse_than(bad)
    assert not bad.worse_than(lost)
    assert not lost.worse_than(lost)
    assert outcomes({(0.1, 1): bad, (1.0, 1): lost, (2.0, 1): lost}) == {(0.1, 1): FINE, (1.0, 1): HIGH, (2.0, 1): HIGH}


def test_no_runs_have_no_score() -> None:
    with pytest.raises(ValueError, match="at least one data point"):
        score([], 100)
