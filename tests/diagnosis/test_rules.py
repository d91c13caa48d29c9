"""Each rule of the doctor on trainings made by hand: what it sees, what it must not see, and what it says."""

import ast
import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from trainings import TEN, decay, good, line, one_cycle, ours, stepped, training

from experiments.config.expectation import VERDICTS
from experiments.diagnosis import thresholds
from experiments.diagnosis.curves import Curves, Epoch, Step
from experiments.diagnosis.doctor import diagnose_curves
from experiments.diagnosis.findings import Confidence, Finding, Symptom
from experiments.diagnosis.symptoms import SYMPTOMS as EXPLAINED

SYMPTOMS = {
    "learning_rate_too_high",
    "learning_rate_too_low",
    "too_few_epochs",
    "too_many_epochs",
    "late_collapse",
    "not_enough_data",
    "noisy_labels",
    "schedule_error",
    "healthy",
    "inconclusive",
}
CONFIDENCES = {"certain", "likely", "possible"}


def headline(curves: Curves) -> Finding:
    found = diagnose_curves(curves)
    assert found.verdict == found.findings[0].symptom
    return found.findings[0]


def verdict(curves: Curves) -> str:
    return diagnose_curves(curves).verdict


def symptoms(curves: Curves) -> list[str]:
    return [finding.symptom for finding in diagnose_curves(curves).findings]


def text(finding: Finding) -> str:
    return " ".join((*finding.evidence, finding.advice))


def test_a_run_that_goes_well_is_healthy_and_says_what_would_change_that() -> None:
    finding = headline(good())
    assert symptoms(good()) == ["healthy"]
    assert finding.confidence == "likely"
    assert finding.evidence[0] == "error 3.6 % after epoch 4, and it did not get worse"
    assert "the printed training loss is above the validation loss: no alarm" in finding.evidence[1]
    assert "It would be too many epochs if the error rose again by more than noise" in finding.advice
    assert finding.overrides
    assert all(override in finding.advice for override in finding.overrides)


# The rate is too high.


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_is_too_high_for_certain(bad: float) -> None:
    steps = list(good().steps)
    steps[60] = Step(60, steps[60].loss, steps[60].learning_rate, bad)
    finding = headline(good(steps=steps))
    assert (finding.symptom, finding.confidence) == ("learning_rate_too_high", "certain")
    assert "step 60" in finding.evidence[0]
    assert finding.overrides == ("optimizer.lr=0.0003",)
    assert "new model" in finding.advice


@pytest.mark.parametrize("where", ["loss", "train_loss_eval", "train_error", "valid_loss", "error", "train_loss"])
def test_any_number_that_is_none_is_too_high_for_certain(where: str) -> None:
    whole = good()
    if where == "loss":
        curves = good(steps=[*whole.steps[:-1], Step(87, math.nan, 1e-8, 1.0)])
    else:
        columns = {name: whole.column(name) for name in ("valid_loss", "error", "train_loss_eval", "train_error")}
        columns["train_loss"] = whole.column("train_loss")
        columns[where][2] = math.nan
        curves = good(
            valid=columns["valid_loss"],
            errors=columns["error"],
            train_eval=columns["train_loss_eval"],
            train_errors=columns["train_error"],
            train=columns["train_loss"],
        )
    finding = headline(curves)
    assert (finding.symptom, finding.confidence) == ("learning_rate_too_high", "certain")
    assert ("step 87" if where == "loss" else "epoch 3") in finding.evidence[0]


def test_a_run_that_diverged_before_its_first_epoch_is_too_high_too() -> None:
    finding = headline(training(**ours(status="diverged", learning_rate=0.5)))
    assert (finding.symptom, finding.confidence) == ("learning_rate_too_high", "certain")
    assert finding.overrides == ("optimizer.lr=0.05",)


def leaping(final: float, **more: object) -> Curves:
    """Falls to a fifth of guessing's by step 30, leaps to nine tenths, and ends where it is told to."""
    losses = [*decay(TEN, 0.2 * TEN, 30), *line(0.2 * TEN, 0.9 * TEN, 10), *decay(0.9 * TEN, final * TEN, 48)]
    rates = one_cycle(0.1, 88)
    errors = [0.4, 0.5, 0.3, 0.25] if final > 0.1 else [0.4, 0.3, 0.05, 0.01]
    return training(
        valid=[TEN, TEN, 2 * final * TEN, 1.1 * final * TEN],
        train_eval=[TEN, TEN, 2 * final * TEN, final * TEN],
        errors=errors,
        steps=stepped(losses, rates),
        before=Epoch(0, train_loss_eval=TEN, valid_loss=TEN, error=0.9),
        **ours(learning_rate=0.1, **more),
    )


def test_a_leap_that_was_made_good_did_no_harm() -> None:
    assert verdict(leaping(0.01)) == "healthy"


