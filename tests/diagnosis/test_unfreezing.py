"""Runs of two phases: first the head on a frozen body, then every layer at rates of its own."""

import math
from dataclasses import replace

import pytest
from trainings import by_epoch, decay, line, one_cycle, stepped, two_phases

from experiments import compose
from experiments.diagnosis.comparison import slices
from experiments.diagnosis.curves import Curves, Epoch
from experiments.diagnosis.doctor import diagnose_curves
from experiments.diagnosis.findings import Finding
from experiments.diagnosis.phases import phases
from experiments.diagnosis.report import diagnose

GUESS = math.log(3)
FROZEN = decay(GUESS, 0.1 * GUESS, 80)
"""Four epochs that go well."""


def headline(curves: Curves) -> Finding:
    return diagnose_curves(curves).findings[0]


def after(losses: list[float], each: int = 20) -> Curves:
    """The lesson's path with other losses in its unfrozen steps, and what they leave behind."""
    rates = [*one_cycle(3e-3, 80), *one_cycle(3e-4, len(losses))]
    return two_phases(steps=by_epoch(stepped([*FROZEN, *losses], rates), each))


def test_each_phase_is_a_training_of_its_own() -> None:
    frozen, unfrozen = phases(two_phases())
    assert [epoch.epoch for epoch in frozen.epochs] == [1, 2, 3, 4]
    assert [epoch.epoch for epoch in unfrozen.epochs] == [5, 6]
    assert (len(frozen.steps), len(unfrozen.steps)) == (80, 40)
    assert (frozen.planned_epochs, unfrozen.planned_epochs) == (4, 2)
    assert (frozen.learning_rate, unfrozen.learning_rate) == (3e-3, pytest.approx(3e-4))
    assert unfrozen.before == frozen.epochs[-1]
    assert frozen.status == "finished"


def test_a_phase_that_has_not_begun_is_none() -> None:
    whole = two_phases(status="interrupted")
    early = replace(whole, epochs=whole.epochs[:3], steps=whole.steps[:60])
    (frozen,) = phases(early)
    assert (frozen.planned_epochs, frozen.status) == (4, "interrupted")
    assert headline(early).evidence == ("the run is interrupted after 3 of 6 epochs, and so far nothing went wrong",)


def test_the_lessons_path_is_healthy_and_says_what_the_unfreezing_brought() -> None:
    found = diagnose_curves(two_phases(errors=[0.045, 0.036, 0.036, 0.036, 0.027, 0.027]))
    assert [finding.symptom for finding in found.findings] == ["healthy"]
    assert found.findings[0].evidence[0] == (
        "error 2.7 % after epoch 6, and it did not get worse (3.6 % before the unfreezing, after epoch 4)"
    )


def test_the_second_rise_of_the_rate_is_no_error_of_the_schedule() -> None:
    assert max(step.learning_rate or 0 for step in phases(two_phases())[1].steps) == pytest.approx(3e-4)
    assert headline(two_phases()).symptom == "healthy"


def test_a_rate_that_the_second_phase_never_reached_is_one() -> None:
    rates = [*one_cycle(3e-3, 80), *([1.2e-5] * 40)]
    losses = [step.loss or 0.0 for step in two_phases().steps]
    finding = headline(two_phases(steps=by_epoch(stepped(losses, rates), 20)))
    assert finding.symptom == "schedule_error"
    assert finding.evidence == ("after the unfreezing, the highest rate of 40 steps is 1.2e-05; 0.0003 is configured",)


def test_a_jump_of_the_printed_loss_at_the_unfreezing_is_no_leap() -> None:
    """The head learned on pictures as they are, and every layer learns on augmented ones."""
    curves = after(decay(0.9 * GUESS, 0.3 * GUESS, 40))
    assert headline(curves).symptom == "healthy"


# The rates of the unfrozen layers are too high.


def leapt() -> Curves:
    losses = [*line(0.1 * GUESS, 1.2 * GUESS, 12), *line(1.2 * GUESS, 0.8 * GUESS, 28)]
    spoilt = {
        "train_eval": [0.25, 0.08, 0.06, 0.05, 1.0, 0.9],
        "train_errors": [0.05, 0.03, 0.02, 0.015, 0.5, 0.4],
        "valid": [0.2, 0.094, 0.082, 0.077, 1.1, 0.95],
        "errors": [0.045, 0.036, 0.036, 0.027, 0.5, 0.4],
    }
    return two_phases(steps=after(losses).steps, **spoilt)


