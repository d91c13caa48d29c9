"""A head on a pretrained body's features: it begins far above guessing in evaluation mode, and learns in five steps."""

import math
from typing import Any

import pytest
from trainings import decay, line, ours, stepped, training

from experiments.diagnosis.curves import Curves, Epoch
from experiments.diagnosis.doctor import diagnose_curves
from experiments.diagnosis.findings import Finding

GUESS = math.log(3)
BEFORE = Epoch(0, train_loss_eval=13.8, train_error=0.7, valid_loss=8.4, error=0.7)
"""As recorded: the batch norm of a new head does not know the features yet."""


def head(steps: list[float], last: dict[str, float], **more: Any) -> Curves:
    """One epoch of five steps."""
    known = {name: [value] for name, value in last.items()}
    settings = {"classes": 3, "valid_size": 83, "before": BEFORE, **ours(planned_epochs=1), **more}
    return training(**known, steps=stepped(steps, settings["learning_rate"]), **settings)  # type: ignore[arg-type]


def headline(curves: Curves) -> Finding:
    return diagnose_curves(curves).findings[0]


def test_five_steps_that_hardly_moved_the_loss_are_too_small_whatever_it_was_before() -> None:
    last = {"valid": 1.2, "train_eval": 1.22, "train": 1.29, "errors": 0.69, "train_errors": 0.7}
    found = diagnose_curves(head([1.35, 1.3, 1.32, 1.27, 1.25], last, learning_rate=1e-5)).findings
    assert [finding.symptom for finding in found] == ["learning_rate_too_low", "too_few_epochs"]
    assert found[0].evidence[0].endswith("after no more than 5 steps: it hardly moved")
    assert (found[0].confidence, found[0].overrides) == ("possible", ("optimizer.lr=0.0001",))


def test_five_steps_on_the_way_are_too_few() -> None:
    last = {"valid": 0.69, "train_eval": 0.66, "train": 1.0, "errors": 0.18, "train_errors": 0.15}
    assert headline(head([1.35, 1.2, 1.0, 0.8, 0.7], last)).symptom == "too_few_epochs"


@pytest.mark.parametrize("steps", [[2.3, 2.2, 3.5, 2.4, 2.3], [1.3, 1.3, 1.3, 1.3]])
def test_a_leap_or_less_than_five_steps_is_no_reason_for_a_higher_rate(steps: list[float]) -> None:
    last = {"valid": 1.1, "train_eval": 1.1, "train": 1.2, "errors": 0.6, "train_errors": 0.6}
    assert headline(head(steps, last)).symptom == "too_few_epochs"


def test_a_crawl_from_far_above_asks_for_a_hundred_times_the_rate() -> None:
    """Of 13.8 a twelfth is left, of what guessing loses everything."""
    levels = [1.25, 1.15, 1.12, 1.1, 1.09]
    curves = training(
        valid=levels, train_eval=levels, train=levels, errors=[0.7, 0.65, 0.62, 0.6, 0.6], train_errors=[0.6] * 5,
        classes=3, valid_size=83, before=BEFORE, steps=stepped(line(1.35, 1.1, 25)),
        **ours(learning_rate=1e-5, planned_epochs=5),
    )  # fmt: skip
    assert headline(curves).symptom == "learning_rate_too_low"
    assert headline(curves).overrides == ("optimizer.lr=0.001",)


def test_a_network_that_is_sure_of_wrong_answers_on_its_own_training_images_is_spoilt() -> None:
    """Its error is well below guessing's, and its validation loss below the one it began with: neither excuses it."""
    last = {"valid": 8.4 - 0.1, "train_eval": 7.4, "train": 1.28, "errors": 0.24, "train_errors": 0.26}
    finding = headline(head([1.35, 1.2, 1.1, 1.4, 1.2], last, learning_rate=0.1))
    assert (finding.symptom, finding.confidence) == ("learning_rate_too_high", "certain")
    assert finding.evidence == ("validation loss 8.3, guessing gives 1.1",)


def test_a_network_that_began_that_high_in_training_too_is_not_spoilt_by_its_rate() -> None:
    last = {"valid": 8.3, "train_eval": 8.2, "train": 8.4, "errors": 0.66, "train_errors": 0.66}
    assert headline(head(line(8.5, 8.3, 5), last)).symptom != "learning_rate_too_high"


def test_a_gap_between_two_losses_that_are_both_as_high_as_guessings_is_no_health() -> None:
    last = {"valid": 2.06, "train_eval": 0.89, "train": 1.13, "errors": 0.108, "train_errors": 0.096}
    assert headline(head([1.35, 1.2, 1.1, 1.1, 0.9], last, learning_rate=0.1)).symptom == "too_few_epochs"


def test_a_leap_that_came_back_is_a_note() -> None:
    losses = [*line(1.3, 4.0, 10), *decay(4.0, 0.001, 10)]
    curves = training(
        valid=[3.8, 8.2, 3.6, 2.9], train_eval=[4.2, 3.4, 0.7, 0.001], train=[1.3, 2.9, 1.2, 0.1],
        errors=[0.056, 0.042, 0.042, 0.056], train_errors=[0.03, 0.1, 0.01, 0.0],
        classes=3, valid_size=72, before=BEFORE, steps=stepped(losses, 0.5), **ours(learning_rate=0.5),
    )  # fmt: skip
    finding = headline(curves)
    assert finding.symptom == "healthy"
    assert any(
        line.startswith("note: the training loss rose to 2.") and line.endswith("a lower rate is safer")
        for line in finding.evidence
    )


def test_a_network_that_is_right_but_not_sure_of_it_after_five_short_epochs_had_too_low_a_rate() -> None:
    """25 steps at 1e-5: the error is a tenth of guessing's, half of the loss is left."""
    levels = [1.1, 0.9, 0.7, 0.62, 0.58]
    curves = training(
        valid=[0.95 * level for level in levels], train_eval=levels, train=[1.1 * level for level in levels],
        errors=[0.5, 0.3, 0.2, 0.1, 0.07], train_errors=[0.5, 0.3, 0.2, 0.1, 0.07],
        classes=3, valid_size=72, before=BEFORE, steps=stepped(line(1.35, 0.6, 25), 1e-5),
        **ours(learning_rate=1e-5, planned_epochs=5),
    )  # fmt: skip
    assert headline(curves).symptom == "learning_rate_too_low"
    assert headline(curves).overrides == ("optimizer.lr=0.0001",)


def test_a_loss_of_one_wild_image_has_not_stayed_where_it_was() -> None:
    """Almost all is right, and the loss as high as guessing's: no higher rate would help."""
    last = {"valid": 0.02, "train_eval": 1.11, "train": 1.1, "errors": 0.014, "train_errors": 0.012}
    curves = head([1.35, 1.2, 1.1, 1.1, 0.9], last, learning_rate=0.1)
    assert headline(curves).symptom != "learning_rate_too_low"