def test_a_leap_that_was_not_made_good_is_too_high_and_the_advice_is_the_rate_before_it() -> None:
    finding = headline(leaping(0.25))
    assert (finding.symptom, finding.confidence) == ("learning_rate_too_high", "likely")
    leap = re.search(r"leapt by (\d+\.\d) % of what guessing loses", finding.evidence[0])
    assert leap is not None
    assert 55 < float(leap[1]) < 75
    assert "lowest at a rate of 0.0967" in finding.evidence[0]
    assert finding.overrides == ("optimizer.lr=0.01",)
    assert finding.advice == (
        "Begin again with a new model at a lower rate, optimizer.lr=0.01; training on does not mend this one."
    )


def test_a_leap_while_the_rate_still_rises_advises_less_than_a_tenth() -> None:
    """Lowest at a rate of 0.02 on the way to 1: a third of that, not a tenth of one."""
    losses = [*decay(TEN, 0.3 * TEN, 10), *line(0.3 * TEN, 1.1 * TEN, 10), *[1.02 * TEN] * 80]
    rates = [*line(0.002, 0.02, 10), *line(0.12, 1.0, 20), *line(1.0, 1e-5, 70)]
    curves = training(
        valid=[1.02 * TEN] * 4, errors=[0.9] * 4, train_eval=[1.01 * TEN] * 4, steps=stepped(losses, rates),
        **ours(learning_rate=1.0),
    )  # fmt: skip
    finding = headline(curves)
    assert finding.symptom == "learning_rate_too_high"
    (override,) = finding.overrides
    assert 0.005 <= float(override.partition("=")[2]) <= 0.05


def test_a_training_loss_far_above_its_start_names_by_how_much() -> None:
    losses = [TEN, *line(TEN, 50 * TEN, 20), *decay(50 * TEN, 1.01 * TEN, 67)]
    curves = training(
        valid=[40.0, 5.0, 2.4, 2.33], train_eval=[40.0, 5.0, 2.4, 2.32], errors=[0.9, 0.91, 0.9, 0.9],
        steps=stepped(losses, one_cycle(0.5, 88)), before=Epoch(0, train_loss_eval=2.31, valid_loss=2.31, error=0.9),
        **ours(learning_rate=0.5),
    )  # fmt: skip
    finding = headline(curves)
    assert (finding.symptom, finding.confidence) == ("learning_rate_too_high", "certain")
    assert re.search(r"rose to (4\d|50)(\.\d)? times where it started", finding.evidence[0])
    assert "100.8 % of what guessing loses" in finding.evidence[0]


def test_what_was_known_until_late_and_then_forgotten_is_a_collapse_and_not_too_high() -> None:
    losses = [*decay(TEN, 0.05, 80), *line(0.05, 2.0, 10), *[2.0] * 10]
    curves = training(
        valid=[0.8, 0.4, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 2.2, 2.2],
        errors=[0.3, 0.1, 0.06, 0.05, 0.05, 0.05, 0.05, 0.05, 0.8, 0.8],
        train_errors=[0.3, 0.1, 0.05, 0.04, 0.04, 0.04, 0.04, 0.04, 0.8, 0.8],
        train_eval=[0.8, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 2.1, 2.1],
        steps=stepped(losses, 0.03),
        **ours(learning_rate=0.03, schedule="Constant", planned_epochs=10),
    )
    finding = headline(curves)
    assert finding.symptom == "late_collapse", text(finding)
    assert finding.overrides == ("optimizer.lr=0.01", "schedule=one_cycle")


# It cannot be told.


def test_a_one_cycle_that_was_stepped_once_an_epoch_is_a_schedule_error() -> None:
    def stepped_per_epoch(**more: object) -> Curves:
        rates = [rate for rate in line(0.00012, 0.0003, 4) for _ in range(22)]
        return training(
            valid=[2.2, 2.1, 2.0, 1.9], errors=[0.8, 0.75, 0.7, 0.65], steps=stepped(line(2.3, 1.9, 88), rates),
            **ours(**more),
        )  # fmt: skip

    finding = headline(stepped_per_epoch())
    assert (finding.symptom, finding.confidence) == ("schedule_error", "certain")
    assert finding.evidence[0] == "the highest rate of 88 steps is 0.0003; 0.003 is configured"
    assert "after each batch" in finding.advice
    assert len(diagnose_curves(stepped_per_epoch()).findings) == 1
    # Interrupted after four of forty epochs, the peak is still to come.
    early = stepped_per_epoch(status="interrupted", planned_epochs=40)
    assert "schedule_error" not in symptoms(early)


def test_a_one_cycle_of_a_single_step_is_too_short_and_no_schedule_error() -> None:
    short = training(
        valid=[0.69], errors=[0.5], steps=stepped([0.7], [0.00012]), **ours(learning_rate=0.003, planned_epochs=1)
    )
    assert headline(short).symptom == "too_few_epochs"


def test_a_rate_that_was_reached_is_no_schedule_error() -> None:
    assert verdict(good()) == "healthy"
    assert max(step.learning_rate or 0 for step in good().steps) == pytest.approx(3e-3)


def test_gradients_of_zero_mean_that_nothing_was_trained() -> None:
    curves = training(
        valid=[2.31, 2.31], errors=[0.9, 0.9], steps=stepped([2.3, 2.31] * 20, norms=0.0), **ours(planned_epochs=2)
    )
    finding = headline(curves)
    assert (finding.symptom, finding.confidence, finding.overrides) == ("inconclusive", "certain", ())
    assert "nothing was trained: the gradient is zero at every step" in finding.evidence[0]
    assert "requires_grad" in finding.advice