def test_a_leap_after_the_unfreezing_asks_for_lower_rates_of_the_unfrozen_layers() -> None:
    finding = headline(leapt())
    assert finding.symptom == "learning_rate_too_high"
    assert finding.evidence[0].startswith("after the unfreezing, ")
    assert finding.overrides[0].startswith("schedule.unfrozen_lr=[")
    assert "optimizer.lr" not in finding.advice
    assert finding.overrides[0] in finding.advice


def test_the_advised_rates_are_a_tenth_and_can_be_typed() -> None:
    steps = by_epoch(stepped([*FROZEN, *line(0.1 * GUESS, GUESS, 40)], [*one_cycle(3e-3, 80), *([3e-4] * 40)]), 20)
    curves = replace(leapt(), steps=steps, overrides=("recipe=bears", "model.weights=none", "dataset.root=."))
    found = diagnose(curves)
    assert found.findings[0].overrides == ("schedule.unfrozen_lr=[0.001,0.01]",)
    assert found.command == (
        "experiments fit recipe=bears model.weights=none dataset.root=. 'schedule.unfrozen_lr=[0.001,0.01]'"
    )
    configuration = compose([*curves.overrides, *found.findings[0].overrides])
    assert configuration["schedule"]["unfrozen_lr"] == [0.001, 0.01]


def test_a_loss_that_is_no_number_says_in_which_phase() -> None:
    curves = after([*([0.1] * 20), math.nan, *([0.1] * 19)])
    finding = headline(replace(curves, status="diverged"))
    assert (finding.symptom, finding.confidence) == ("learning_rate_too_high", "certain")
    assert finding.evidence == ("after the unfreezing, the loss is no longer a finite number at step 100",)
    assert finding.overrides == ("schedule.unfrozen_lr=[0.001,0.01]",)


def test_where_the_frozen_phase_went_wrong_the_rate_itself_is_too_high() -> None:
    frozen = [*decay(GUESS, 0.3 * GUESS, 20), *line(0.3 * GUESS, 2 * GUESS, 30), *line(2 * GUESS, 0.9 * GUESS, 30)]
    rates = [*([3e-3] * 80), *([3e-4] * 40)]
    finding = headline(
        two_phases(
            steps=by_epoch(stepped([*frozen, *line(0.9 * GUESS, 0.7 * GUESS, 40)], rates), 20),
            train_eval=[0.9, 1.2, 1.0, 0.95, 0.8, 0.75],
            train_errors=[0.5, 0.6, 0.5, 0.5, 0.4, 0.35],
            valid=[0.9, 1.3, 1.1, 0.95, 0.85, 0.8],
            errors=[0.5, 0.6, 0.5, 0.5, 0.42, 0.38],
        )
    )
    assert finding.symptom == "learning_rate_too_high"
    assert finding.overrides == ("optimizer.lr=0.0003",)
    assert "unfreezing" not in finding.evidence[0]


def test_what_the_unfrozen_epochs_mended_did_no_harm() -> None:
    frozen = [*decay(GUESS, 0.3 * GUESS, 20), *line(0.3 * GUESS, GUESS, 30), *decay(GUESS, 0.2 * GUESS, 30)]
    rates = [*one_cycle(3e-3, 80), *one_cycle(3e-4, 40)]
    curves = two_phases(
        steps=by_epoch(stepped([*frozen, *decay(0.2 * GUESS, 0.02 * GUESS, 40)], rates), 20),
        train_eval=[0.5, 0.6, 0.3, 0.2, 0.05, 0.02],
    )
    assert headline(curves).symptom == "healthy"
    assert headline(replace(curves, epochs=curves.epochs[:5])).symptom == "learning_rate_too_high"


# The error got worse.


def unfrozen_longer(errors: list[float], train_errors: list[float], **more: object) -> Curves:
    """Four frozen epochs, then as many unfrozen ones as there are errors; 111 validation images."""
    count = len(errors)
    known = {
        "errors": [0.09, 0.05, 0.04, 0.036, *errors],
        "train_errors": [0.08, 0.05, 0.04, 0.03, *train_errors],
        "valid": [0.3, 0.2, 0.15, 0.1, *(3 * error for error in errors)],
        "train_eval": [0.3, 0.2, 0.12, 0.09, *(3 * error for error in train_errors)],
        "train": [0.9, 0.4, 0.3, 0.2, *([0.1] * count)],
        "steps": (),
        "planned_epochs": 4 + count,
        "unfrozen_epochs": count,
    }
    return two_phases(**{**known, **more})


