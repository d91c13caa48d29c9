"""The published tables of the lesson get their verdicts, in whatever dress they come."""

import itertools
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from lesson import PUBLISHED, Row

from experiments.cli import main
from experiments.diagnosis.findings import Diagnosis
from experiments.diagnosis.paths import diagnose

TABLES = list(PUBLISHED)
HEALTHY = [name for name, table in PUBLISHED.items() if table.verdict == "healthy"]
FASTAI = "epoch,train_loss,valid_loss,error_rate"


def csv_file(folder: Path, rows: Sequence[Sequence[object]], header: str = FASTAI, first: int = 1) -> Path:
    """A history whose first column numbers the epochs."""
    lines = [header, *(",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, start=first))]
    path = folder / "history.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def judged(path: Path, valid_size: int | None = None, classes: int | None = None) -> Diagnosis:
    report = diagnose(path, valid_size=valid_size, classes=classes)
    (run,) = report.runs
    assert report.sweep is None
    return run


def accuracies(rows: Sequence[Row]) -> list[Row]:
    return [(train, valid, round(1 - error, 6)) for train, valid, error in rows]


def said(run: Diagnosis) -> str:
    return " ".join(line for finding in run.findings for line in (*finding.evidence, finding.advice))


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("dress", ["error_rate", "accuracy", "keras"])
@pytest.mark.parametrize("name", TABLES)
def test_each_published_table_gets_its_verdict(tmp_path: Path, name: str, dress: str, first: int) -> None:
    table = PUBLISHED[name]
    rows, header = list(table.rows), FASTAI
    if dress != "error_rate":
        rows = accuracies(rows)
        header = "epoch,loss,val_loss,val_accuracy" if dress == "keras" else "epoch,train_loss,valid_loss,accuracy"
    run = judged(csv_file(tmp_path, rows, header, first), table.valid_size, 3)
    assert run.verdict == table.verdict
    assert run.command is None  # nobody knows what to type for another trainer


@pytest.mark.parametrize("name", TABLES)
def test_the_verb_says_the_same_as_one_json_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    table = PUBLISHED[name]
    path = csv_file(tmp_path, table.rows)
    code = main(["diagnose", str(path), "--valid-size", str(table.valid_size), "--classes", "3", "--json"])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    document = json.loads(printed.out)
    assert document == diagnose(path, valid_size=table.valid_size, classes=3).as_json()
    assert [run["verdict"] for run in document["runs"]] == [table.verdict]
    assert document["runs"][0]["path"] == str(path)
    assert document["sweep"] is None


def test_the_good_runs_say_why_the_printed_losses_are_no_alarm(tmp_path: Path) -> None:
    for name in ("good_111", "good_141"):
        run = judged(csv_file(tmp_path, PUBLISHED[name].rows), PUBLISHED[name].valid_size, 3)
        assert "the printed training loss is above the validation loss: no alarm" in said(run)
        assert [finding.symptom for finding in run.findings] == ["healthy"]
    unfrozen = judged(csv_file(tmp_path, PUBLISHED["unfrozen_111"].rows), 111, 3)
    assert "no alarm" not in said(unfrozen)  # there the printed one is below


def test_too_high_shows_the_loss_beside_guessings_and_never_says_train_on(tmp_path: Path) -> None:
    (finding,) = judged(csv_file(tmp_path, PUBLISHED["high"].rows), 141, 3).findings
    assert finding.confidence == "certain"
    assert finding.evidence == ("validation loss 1.14e+09, guessing gives 1.1",)
    assert finding.advice.startswith("Begin again with a new model at a lower rate, a tenth of this one")
    assert finding.overrides == ()  # the rate is not in the file


def test_too_low_shows_the_crawl_and_names_too_few_second(tmp_path: Path) -> None:
    first, second = judged(csv_file(tmp_path, PUBLISHED["low"].rows), 141, 3).findings
    assert (first.symptom, first.confidence) == ("learning_rate_too_low", "likely")
    assert "0.9781 (guessing gives 1.099) after 5 epochs" in first.evidence[0]
    assert first.advice == "Ten times the rate."
    assert (second.symptom, second.confidence, second.overrides) == (
        "too_few_epochs", "possible", ("schedule.epochs=10",),
    )  # fmt: skip


def test_too_few_asks_for_twice_as_many_and_names_too_low_second(tmp_path: Path) -> None:
    first, second = judged(csv_file(tmp_path, PUBLISHED["few"].rows), 141, 3).findings
    assert (first.symptom, first.confidence, first.overrides) == ("too_few_epochs", "likely", ("schedule.epochs=2",))
    assert "0.603 on average" in first.evidence[0]
    assert "0.12 after it" in first.evidence[0]
    assert (second.symptom, second.confidence) == ("learning_rate_too_low", "possible")


def test_the_rate_in_the_file_is_what_the_advice_multiplies(tmp_path: Path) -> None:
    low = [(*row, 1e-5) for row in PUBLISHED["low"].rows]
    assert judged(csv_file(tmp_path, low, f"{FASTAI},lr"), 141, 3).findings[0].overrides == ("optimizer.lr=0.0001",)
    high = [(*row, 0.5) for row in PUBLISHED["high"].rows]
    assert judged(csv_file(tmp_path, high, f"{FASTAI},lr"), 141, 3).findings[0].overrides == ("optimizer.lr=0.05",)


@pytest.mark.parametrize("name", TABLES)
def test_the_size_of_the_validation_set_can_be_missing(tmp_path: Path, name: str) -> None:
    assert judged(csv_file(tmp_path, PUBLISHED[name].rows), classes=3).verdict == PUBLISHED[name].verdict


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("name", TABLES)
def test_the_number_of_classes_can_be_missing(tmp_path: Path, name: str, sized: bool) -> None:
    table = PUBLISHED[name]
    run = judged(csv_file(tmp_path, table.rows), table.valid_size if sized else None)
    assert run.verdict == table.verdict
    if name == "low":
        assert run.findings[0].confidence == "possible"
        assert "fell by 8.0 % in 5 epochs and the error is still 44.7 %" in said(run)
    if name == "high":
        assert run.findings[0].confidence == "likely"


@pytest.mark.parametrize("factor", [0.01, 10, 1000])
@pytest.mark.parametrize("name", TABLES)
def test_without_classes_the_scale_of_the_losses_means_nothing(tmp_path: Path, name: str, factor: float) -> None:
    table = PUBLISHED[name]
    rows = [(train * factor, valid * factor, error) for train, valid, error in table.rows]
    assert judged(csv_file(tmp_path, rows), table.valid_size).verdict == table.verdict
    assert judged(csv_file(tmp_path, rows)).verdict == table.verdict


@pytest.mark.parametrize("name", TABLES)
def test_the_errors_can_be_missing_where_the_classes_are_known(tmp_path: Path, name: str) -> None:
    table = PUBLISHED[name]
    path = csv_file(tmp_path, [row[:2] for row in table.rows], "epoch,train_loss,valid_loss")
    assert judged(path, table.valid_size, 3).verdict == table.verdict


@pytest.mark.parametrize("name", [*HEALTHY, "few"])
def test_of_two_losses_alone_nothing_worse_is_said(tmp_path: Path, name: str) -> None:
    path = csv_file(tmp_path, [row[:2] for row in PUBLISHED[name].rows], "epoch,train_loss,valid_loss")
    assert judged(path).verdict == PUBLISHED[name].verdict


@pytest.mark.parametrize("name", [*HEALTHY, "high", "low"])
def test_the_training_losses_can_be_missing(tmp_path: Path, name: str) -> None:
    table = PUBLISHED[name]
    path = csv_file(tmp_path, [row[1:] for row in table.rows], "epoch,valid_loss,error_rate")
    assert judged(path, table.valid_size, 3).verdict == table.verdict


def test_a_loss_of_a_thousand_million_is_not_called_healthy_for_want_of_an_error(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [row[:2] for row in PUBLISHED["high"].rows], "epoch,train_loss,valid_loss")
    assert judged(path).verdict in ("learning_rate_too_high", "inconclusive")


@pytest.mark.parametrize("name", ["high", "low"])
def test_without_validation_losses_a_bad_error_is_not_called_healthy(tmp_path: Path, name: str) -> None:
    rows = [(train, error) for train, _, error in PUBLISHED[name].rows]
    run = judged(csv_file(tmp_path, rows, "epoch,train_loss,error_rate"), 141, 3)
    assert run.verdict in (PUBLISHED[name].verdict, "inconclusive")


@pytest.mark.parametrize("name", HEALTHY)
def test_without_validation_losses_a_good_run_stays_healthy(tmp_path: Path, name: str) -> None:
    table = PUBLISHED[name]
    rows = [(train, error) for train, _, error in table.rows]
    assert judged(csv_file(tmp_path, rows, "epoch,train_loss,error_rate"), table.valid_size, 3).verdict == "healthy"


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("name", TABLES)
def test_a_loss_that_is_no_number_anywhere_is_too_high_for_certain(tmp_path: Path, name: str, bad: str) -> None:
    table = PUBLISHED[name]
    for epoch, column in itertools.product(range(len(table.rows)), range(2)):
        rows: list[list[object]] = [list(row) for row in table.rows]
        rows[epoch][column] = bad
        path = csv_file(tmp_path, rows)
        for run in (judged(path, table.valid_size, 3), judged(path)):
            (finding,) = run.findings
            assert (finding.symptom, finding.confidence) == ("learning_rate_too_high", "certain"), (epoch, column)
            assert f"epoch {epoch + 1}" in finding.evidence[0]
            assert "new model" in finding.advice


@pytest.mark.parametrize("more", [1, 5, 20])
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_epochs_appended_stay_healthy(tmp_path: Path, name: str, more: int) -> None:
    table = PUBLISHED[name]
    train, valid, error = table.rows[-1]
    wrong = round(error * table.valid_size)
    for seed in range(10):
        chance = random.Random(seed)
        # As the same network is measured again: a standard error of its wrong images, a little of its losses.
        spread = math.sqrt(wrong * (1 - error))
        added = [
            (
                train * chance.uniform(0.97, 1.03),
                valid * chance.uniform(0.97, 1.03),
                max(0, round(wrong + chance.uniform(-0.5, 0.5) * spread)) / table.valid_size,
            )
            for _ in range(more)
        ]
        run = judged(csv_file(tmp_path, [*table.rows, *added]), table.valid_size, 3)
        assert run.verdict == "healthy", (seed, said(run))


@pytest.mark.parametrize("name", HEALTHY)
def test_the_last_epoch_again_and_again_stays_healthy(tmp_path: Path, name: str) -> None:
    table = PUBLISHED[name]
    for more in (1, 5, 20):
        rows = [*table.rows, *[table.rows[-1]] * more]
        assert judged(csv_file(tmp_path, rows), table.valid_size, 3).verdict == "healthy", more


RISING_ERRORS = (0.30, 0.20, 0.12, 0.10, 0.10, 0.10, 0.11, 0.12, 0.13, 0.13)


@pytest.fixture
def three_points_worse(tmp_path: Path) -> Path:
    """An error that falls to 10 % and ends at 13 %, while the training loss falls."""
    rows = [(0.8 * 0.7**epoch, 0.6 * 0.8**epoch + 0.1, error) for epoch, error in enumerate(RISING_ERRORS)]
    return csv_file(tmp_path, rows)


def test_three_points_are_noise_on_forty_images(three_points_worse: Path) -> None:
    assert judged(three_points_worse, 40, 3).verdict == "healthy"


def test_three_points_are_too_many_epochs_on_fifty_thousand(three_points_worse: Path) -> None:
    run = judged(three_points_worse, 50_000, 3)
    assert run.verdict == "too_many_epochs"
    (finding,) = run.findings
    assert finding.confidence == "certain"
    assert finding.overrides == ("schedule.epochs=5",)
    assert "10.0 % around epoch 5" in finding.evidence[0]
    assert "13.0 % at the end" in finding.evidence[0]
    assert "training loss fell on" in finding.evidence[1]


def test_the_lessons_worst_spell_is_within_noise_even_where_it_ends(tmp_path: Path) -> None:
    """37 to 45 wrong of 546 are within one standard error; cut off there, the run is still not overfitting."""
    for end in (18, 21, 30):
        path = csv_file(tmp_path, PUBLISHED["forty"].rows[:end])
        assert judged(path, 546, 3).verdict != "too_many_epochs", end