def test_epochs_that_repeat_each_other_to_the_last_digit_mean_that_nothing_was_trained() -> None:
    curves = training(
        valid=[2.31] * 3, train_eval=[2.3] * 3, errors=[0.9] * 3, before=Epoch(0, None, 2.3, None, 2.31, 0.9)
    )
    finding = headline(curves)
    assert finding.symptom == "inconclusive"
    assert "all 4 evaluations are the same to the last digit" in finding.evidence[0]


@pytest.mark.parametrize("status", [None, "running", "interrupted"])
def test_without_an_epoch_nothing_can_be_told(status: str | None) -> None:
    finding = headline(training(status=status))
    assert (finding.symptom, finding.confidence) == ("inconclusive", "certain")
    assert finding.evidence[0] == "no epoch is recorded" + (f" (the run is {status})" if status else "")
    assert finding.advice == "Train for at least one epoch."


def test_a_failed_run_says_what_stopped_it() -> None:
    finding = headline(training(**ours(status="failed"), failure="RuntimeError: out of memory"))
    assert finding.symptom == "inconclusive"
    assert "RuntimeError: out of memory" in finding.evidence[0]
    assert finding.overrides == ()


def test_of_training_losses_alone_nothing_can_be_told() -> None:
    for curves in (
        training(train=[2.0, 1.0, 0.1]),
        training(train=[2.0], steps=stepped(decay(2.3, 0.1, 50))),
        training(steps=stepped(decay(2.3, 0.1, 50))),
    ):
        finding = headline(curves)
        assert finding.symptom == "inconclusive"
        assert "neither a validation loss nor an error rate is recorded" in finding.evidence[0]