def test_an_error_that_jumps_at_the_unfreezing_is_a_rate_that_is_too_high() -> None:
    """Although the training images are known by heart in the end: what the body knew of others is gone."""
    finding = headline(unfrozen_longer([0.4, 0.3, 0.25, 0.22, 0.2, 0.2], [0.3, 0.2, 0.1, 0.05, 0.02, 0.01]))
    assert finding.symptom == "learning_rate_too_high"
    assert finding.evidence == (
        "after the unfreezing, the error 3.6 % of epoch 4 rose to 40.0 % in epoch 5, and is 20.0 % at the end; "
        "noise explains 8.4 %",
    )
    assert finding.overrides == ("schedule.unfrozen_lr=[0.001,0.01]",)


def test_two_epochs_suffice_to_see_it() -> None:
    finding = headline(unfrozen_longer([0.4, 0.3], [0.3, 0.2]))
    assert (finding.symptom, finding.overrides) == ("learning_rate_too_high", ("schedule.unfrozen_lr=[0.001,0.01]",))


@pytest.mark.parametrize("errors", [[0.09, 0.036], [0.4, 0.1, 0.05, 0.036], [0.07, 0.08]])
def test_an_error_that_comes_back_or_stays_within_noise_is_none(errors: list[float]) -> None:
    assert headline(unfrozen_longer(errors, [0.02] * len(errors))).symptom == "healthy"


def test_a_head_that_never_learned_has_no_error_that_could_jump() -> None:
    curves = unfrozen_longer([0.66, 0.66], [0.66, 0.66])
    frozen = tuple(replace(epoch, error=0.55, train_error=0.55, valid_loss=1.0) for epoch in curves.epochs[:4])
    assert "rose to" not in " ".join(headline(replace(curves, epochs=(*frozen, *curves.epochs[4:]))).evidence)


def test_an_unfrozen_phase_that_is_not_at_its_end_is_not_judged_by_its_errors() -> None:
    curves = unfrozen_longer([0.4, 0.3], [0.3, 0.2], planned_epochs=8, unfrozen_epochs=4, status="interrupted")
    assert headline(curves).symptom == "inconclusive"


OVERFITTED = [0.03, 0.03, 0.03, 0.03, 0.08, 0.13, 0.17, 0.2, 0.21, 0.21]


def test_an_error_that_rises_late_in_the_unfrozen_epochs_has_too_many_of_them() -> None:
    finding = headline(unfrozen_longer(OVERFITTED, [0.02, 0.01, *([0.0] * 8)]))
    assert finding.symptom == "too_many_epochs"
    assert finding.overrides == ("schedule.unfrozen_epochs=2",)
    assert "around epoch 6, after the unfreezing" in finding.evidence[0]
    assert "schedule.unfrozen_epochs=2" in finding.advice


def test_a_best_epoch_in_the_frozen_phase_asks_for_no_unfreezing() -> None:
    falling = [0.09, 0.05, 0.02, 0.01]
    rising = [0.02, 0.03, 0.03, 0.04, 0.13, 0.17, 0.2, 0.21]
    curves = unfrozen_longer(rising, [0.01] * 8)
    epochs = tuple(replace(epoch, error=error) for epoch, error in zip(curves.epochs, [*falling, *rising], strict=True))
    finding = headline(replace(curves, epochs=epochs))
    assert finding.symptom == "too_many_epochs"
    assert finding.overrides == ("schedule.epochs=4", "schedule.unfrozen_epochs=0")
    assert "before the unfreezing" in finding.evidence[0]


def test_what_every_unfrozen_layer_forgets_late_asks_for_lower_rates_of_them() -> None:
    finding = headline(unfrozen_longer(OVERFITTED, OVERFITTED))
    assert finding.symptom == "late_collapse"
    assert finding.overrides == ("schedule.unfrozen_lr=[0.003,0.03]",)


