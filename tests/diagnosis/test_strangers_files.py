"""What a newcomer's own CSV files are told, with and without the number of classes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from trainings import good, line, ours, stepped, training

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.doctor import diagnose_curves
from experiments.diagnosis.findings import Diagnosis
from experiments.diagnosis.paths import diagnose
from experiments.diagnosis.readers.any_path import read_any
from experiments.diagnosis.report import diagnose_all
from experiments.diagnosis.rules.got_worse import over_confident

Column = Sequence[float]


def history(path: Path, **columns: Column) -> Path:
    """A CSV of these columns, its epochs counted from 1."""
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, start=1)]
    path.write_text("\n".join([",".join(("epoch", *columns)), *lines]) + "\n")
    return path


def judged(path: Path, *, valid_size: int | None = None, classes: int | None = None) -> Diagnosis:
    return diagnose(path, valid_size=valid_size, classes=classes).runs[0]


def said(found: Diagnosis) -> str:
    return " ".join(text for one in found.findings for text in (*one.evidence, one.advice))


HIGH_ERRORS: dict[str, tuple[Column, Column]] = {
    "rising": ([2.3, 2.4, 2.6, 2.9, 3.3], [2.31, 2.42, 2.65, 3.0, 3.5]),
    "falling a little": ([2.3, 2.28, 2.26, 2.24, 2.22], [2.29, 2.27, 2.25, 2.23, 2.21]),
    "falling from below": ([1.3, 1.28, 1.26, 1.24, 1.22], [1.4, 1.38, 1.36, 1.34, 1.32]),
    "wandering": ([2.2, 2.3, 2.1, 2.35, 2.2], [2.3, 2.1, 2.4, 2.2, 2.3]),
    "falling by half": ([2.3, 2.0, 1.7, 1.4, 1.2], [2.2, 1.9, 1.6, 1.4, 1.25]),
    "two epochs": ([2.3, 2.2], [2.25, 2.2]),
}


@pytest.mark.parametrize("shape", HIGH_ERRORS)
@pytest.mark.parametrize("error", [0.55, 0.9])
def test_an_error_above_a_half_is_never_healthy_where_the_classes_are_unknown(
    tmp_path: Path, shape: str, error: float
) -> None:
    train, valid = HIGH_ERRORS[shape]
    errors = line(error + 0.04, error, len(train))
    found = judged(history(tmp_path / "h.csv", train_loss=train, valid_loss=valid, error_rate=errors))
    assert found.verdict in ("inconclusive", "learning_rate_too_low", "learning_rate_too_high"), said(found)
    if found.verdict == "inconclusive":
        assert "--classes" in said(found)


def test_an_epoch_zero_of_our_own_tells_what_guessing_gives(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    header = "epoch,lr,train_loss,train_loss_eval,train_error_rate_eval,valid_loss,error_rate,seconds\n"
    rows = [f"{n},0.001,{2.3 - 0.01 * n},{2.3 - 0.01 * n},0.88,{2.31 - 0.01 * n},0.88,1" for n in range(1, 6)]
    path.write_text(header + "0,,,2.31,0.9,2.32,0.9,\n" + "\n".join(rows) + "\n")
    curves = read_any(path)
    assert (curves.guessing_loss, curves.guessing_error) == (2.32, 0.9)
    found = judged(path)
    assert found.verdict == "learning_rate_too_low"
    assert "guessing gives 2.32" in said(found)


def loss_only(times: float) -> dict[str, Column]:
    return {"train_loss": [1.0, 0.1, 0.01], "valid_loss": [1.0, 0.8, 0.01 * times]}


@pytest.mark.parametrize(
    ("columns", "high"),
    [
        (loss_only(50), False),
        (loss_only(900), False),
        (loss_only(1100), True),
        ({"train_loss": [-1.0, -2.0, -3.0], "valid_loss": [-1.0, -1.5, 5.0]}, False),
        ({"train_loss": [-1.0, -2.0, -3.0], "valid_loss": [-1.0, -2.0, -2.9]}, False),
        ({"train_loss": [-1e-6, -1e-5, -1e-5], "valid_loss": [1.0, 1.0, 2.0]}, False),
        ({"train_loss": [4.0, 0.4, 0.02], "valid_loss": [4.0, 1.0, 0.9], "rmse": [2.0, 1.0, 0.95]}, False),
        ({"train_loss": [4.0, 0.1, 0.001], "valid_loss": [4.0, 1.0, 0.9], "rmse": [2.0, 1.0, 0.95]}, False),
        ({"train_loss": [9e3, 8e3, 7e3], "valid_loss": [9e4, 9e4, 8.9e4], "rmse": [300.0, 300.0, 298.0]}, False),
    ],
)  # fmt: skip
def test_losses_alone_are_too_high_only_far_above_the_training_loss(
    tmp_path: Path, columns: dict[str, Column], high: bool
) -> None:
    found = judged(history(tmp_path / "h.csv", **columns))
    assert (found.verdict == "learning_rate_too_high") == high, said(found)
    if "rmse" not in columns:
        evidence = [text for one in found.findings for text in one.evidence]
        assert not any("error" in text.replace("no error", "") for text in evidence), evidence


def test_strangers_files_of_different_lengths_are_listed_and_none_is_overruled(tmp_path: Path) -> None:
    paths = []
    for count, error in ((2, 0.4), (5, 0.05), (9, 0.2)):
        falling = line(1.0, 0.2, count)
        columns = {"train_loss": falling, "valid_loss": falling, "error_rate": line(0.5, error, count)}
        paths.append(history(tmp_path / f"{count}.csv", **columns))
    report = diagnose(*paths, valid_size=1000, classes=10)
    assert [one.verdict for one in report.runs] == [judged(p, valid_size=1000, classes=10).verdict for p in paths]
    assert not any("overrules" in said(one) or "in as many epochs" in said(one) for one in report.runs)
    assert [row.split()[0] for row in report.lines()[:3]] == ["2.csv", "5.csv", "9.csv"]


def test_rises_in_a_row_count_only_where_the_number_of_images_is_unknown(tmp_path: Path) -> None:
    errors = [0.35, 0.2, 0.2, 0.25, 0.3, 0.35, 0.4]
    train = [1.0, 0.5, 0.3, 0.2, 0.1, 0.06, 0.03]
    path = history(tmp_path / "h.csv", train_loss=train, valid_loss=[1.1, 0.7, *[0.6] * 5], error_rate=errors)
    finding = judged(path).findings[0]
    assert (finding.symptom, finding.confidence) == ("too_many_epochs", "possible")
    assert judged(path, valid_size=20).verdict != "too_many_epochs"


def test_a_loss_that_wanders_below_guessings_is_too_high_and_not_healthy(tmp_path: Path) -> None:
    valid = [0.8 * 2.3 + 0.06 * (-1) ** n for n in range(10)]
    errors = [0.67 + 0.01 * (-1) ** n for n in range(10)]
    path = history(tmp_path / "h.csv", train_loss=[loss + 0.05 for loss in valid], valid_loss=valid, error_rate=errors)
    assert judged(path, valid_size=1000, classes=10).verdict == "learning_rate_too_high"


def test_a_single_epoch_that_was_on_its_way_is_too_few_first(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", train_loss=[2.109], valid_loss=[1.851], error_rate=[0.27])
    found = judged(path, classes=10)
    assert [one.symptom for one in found.findings] == ["too_few_epochs", "learning_rate_too_low"]


def test_nothing_is_said_of_confidence_where_no_error_is_recorded() -> None:
    valid = [0.7, 0.4, 0.3, 0.4, 0.5, 0.6]
    curves = training(valid=valid, train=line(0.7, 0.05, 6), classes=None, valid_size=None)
    assert over_confident(curves) is None
    assert "confiden" not in said(diagnose_curves(curves))
    assert over_confident(training(valid=valid, train=line(0.7, 0.05, 6), errors=[0.2, *[0.1] * 5])) is not None


@pytest.mark.parametrize(("last", "word"), [(0.02, "fell on"), (0.09, "went")])
def test_fell_on_is_said_only_of_what_fell(last: float, word: str) -> None:
    errors = [0.5, 0.3, 0.2, 0.12, 0.1, 0.1, 0.13, 0.16, 0.19, 0.2, 0.2]
    trained = [*line(0.5, 0.08, 5), *line(0.08, last, 6)]
    finding = diagnose_curves(training(errors=errors, train_errors=trained, valid=[0.4] * 11)).findings[0]
    assert finding.symptom == "too_many_epochs"
    assert f"the training error {word} from 0.08 to {last}" in finding.evidence


def test_a_healthy_run_that_followed_too_many_epochs_is_not_sent_back_to_them() -> None:
    assert diagnose_curves(good()).findings[0].overrides == ("schedule.epochs=16",)
    finding = diagnose_curves(good(reason="too_many_epochs: schedule.epochs=4")).findings[0]
    assert (finding.symptom, finding.overrides) == ("healthy", ())


def test_an_all_but_perfect_run_advises_nothing() -> None:
    finding = diagnose_curves(good(valid_size=360, errors=[0.17, 0.06, 0.01, 1 / 360])).findings[0]
    assert (finding.symptom, finding.overrides) == ("healthy", ())


# Kinds that cannot be compared; commands of several findings.


def regression(**more: object) -> Curves:
    known = {"regression": True, "classes": None, "guess_loss": 3.0, "guess_error": 3**0.5, "valid_size": 100}
    return training(
        **{**known, "valid": line(2, 0.09, 4), "errors": line(1.4, 0.3, 4), "path": "line", **more}  # type: ignore[arg-type]
    )


def test_an_error_rate_and_an_rmse_are_not_compared() -> None:
    report = diagnose_all([good(path="digits"), regression(**ours())], together=True)
    assert report.sweep is not None
    assert (report.sweep.verdict, report.sweep.best_run) == ("inconclusive", None)
    assert "--each" in report.sweep.findings[0].advice


def test_nor_do_they_overrule_each_other_where_rates_are_known(tmp_path: Path) -> None:
    paths = []
    for rate, name, last in ((1e-3, "error_rate", 0.1), (1e-2, "error_rate", 0.11), (1e-1, "rmse", 0.9)):
        columns = {"train_loss": line(1.5, 0.2, 4), "valid_loss": line(1.5, 0.25, 4), name: line(0.95, last, 4)}
        paths.append(history(tmp_path / f"{rate}.csv", **columns, lr=[rate] * 4))
    report = diagnose(*paths, valid_size=1000)
    assert not any("all else equal" in said(one) or "in as many epochs" in said(one) for one in report.runs)
    assert report.sweep is not None
    assert report.sweep.verdict == "inconclusive"


def slow(**more: object) -> Curves:
    """Too low, or too few."""
    levels = line(2.3, 2.2, 6)[1:]
    return training(
        **{
            "valid": levels, "train_eval": levels, "errors": [0.88] * 5, "steps": stepped(line(2.3, 2.2, 110), 1e-5),
            "overrides": ("seed=1", "optimizer.lr=1e-05", "schedule.epochs=5"),
            **ours(learning_rate=1e-5, planned_epochs=5), **more,
        }
    )  # fmt: skip


COMMANDS = [
    "  try: experiments fit seed=1 schedule.epochs=5 optimizer.lr=0.001",
    "  try: experiments fit seed=1 optimizer.lr=1e-05 schedule.epochs=10",
]


def test_each_finding_has_its_own_command_printed_below_it() -> None:
    lines = diagnose_all([slow()], together=False).lines()
    heads = [place for place, row in enumerate(lines) if not row.startswith("  ")]
    assert [lines[place].split(":")[0] for place in heads] == ["diagnosis", "or"]
    assert [lines[heads[1] - 1], lines[-1]] == COMMANDS


def test_so_has_each_finding_of_a_sweep() -> None:
    report = diagnose_all([slow(path="a"), slow(path="b", errors=[0.89] * 5)], together=True)
    assert report.sweep is not None
    assert [one.symptom for one in report.sweep.findings] == ["learning_rate_too_low", "too_few_epochs"]
    lines = report.lines()
    heads = [place for place, row in enumerate(lines) if row.startswith("the best run: ")]
    ends = [lines[heads[1] - 1], lines[lines.index("best run: a") - 1]]
    assert ends == [command.replace("seed=1 ", "") for command in COMMANDS]