def sure_of_its_mistakes(**more: object) -> Curves:
    """Two classes, learned by heart: an error of 15 %, and a validation loss that rises above guessing's."""
    known: dict[str, object] = {
        "valid": [0.5, 0.42, 0.4, 0.45, 0.52, 0.6, 0.66, 0.72, 0.76, 0.8],
        "errors": [0.25, 0.18, 0.15, 0.15, 0.152, 0.15, 0.149, 0.15, 0.151, 0.15],
        "train": decay(0.6, 0.005, 10),
        "classes": 2,
    }
    return training(**{**known, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("evaluated", [False, True])
@pytest.mark.parametrize("leap", [None, 0.2])
def test_a_validation_loss_above_guessings_is_not_too_high_where_the_error_is_good(
    leap: float | None, evaluated: bool
) -> None:
    """LESSON, trap (c): that is over-confidence; and the training loss says that everything was fitted."""
    bump = [] if leap is None else [*line(0.02, 0.02 + leap, 8), *line(0.02 + leap, 0.02, 8)]
    steps = () if leap is None else stepped([*decay(0.69, 0.02, 60), *bump, *decay(0.02, 0.005, 60)])
    more = {"train_eval": decay(0.5, 0.003, 10)} if evaluated else {}
    finding = headline(sure_of_its_mistakes(steps=steps, **more))
    assert finding.symptom == "healthy", text(finding)
    assert "over-confidence" in text(finding)


def test_a_validation_loss_above_guessings_is_not_too_high_where_the_training_loss_is_near_zero() -> None:
    """The same of a file without errors."""
    assert verdict(sure_of_its_mistakes(errors=())) != "learning_rate_too_high"


# The error got worse.

ERRORS = (0.5, 0.3, 0.2, 0.12, 0.1, 0.1, 0.12, 0.15, 0.18, 0.2, 0.2)


def worse(**more: object) -> Curves:
    known: dict[str, object] = {
        "errors": ERRORS,
        "valid": [1.5, 0.9, 0.6, 0.4, 0.35, 0.36, 0.4, 0.5, 0.6, 0.7, 0.8],
        "train_eval": decay(1.4, 0.01, 11),
        "train_errors": decay(0.5, 0.005, 11),
    }
    return training(**{**known, **ours(planned_epochs=11, learning_rate=0.03), **more})  # type: ignore[arg-type]


def test_an_error_that_rose_while_training_went_on_is_too_many_epochs() -> None:
    finding = headline(worse())
    assert (finding.symptom, finding.confidence) == ("too_many_epochs", "certain")
    assert finding.overrides == ("schedule.epochs=5",)
    assert finding.evidence[0].startswith("error 10.7 % around epoch 5, error 20.0 % at the end; noise explains ")
    assert "the training error fell on, from 7.9" in finding.evidence[1] or "0.0792" in finding.evidence[1]
    assert finding.advice.startswith("Stop there: schedule.epochs=5. Then more data, or regularise")


def test_a_smaller_rise_is_likely_and_not_certain() -> None:
    errors = (0.5, 0.3, 0.2, 0.12, 0.1, 0.1, 0.11, 0.12, 0.13, 0.14, 0.14)
    finding = headline(worse(errors=errors))
    assert (finding.symptom, finding.confidence) == ("too_many_epochs", "likely")


def test_an_error_that_rose_with_the_training_error_is_a_late_collapse() -> None:
    finding = headline(worse(train_errors=ERRORS, train_eval=[3 * error for error in ERRORS]))
    assert (finding.symptom, finding.confidence) == ("late_collapse", "likely")
    assert finding.overrides == ("optimizer.lr=0.01",)
    assert "the training error rose too, from 0.107 to 0.2" in finding.evidence[1]
    assert "annealed" in finding.advice


def test_a_collapse_is_seen_by_the_training_loss_where_no_training_error_is_recorded() -> None:
    finding = headline(worse(train_errors=(), train_eval=[3 * error**2 for error in ERRORS]))
    assert finding.symptom == "late_collapse"
    assert "the training loss rose too" in finding.evidence[1]


def test_a_collapse_at_a_constant_rate_is_also_advised_to_anneal() -> None:
    finding = headline(worse(train_errors=ERRORS, schedule="Constant"))
    assert finding.overrides == ("optimizer.lr=0.01", "schedule=one_cycle")


def test_a_higher_error_in_the_high_rate_middle_of_a_schedule_is_not_called_worse() -> None:
    def cut_off(schedule: str) -> str:
        steps = stepped(decay(TEN, 0.2, 110), line(0.001, 0.03, 110))
        return verdict(worse(schedule=schedule, planned_epochs=40, status="interrupted", steps=steps))

    assert cut_off("OneCycle") != "too_many_epochs"
    assert cut_off("Constant") == "too_many_epochs"


def test_an_error_that_never_was_better_than_guessing_cannot_get_worse() -> None:
    errors = [0.85, 0.8, 0.76, 0.75, 0.76, 0.8, 0.85, 0.88, 0.9, 0.9]
    curves = training(errors=errors, valid=[2.3] * 9 + [2.29], train_eval=[2.3] * 9 + [2.29])
    assert verdict(curves) not in ("too_many_epochs", "late_collapse")


def test_a_minimum_at_the_end_is_no_rise() -> None:
    errors = [0.3, 0.05, 0.2, 0.15, 0.1, 0.08, 0.06, 0.04]
    curves = worse(errors=errors, valid=decay(1, 0.1, 8), train_eval=decay(1, 0.1, 8), train_errors=errors)
    assert verdict(curves) == "healthy"


@pytest.mark.parametrize("seed", range(5))
def test_chance_alone_rarely_looks_like_too_many_epochs(seed: int) -> None:
    """Fifty trainings whose true error stays at a tenth, each epoch measured on 400 other images."""
    chance = random.Random(seed)

    def measured(true: float) -> float:
        return sum(chance.random() < true for _ in range(400)) / 400

    alarms = 0
    for _ in range(50):
        errors = [measured(true) for true in (0.6, 0.3, 0.15, *[0.1] * 22)]
        curves = training(
            errors=errors, valid=decay(1.5, 0.3, 25), train_eval=decay(1.4, 0.05, 25), valid_size=400,
            **ours(planned_epochs=25),
        )  # fmt: skip
        alarms += verdict(curves) != "healthy"
    assert alarms <= 2


def test_a_rise_that_doubles_the_error_is_never_missed() -> None:
    chance = random.Random(0)
    for _ in range(30):
        true = [0.6, 0.3, 0.15, *[0.1] * 7, *line(0.1, 0.25, 10), *[0.25] * 5]
        errors = [sum(chance.random() < t for _ in range(400)) / 400 for t in true]
        curves = training(
            errors=errors, valid=decay(1.5, 0.3, 25), train_eval=decay(1.4, 0.05, 25), valid_size=400,
            **ours(planned_epochs=25),
        )  # fmt: skip
        assert verdict(curves) == "too_many_epochs"


@pytest.mark.parametrize("training_loss", [0.1, 0.001, 1e-6])
def test_the_gap_alone_is_never_an_alarm(training_loss: float) -> None:
    shares = decay(1, training_loss / 0.4, 12)
    curves = training(
        valid=[2.0, 1.0, 0.6, 0.5, *[0.4] * 8],
        train_eval=[0.4 * share for share in shares],
        train=[0.5 * share for share in shares],
        errors=[0.6, 0.3, 0.2, 0.15, *[0.1] * 8],
        train_errors=[0.5, 0.2, 0.1, *[0.0] * 9],
        **ours(planned_epochs=12),
    )
    assert symptoms(curves) == ["healthy"]


def test_a_validation_loss_that_rises_while_the_error_stays_is_a_note_and_no_alarm() -> None:
    curves = training(
        valid=[1.0, 0.5, 0.3, 0.3, 0.3, 0.35, 0.45, 0.55, 0.65, 0.7],
        errors=[0.3, 0.15, 0.1, 0.09, 0.09, 0.09, 0.088, 0.09, 0.088, 0.089],
        train_eval=decay(1.0, 0.001, 10),
        **ours(planned_epochs=10),
    )
    finding = headline(curves)
    assert symptoms(curves) == ["healthy"]
    (note,) = [line for line in finding.evidence if "over-confidence" in line]
    assert note.startswith("note: over-confidence: the validation loss rose from 0.3 (epoch 4) to 0.675")
    assert "the error did not rise beyond noise" in note


def test_where_the_error_rose_too_nothing_is_called_over_confidence() -> None:
    assert not any("over-confidence" in evidence for evidence in headline(worse()).evidence)


def noisy(**more: object) -> Curves:
    known: dict[str, object] = {
        "errors": [0.6, 0.4, 0.32, 0.3, 0.3, 0.3, 0.33, 0.36, 0.38, 0.4, 0.4],
        "train_errors": [0.6, 0.4, 0.32, 0.3, 0.3, 0.28, 0.2, 0.1, 0.05, 0.01, 0.0],
        "valid": [1.8, 1.4, 1.2, 1.1, 1.1, 1.15, 1.2, 1.3, 1.5, 1.6, 1.7],
        "train_eval": [1.8, 1.4, 1.2, 1.1, 1.05, 1.0, 0.7, 0.4, 0.2, 0.1, 0.05],
    }
    return training(**{**known, **ours(planned_epochs=11), **more})  # type: ignore[arg-type]


def test_noisy_labels_are_possible_and_never_the_headline() -> None:
    first, second = diagnose_curves(noisy()).findings
    assert first.symptom == "too_many_epochs"
    assert (second.symptom, second.confidence, second.overrides) == ("noisy_labels", "possible", ())
    assert "training error is 29.3 % and the validation error 30.0 %" in second.evidence[0]
    assert "falls to 0.5 % while the other rises" in second.evidence[0]
    assert "predictions.csv" in second.advice


def test_noisy_labels_are_not_named_where_the_training_error_was_near_zero_at_the_best_epoch() -> None:
    assert symptoms(worse()) == ["too_many_epochs"]


def test_noisy_labels_are_not_the_headline_of_a_run_that_was_cut_off_at_a_high_rate() -> None:
    steps = stepped(decay(TEN, 1.0, 110), line(0.001, 0.03, 110))
    curves = noisy(planned_epochs=40, status="interrupted", steps=steps)
    assert verdict(curves) != "noisy_labels"


@pytest.mark.parametrize(("counts", "noted"), [({"cat": 200, "dog": 50}, True), ({"cat": 200, "dog": 150}, False)])
def test_classes_of_different_sizes_are_a_note_and_no_alarm(counts: dict[str, int], noted: bool) -> None:
    finding = headline(good(class_counts=counts))
    assert finding.symptom == "healthy"
    notes = [line for line in finding.evidence if "class imbalance" in line]
    assert len(notes) == noted
    if noted:
        assert "200 training images of cat, 50 of dog" in notes[0]
        assert "no harm" in notes[0]


def test_a_class_without_a_single_training_image_is_noted() -> None:
    assert "0 of dog" in text(headline(good(class_counts={"cat": 200, "dog": 0})))


# The network is not fitted enough.


def test_one_epoch_with_a_printed_loss_of_five_times_the_validation_loss_is_too_few() -> None:
    curves = training(
        train=[0.6], valid=[0.12], errors=[0.05], steps=stepped(decay(1.4, 0.2, 30)),
        **ours(planned_epochs=1),
    )  # fmt: skip
    first, second = diagnose_curves(curves).findings
    assert (first.symptom, first.confidence, first.overrides) == ("too_few_epochs", "likely", ("schedule.epochs=2",))
    assert "0.6 on average" in first.evidence[0]
    assert "0.12 after it" in first.evidence[0]
    assert first.advice == "Twice as many epochs: schedule.epochs=2. If that crawls, a higher rate."
    assert (second.symptom, second.confidence, second.overrides) == (
        "learning_rate_too_low", "possible", ("optimizer.lr=0.03",),
    )  # fmt: skip
    assert "optimizer.lr=0.03" in second.advice


def test_several_epochs_with_a_printed_loss_of_five_times_the_validation_loss_are_fine() -> None:
    curves = training(train=[2.0, 1.0, 0.6], valid=[0.3, 0.15, 0.12], errors=[0.1, 0.06, 0.05])
    assert symptoms(curves) == ["healthy"]


def crawling(last: float, **more: object) -> Curves:
    """Five epochs of twenty-two steps, straight down from guessing's to so many shares of it."""
    levels = [share * TEN for share in line(1.0, last, 6)[1:]]
    return training(
        valid=[1.002 * level for level in levels],
        train_eval=levels,
        errors=[min(0.9, level / TEN * 0.9) for level in levels],
        before=Epoch(0, train_loss_eval=TEN, valid_loss=TEN, error=0.9),
        steps=stepped(line(TEN, last * TEN, 110), 1e-5),
        **ours(learning_rate=1e-5, planned_epochs=5, **more),
    )


def test_a_loss_that_hardly_moved_asks_for_a_hundred_times_the_rate() -> None:
    first, second = diagnose_curves(crawling(0.98)).findings
    assert (first.symptom, first.confidence, first.overrides) == (
        "learning_rate_too_low", "likely", ("optimizer.lr=0.001",),
    )  # fmt: skip
    assert first.evidence[0].startswith("training loss 2.257 and validation loss 2.261 (guessing gives 2.303) after 5")
    assert first.advice == "A hundred times the rate: optimizer.lr=0.001."
    assert (second.symptom, second.overrides) == ("too_few_epochs", ("schedule.epochs=10",))


def test_a_loss_that_moved_asks_for_ten_times_the_rate() -> None:
    first = headline(crawling(0.8))
    assert (first.symptom, first.overrides) == ("learning_rate_too_low", ("optimizer.lr=0.0001",))
    assert first.advice == "Ten times the rate: optimizer.lr=0.0001."


def test_a_run_that_was_cut_off_after_four_steps_has_too_few_epochs() -> None:
    curves = training(
        valid=[2.0], train_eval=[2.0], errors=[0.7], steps=stepped([2.3, 2.2, 2.1, 2.05]), **ours(planned_epochs=1)
    )
    first, second = diagnose_curves(curves).findings
    assert first.symptom == "too_few_epochs"
    assert "after no more than 4 steps" in first.evidence[0]
    assert first.overrides == ("schedule.epochs=15",)  # sixty steps
    assert first.advice.startswith("More epochs: schedule.epochs=15")
    assert second.symptom == "learning_rate_too_low"


@pytest.mark.parametrize("steps_recorded", [True, False])
def test_a_hard_problem_that_has_stopped_falling_is_not_called_too_low(steps_recorded: bool) -> None:
    """Half of guessing's loss on both sides for most of ten epochs at a constant rate."""
    plateau = 0.5 * TEN
    losses = [*decay(TEN, plateau, 60), *[plateau * (1 + 0.02 * (-1) ** i) for i in range(440)]]
    curves = training(
        valid=[0.55 * TEN, *[1.01 * plateau] * 8, 1.009 * plateau],
        train_eval=[0.54 * TEN, *[plateau] * 8, 0.999 * plateau],
        errors=[0.5, *[0.45] * 9],
        steps=stepped(losses) if steps_recorded else (),
        **ours(schedule="Constant", planned_epochs=10),
    )
    finding = headline(curves)
    assert finding.symptom not in ("learning_rate_too_low", "too_few_epochs"), text(finding)


def test_a_training_loss_below_the_validation_loss_is_never_called_not_fitted() -> None:
    """LESSON: this is how every well-trained model looks, whatever is left of the validation loss."""
    curves = training(
        valid=[2.0, 1.5, 1.2, 1.1, 1.05], train_eval=[1.9, 1.2, 0.9, 0.6, 0.4], errors=[0.6, 0.5, 0.45, 0.42, 0.4]
    )
    assert verdict(curves) == "healthy"


ANNEALED = [5.0, 4.0, 3.4, 3.0, *decay(2.9, 1.2, 86)]
"""The validation loss of a network on a thousand classes that goes well for ninety epochs, to 29 % error."""


@pytest.mark.parametrize("smoothing", [0.0, 0.7])
def test_a_well_trained_network_on_a_thousand_classes_is_healthy(smoothing: float) -> None:
    """As most published ones are logged: the printed training loss alone, above the validation loss for augmentation
    and, with smoothed labels, both with a floor that no training goes below. Issue 3: of 492 such runs at most a few
    in a hundred went wrong."""
    finding = headline(
        training(
            classes=1000, valid_size=50_000, train=[1.2 * loss + 0.3 + smoothing for loss in ANNEALED],
            valid=[loss + smoothing for loss in ANNEALED], errors=[0.9, 0.8, 0.7, 0.62, *decay(0.6, 0.29, 86)],
        )
    )  # fmt: skip
    assert finding.symptom == "healthy", text(finding)


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("count", [4, 10])
def test_smoothed_labels_keep_a_loss_high_and_are_no_alarm(count: int, recorded: bool) -> None:
    """A quarter of guessing's loss is left on both sides, and two images of a hundred are wrong."""
    levels = decay(1.0, 0.59, count)
    curves = training(
        valid=[level + 0.01 for level in levels], train_eval=levels, errors=decay(0.2, 0.02, count),
        train_errors=decay(0.2, 0.01, count), steps=stepped(decay(TEN, 0.6, 22 * count)) if recorded else (),
        **ours(planned_epochs=count),
    )  # fmt: skip
    finding = headline(curves)
    assert finding.symptom == "healthy", text(finding)


# Scale: the number of classes, regression.


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_the_verdicts_do_not_depend_on_the_number_of_classes(classes: int) -> None:
    guess, chance = math.log(classes), 1 - 1 / classes
    known = {"classes": classes, "valid_size": 5000}
    assert verdict(good(guess, **known)) == "healthy"
    low = line(1.0, 0.97, 6)[1:]
    assert headline(
        training(
            valid=[share * guess for share in low], train_eval=[share * guess for share in low],
            errors=[share * chance for share in low], steps=stepped([x * guess for x in line(1, 0.97, 110)]),
            **known, **ours(learning_rate=1e-5, planned_epochs=5),
        )
    ).overrides == ("optimizer.lr=0.001",)  # fmt: skip
    high = headline(training(valid=[3.1 * guess], train_eval=[3 * guess], errors=[chance], **known))
    assert (high.symptom, high.confidence) == ("learning_rate_too_high", "certain")
    assert re.search(r"validation loss \d\S*, guessing gives \d", high.evidence[0])
    few = training(
        valid=[0.4 * guess], train_eval=[0.4 * guess], errors=[0.4 * chance],
        steps=stepped(decay(guess, 0.4 * guess, 60)), **known, **ours(planned_epochs=1),
    )  # fmt: skip
    assert verdict(few) == "too_few_epochs"


def regression(valid: list[float], **more: object) -> Curves:
    """A line of a step an epoch: squares of 8 before training, of 3 by guessing the mean."""
    known: dict[str, object] = {
        "valid": valid,
        "train_eval": valid,
        "errors": [math.sqrt(value) for value in valid],
        "before": Epoch(0, train_loss_eval=8.0, valid_loss=8.0, error=math.sqrt(8)),
        "steps": stepped([8.0, *valid[:-1]], 0.1),
        "regression": True,
        "classes": None,
        "valid_size": 20,
        "guess_loss": 3.0,
        "guess_error": math.sqrt(3),
    }
    return training(**{**known, **ours(learning_rate=0.1, planned_epochs=100), **more})  # type: ignore[arg-type]


def test_a_line_is_healthy_once_it_lies_on_its_points() -> None:
    curves = regression([max(0.08, 8 * 0.8**epoch) for epoch in range(1, 101)])
    finding = headline(curves)
    assert finding.symptom == "healthy"
    assert finding.evidence[0] == "rmse 0.283 after epoch 100, and it did not get worse"


def test_a_line_whose_error_grows_is_too_high() -> None:
    values = [8 * 1.3**epoch for epoch in range(1, 101)]
    finding = headline(regression(values, learning_rate=1.1, steps=stepped([8.0, *values[:-1]], 1.1)))
    assert (finding.symptom, finding.overrides) == ("learning_rate_too_high", ("optimizer.lr=0.1",))


def test_a_line_that_creeps_is_too_low() -> None:
    finding = headline(regression([8 * 0.997**epoch for epoch in range(1, 101)], learning_rate=0.001))
    assert (finding.symptom, finding.overrides) == ("learning_rate_too_low", ("optimizer.lr=0.01",))


def test_a_regression_that_got_worse_speaks_of_rmse() -> None:
    values = [*decay(8, 0.1, 50), *line(0.1, 1.0, 50)]
    curves = regression(values, train_eval=decay(8, 0.01, 100), valid_size=1000)
    finding = headline(curves)
    assert finding.symptom == "too_many_epochs"
    assert "rmse 0.3" in finding.evidence[0]
    assert "%" not in finding.evidence[0]
    assert 48 <= int(finding.overrides[0].partition("=")[2]) <= 52


# Notes, words and constants.


CUT_SHORT = ["interrupted", "running", "killed", "failed"]


@pytest.mark.parametrize("status", CUT_SHORT)
@pytest.mark.parametrize("make", [good, lambda **more: replace(crawling(0.98), **more)], ids=["good", "slow"])
def test_a_run_that_is_not_at_its_end_is_not_judged_by_what_it_has_not_learned_yet(
    make: Callable[..., Curves], status: str
) -> None:
    finding = headline(make(status=status, planned_epochs=8))
    assert (finding.symptom, finding.confidence, finding.overrides) == ("inconclusive", "certain", ())
    assert re.fullmatch(
        rf"the run is {status} after [45] of 8 epochs, and so far nothing went wrong", finding.evidence[0]
    )
    assert not any("the run is" in evidence for evidence in headline(make()).evidence)


@pytest.mark.parametrize("status", CUT_SHORT)
def test_what_is_wrong_already_is_said_of_an_unfinished_run_too(status: str) -> None:
    for curves in (leaping(0.25, status=status), worse(status=status)):
        finding = headline(replace(curves, planned_epochs=40))
        assert finding.symptom in ("learning_rate_too_high", "too_many_epochs")
        assert any(said.startswith(f"note: the run is {status} after ") for said in finding.evidence)


@pytest.mark.parametrize("status", CUT_SHORT)
def test_an_unfinished_run_with_all_its_epochs_is_judged(status: str) -> None:
    assert verdict(good(status=status)) == "healthy"


ZOO: dict[str, Callable[[], Curves]] = {
    "good": good,
    "nothing": training,
    "diverged": lambda: training(**ours(status="diverged")),
    "leapt": lambda: leaping(0.25),
    "healed": lambda: leaping(0.01),
    "worse": worse,
    "collapsed": lambda: worse(train_errors=ERRORS),
    "noisy": noisy,
    "low": lambda: crawling(0.98),
    "imbalanced": lambda: good(class_counts={"a": 300, "b": 3}),
    "stranger": lambda: training(valid=[0.1, 0.2], classes=None, valid_size=None),
    "errors alone": lambda: training(errors=[0.1, 0.05], classes=None, valid_size=None),
    "one number": lambda: training(errors=[0.1], classes=None, valid_size=None),
    "one class": lambda: training(valid=[0.0], errors=[0.0], classes=1),
    "perfect": lambda: good(valid=[0.0] * 4, train_eval=[0.0] * 4, errors=[0.0] * 4, train=[0.0] * 4),
    "all zero": lambda: training(valid=[0.0] * 4, errors=[0.0] * 4, steps=stepped([0.0] * 20)),
    "negative loss": lambda: training(valid=[-1.0, -2.0, -3.0, -4.0], train=[-1.0, -2.0, -3.0, -4.0], classes=None),
    "rate of zero": lambda: good(learning_rate=0.0, steps=stepped([2.3] * 20, 0.0)),
    "no validation images": lambda: good(valid_size=0),
    "line": lambda: regression([8 * 0.8**epoch for epoch in range(1, 101)]),
    "perfect line": lambda: regression([*decay(8, 1e-12, 99), 0.0]),
}


@pytest.mark.parametrize("name", ZOO)
def test_every_finding_is_in_the_contracts_words(name: str) -> None:
    found = diagnose_curves(ZOO[name]())
    assert found.findings
    assert found.verdict == found.findings[0].symptom != "noisy_labels"
    assert len({finding.symptom for finding in found.findings}) == len(found.findings)
    for finding in found.findings:
        assert finding.symptom in SYMPTOMS
        assert finding.confidence in CONFIDENCES
        assert finding.advice.endswith(".")
        assert isinstance(finding.evidence, tuple)
        assert isinstance(finding.overrides, tuple)
        assert all(re.fullmatch(r"[a-z_.]+=\S+", override) for override in finding.overrides)
        assert not any("nan" in line or "None" in line for line in finding.evidence)


@pytest.mark.parametrize("name", ["leapt", "worse", "collapsed", "noisy", "low", "good"])
def test_the_evidence_of_a_headline_holds_numbers(name: str) -> None:
    assert re.search(r"\d", headline(ZOO[name]()).evidence[0])


def test_the_code_knows_the_contracts_words_and_no_others() -> None:
    assert set(get_args(Symptom)) == SYMPTOMS
    assert set(get_args(Confidence)) == CONFIDENCES


HOME = Path(thresholds.__file__)


def constants() -> dict[str, ast.stmt | None]:
    """Each constant of thresholds.py, and what stands after it."""
    body = ast.parse(HOME.read_text()).body
    found: dict[str, ast.stmt | None] = {}
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found |= {target.id: following for target in targets if isinstance(target, ast.Name)}
    return found


def test_every_threshold_has_its_reason() -> None:
    found = constants()
    assert len(found) > 20
    for name, following in found.items():
        assert name.isupper(), name
        assert isinstance(following, ast.Expr), name
        assert isinstance(following.value, ast.Constant), name
        assert len(str(following.value.value)) > 30, name


def test_every_threshold_is_used_by_the_doctor() -> None:
    modules = [path.read_text() for path in HOME.parent.rglob("*.py") if path != HOME]
    used = {
        node.id
        for module in modules
        for node in ast.walk(ast.parse(module))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert set(constants()) - used == set()


def test_no_rule_compares_with_a_number_of_its_own() -> None:
    """Issue 3: every threshold is one named constant with its reason."""
    found = []
    for path in (HOME.parent / "rules").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare):
                numbers = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
                floats = [n for n in numbers if isinstance(n, float) and n not in (0.0, 1.0)]
                found += [f"{path.name}:{node.lineno}: {number}" for number in floats]
    assert found == []


@pytest.mark.parametrize("wrong_labels", [0.1, 0.3])
def test_a_network_that_is_as_sure_as_its_errors_warrant_is_not_called_too_low(wrong_labels: float) -> None:
    """Wrong labels keep loss and error high in a network that has learned all that can be learned."""
    right = 1 - wrong_labels
    entropy = -right * math.log(right) - wrong_labels * math.log(wrong_labels / 9)
    shape = {
        "valid": [1.8, *[entropy + 0.04] * 3],
        "train_eval": [1.8, *[entropy + 0.03] * 3],
        "errors": [0.6, *[wrong_labels] * 3],
        "train_errors": [0.6, *[wrong_labels] * 3],
        **ours(),
    }
    assert verdict(training(**shape)) == "healthy"
    unsure = {**shape, "valid": [2.2, 2.0, 1.9, 1.8], "train_eval": [2.2, 2.0, 1.9, 1.8]}
    assert verdict(training(**unsure)) == "learning_rate_too_low"


def test_noisy_batches_are_no_leap() -> None:
    """Where labels are wrong each batch has another loss: among hundreds, chance alone makes a rise."""
    chance = random.Random(0)
    for _ in range(20):
        losses = [(0.55 + 0.35 * 0.97**i) * TEN + chance.gauss(0, 0.14) for i in range(350)]
        curves = training(
            valid=[1.4, 1.35, 1.3, 1.3], train_eval=[1.4, 1.35, 1.3, 1.3], errors=[0.35, 0.32, 0.31, 0.31],
            train_errors=[0.35, 0.32, 0.31, 0.31], steps=stepped(losses), **ours(),
        )  # fmt: skip
        assert verdict(curves) == "healthy"


def test_what_may_be_expected_is_what_may_be_diagnosed() -> None:
    assert set(VERDICTS) == set(get_args(Symptom)) == set(EXPLAINED)