def test_the_high_rate_middle_of_the_second_cycle_is_not_called_worse() -> None:
    curves = unfrozen_longer(OVERFITTED, [0.0] * 10, planned_epochs=44, unfrozen_epochs=40, status="interrupted")
    rates = [*one_cycle(3e-3, 80), *([3e-4] * 200)]
    steps = by_epoch(stepped([0.1] * 280, rates), 20)
    assert headline(replace(curves, steps=steps)).symptom == "inconclusive"
    assert headline(replace(curves, steps=steps, schedule="Constant")).symptom == "too_many_epochs"


# Too little of it, and how many epochs are meant.


def test_more_epochs_are_more_of_the_heads() -> None:
    slow = two_phases(
        train_eval=[1.05, 1.0, 0.95, 0.9, 0.88, 0.87], valid=[1.05, 1.0, 0.95, 0.9, 0.88, 0.87],
        errors=[0.5, 0.45, 0.4, 0.35, 0.33, 0.33], train_errors=[0.5, 0.45, 0.4, 0.35, 0.33, 0.33],
        steps=by_epoch(stepped(line(GUESS, 0.87, 120)), 20),
    )  # fmt: skip
    found = {finding.symptom: finding.overrides for finding in diagnose_curves(slow).findings}
    assert found["too_few_epochs"] == ("schedule.epochs=8",)
    assert found["learning_rate_too_low"] == ("optimizer.lr=0.03",)


def test_without_frozen_epochs_the_unfrozen_ones_and_their_rates_are_meant() -> None:
    slow = two_phases(
        train_eval=[0.9, 0.8], valid=[0.9, 0.8], errors=[0.5, 0.45], train_errors=[0.5, 0.45], train=[1.0, 0.85],
        steps=by_epoch(stepped(line(GUESS, 0.8, 40), one_cycle(3e-4, 40)), 20), planned_epochs=2,
    )  # fmt: skip
    found = {finding.symptom: finding.overrides for finding in diagnose_curves(slow).findings}
    assert found["too_few_epochs"] == ("schedule.unfrozen_epochs=4",)
    assert found["learning_rate_too_low"] == ("schedule.unfrozen_lr=[0.1,1]",)


# Runs that differ in their epochs.


def named(epochs: int, unfrozen: int, error: float) -> Curves:
    """A run of so many epochs of each kind that ended with this error."""
    settings = {"schedule.epochs": epochs, "schedule.unfrozen_epochs": unfrozen}
    return replace(
        two_phases(steps=(), planned_epochs=epochs + unfrozen, unfrozen_epochs=unfrozen, valid_size=1000),
        epochs=(Epoch(epochs + unfrozen, valid_loss=error, error=error),),
        configuration=settings,
    )


def test_runs_are_compared_along_the_epochs_of_one_phase_at_a_time() -> None:
    frozen = slices([named(0, 2, 0.3), named(2, 2, 0.1), named(4, 2, 0.05)])
    assert [(one.axis.key, one.values) for one in frozen] == [("schedule.epochs", (0, 2, 4))]
    unfrozen = slices([named(4, 0, 0.1), named(4, 2, 0.05), named(4, 8, 0.2)])
    assert [(one.axis.key, one.values) for one in unfrozen] == [("schedule.unfrozen_epochs", (0, 2, 8))]
    assert unfrozen[0].setting(unfrozen[0].best) == "schedule.unfrozen_epochs=2"


def test_where_the_head_alone_leapt_too_the_rate_itself_is_to_be_lower() -> None:
    """It came back then; but all rates of the unfrozen layers are multiples of it."""
    frozen = [*decay(GUESS, 0.3 * GUESS, 20), *line(0.3 * GUESS, 3 * GUESS, 30), *decay(3 * GUESS, 0.02, 30)]
    rates = [*one_cycle(3e-3, 80), *one_cycle(3e-4, 40)]
    curves = replace(leapt(), steps=by_epoch(stepped([*frozen, *line(0.1, 2 * GUESS, 40)], rates), 20))
    mended = tuple(replace(epoch, train_loss_eval=0.01) for epoch in curves.epochs[:4])
    finding = headline(replace(curves, epochs=(*mended, *curves.epochs[4:])))
    assert finding.symptom == "learning_rate_too_high"
    assert finding.evidence[1].startswith("before it, the training loss rose to 2.")
    assert finding.overrides[0].startswith("optimizer.lr=")
