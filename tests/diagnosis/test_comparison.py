"""What runs say together: a neighbour that is better by more than noise overrules what a curve says alone."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from trainings import TEN, decay, line, ours, stepped, training

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Diagnosis
from experiments.diagnosis.paths import diagnose
from experiments.diagnosis.report import Report, diagnose_all

CLASSIC = (1e-3, 1e-2, 1e-1)


def run(rate: float = 3e-3, error: float = 0.05, *, epochs: int = 4, seed: int = 0, **more: Any) -> Curves:
    """Alone a healthy run, which ends at this error on a thousand images."""
    also = more.pop("also", {})
    settings = {"optimizer.lr": rate, "schedule.epochs": epochs, "seed": seed, "dataset.subset_fraction": 1.0}
    name = f"optimizer.lr={rate:g},schedule.epochs={epochs},seed={seed}"
    steps = max(100, 22 * epochs)
    known: dict[str, Any] = {
        "path": f"multirun/a/{name}",
        "errors": line(error + 0.4, error, epochs) if epochs > 1 else [error],
        "train_errors": line(error + 0.4, min(error, 0.02), epochs) if epochs > 1 else [error],
        "valid": line(1.0, 0.2, epochs) if epochs > 1 else [0.2],
        "train_eval": line(1.0, 0.1, epochs) if epochs > 1 else [0.1],
        "steps": stepped(decay(TEN, 0.1, steps), rate),
        "configuration": settings | also,
        "overrides": (f"optimizer.lr={rate:g}", f"schedule.epochs={epochs}", f"seed={seed}"),
        "train_size": 1437,
        **ours(learning_rate=rate, planned_epochs=epochs),
    }
    return training(**(known | more))


def crawling(rate: float, level: float, **more: Any) -> Curves:
    """Alone too low: five epochs straight down to a share of guessing's loss."""
    levels = [share * TEN for share in line(1.0, level, 6)[1:]]
    steps = stepped(line(TEN, level * TEN, 110), rate)
    return run(
        rate, 0.9 * level, epochs=5, valid=levels, train_eval=levels, steps=steps, train_errors=[0.9 * level] * 5,
        errors=[0.9 * share for share in line(1.0, level, 6)[1:]], **more,
    )  # fmt: skip


def diverged(rate: float, **more: Any) -> Curves:
    return run(rate, 0.9, status="diverged", **more)


def together(*runs: Curves) -> Report:
    report = diagnose_all(runs, together=True)
    assert [one.path for one in report.runs] == [one.path for one in runs]
    return report


def verdicts(report: Report) -> list[str]:
    return [one.verdict for one in report.runs]


def rates(errors: Sequence[float], values: Sequence[float] = CLASSIC, **more: Any) -> Report:
    return together(*(run(rate, error, **more) for rate, error in zip(values, errors, strict=True)))


def evidence(one: Diagnosis) -> str:
    return " ".join(line for finding in one.findings for line in finding.evidence)


def test_alone_each_of_them_is_healthy() -> None:
    for error in (0.05, 0.2, 0.06):
        report = diagnose_all([run(error=error)], together=False)
        assert verdicts(report) == ["healthy"]
        assert report.sweep is None


def test_a_neighbour_that_is_better_by_more_than_noise_overrules() -> None:
    report = rates([0.2, 0.05, 0.3])
    assert verdicts(report) == ["learning_rate_too_low", "healthy", "learning_rate_too_high"]
    low, best, high = report.runs
    for beaten, error in ((low, "20.0 %"), (high, "30.0 %")):
        (finding,) = beaten.findings
        assert finding.confidence == "certain"
        assert finding.evidence[0] == (
            f"error {error}; optimizer.lr=0.01 reached error 5.0 % with all else equal, which is more than noise"
        )
        assert "overrules healthy" in finding.evidence[1]
        assert finding.overrides == ("optimizer.lr=0.01",)
        assert beaten.command == "experiments fit schedule.epochs=4 seed=0 optimizer.lr=0.01"
    assert "overrules" not in evidence(best)


def test_what_a_run_says_alone_is_kept_as_evidence_where_the_sweep_agrees() -> None:
    settings = {"epochs": 5}
    report = together(crawling(1e-5, 0.95), run(1e-3, 0.05, **settings), run(1e-1, 0.3, **settings))
    assert verdicts(report)[0] == "learning_rate_too_low"
    assert "overrules" not in evidence(report.runs[0])
    assert "guessing gives 2.3" in evidence(report.runs[0])
    assert report.runs[0].findings[0].confidence == "certain"


def test_differences_within_noise_overrule_nothing() -> None:
    report = rates([0.06, 0.05, 0.06])
    assert verdicts(report) == ["healthy"] * 3
    assert not any("overrules" in evidence(one) for one in report.runs)
    assert report.sweep is not None
    assert report.sweep.verdict == "healthy"
    assert "0 are worse by more than noise" in report.sweep.findings[0].evidence[1]


def test_the_same_difference_counts_on_a_larger_validation_set() -> None:
    assert verdicts(rates([0.06, 0.05, 0.06], valid_size=50_000)) == [
        "learning_rate_too_low", "healthy", "learning_rate_too_high",
    ]  # fmt: skip


def test_an_alarm_that_no_neighbour_bears_out_is_overruled_too() -> None:
    low = crawling(1e-3, 0.52)
    assert verdicts(diagnose_all([low], together=False)) == ["learning_rate_too_low"]
    report = together(run(1e-4, 0.6, epochs=5), low, run(1e-2, 0.44, epochs=5), run(1e-1, 0.6, epochs=5))
    assert report.runs[1].verdict == "healthy"
    assert "overrules learning_rate_too_low" in evidence(report.runs[1])
    assert report.runs[1].command is None


def test_three_rates_that_all_diverged_are_not_called_healthy() -> None:
    report = together(*(diverged(rate) for rate in (0.5, 1.0, 2.0)))
    assert verdicts(report) == ["learning_rate_too_high"] * 3
    assert report.sweep is not None
    assert report.sweep.verdict in ("learning_rate_too_high", "inconclusive")


def test_three_rates_that_are_all_too_low_are_not_called_healthy() -> None:
    report = together(*(crawling(rate, 0.99) for rate in (1e-7, 1e-6, 1e-5)))
    assert verdicts(report) == ["learning_rate_too_low"] * 3


def test_the_best_at_the_edge_keeps_its_own_alarm_if_the_sweep_says_the_same() -> None:
    report = together(crawling(1e-6, 0.99), crawling(1e-5, 0.98), crawling(1e-4, 0.7))
    assert report.sweep is not None
    assert report.sweep.verdict == "learning_rate_too_low"
    assert verdicts(report) == ["learning_rate_too_low"] * 3


def test_the_best_at_the_upper_edge_asks_for_higher_rates() -> None:
    report = rates([0.4, 0.2, 0.05], (1e-3, 3e-3, 1e-2))
    assert verdicts(report) == ["learning_rate_too_low", "learning_rate_too_low", "healthy"]
    sweep = report.sweep
    assert sweep is not None
    (finding,) = sweep.findings
    assert (sweep.verdict, finding.symptom, finding.confidence) == (*["learning_rate_too_low"] * 2, "likely")
    assert finding.advice == "Extend the grid: optimizer.lr=0.01,0.03,0.1."
    assert finding.overrides == ("optimizer.lr=0.01,0.03,0.1",)
    assert finding.evidence[0] == (
        "the best of 3 rates is the highest that was tried: error 5.0 % at optimizer.lr=0.01, error 20.0 % beside it"
    )
    assert sweep.command == "experiments fit -m schedule.epochs=4 optimizer.lr=0.01,0.03,0.1"  # for any seed
    assert finding.command == sweep.command
    assert sweep.best_run == report.runs[2].path


def test_the_best_at_the_lower_edge_asks_for_lower_rates() -> None:
    report = rates([0.05, 0.2, 0.4])
    assert verdicts(report) == ["healthy", "learning_rate_too_high", "learning_rate_too_high"]
    assert report.sweep is not None
    assert report.sweep.verdict == "learning_rate_too_high"
    assert report.sweep.findings[0].overrides == ("optimizer.lr=0.001,0.0003,0.0001",)


@pytest.mark.parametrize("errors", [[0.05, 0.055, 0.4], [0.4, 0.055, 0.05]])
def test_the_best_at_an_edge_within_noise_is_inconclusive(errors: list[float]) -> None:
    sweep = rates(errors).sweep
    assert sweep is not None
    (finding,) = sweep.findings
    assert (sweep.verdict, finding.confidence) == ("inconclusive", "possible")
    assert "which is within noise" in finding.evidence[0]
    assert finding.advice.startswith("Extend the grid: optimizer.lr=")


def test_a_grid_is_extended_from_its_best_value_itself() -> None:
    sweep = rates([0.4, 0.2, 0.05], (1e-3, 5e-3, 2.5e-2)).sweep
    assert sweep is not None
    values = [float(value) for value in sweep.findings[0].overrides[0].partition("=")[2].split(",")]
    assert values[0] == 2.5e-2
    assert values == sorted(set(values))


def test_of_two_rates_nothing_is_overruled() -> None:
    report = together(run(1e-3, 0.3), run(1e-2, 0.05))
    assert verdicts(report) == ["healthy", "healthy"]
    assert report.sweep is not None
    assert report.sweep.verdict == "healthy"
    assert [one.advice for one in report.sweep.findings] == [one.advice for one in report.runs[1].findings]
    assert report.sweep.best_run == report.runs[1].path


def test_runs_that_differ_in_another_setting_too_are_not_compared() -> None:
    def other(rate: float, error: float, batch: int) -> Curves:
        return run(rate, error, also={"dataset.batch_size": batch})

    report = together(other(1e-3, 0.3, 16), other(1e-2, 0.05, 32), other(1e-1, 0.3, 64))
    assert verdicts(report) == ["healthy"] * 3
    # But not every setting decides a result.
    silent = [
        run(rate, error, also={"trainer.accelerator": word, "name": word, "expect.verdict": word})
        for rate, error, word in zip(CLASSIC, (0.3, 0.05, 0.3), "abc", strict=True)
    ]
    assert verdicts(together(*silent)) == ["learning_rate_too_low", "healthy", "learning_rate_too_high"]


def test_several_seeds_are_averaged() -> None:
    errors = {1e-3: (0.2, 0.21, 0.04), 1e-2: (0.05, 0.06, 0.06), 1e-1: (0.2, 0.21, 0.22)}
    runs = [run(rate, error, seed=seed) for rate in errors for seed, error in enumerate(errors[rate])]
    report = together(*runs)
    # A lucky seed does not make its rate a good one, but one that scatters so much is not surely worse.
    assert verdicts(report)[6:] == ["learning_rate_too_high"] * 3
    assert evidence(report.runs[6]).startswith(
        "error 21.0 % (mean of 3 runs); optimizer.lr=0.01 reached error 5.7 % (mean of 3 runs) with all else equal"
    )
    assert len(set(verdicts(report)[:3])) == 1
    assert report.sweep is not None
    assert report.sweep.best_run == runs[2].path  # the lowest error of all


def test_seeds_alone_say_how_stable_the_result_is() -> None:
    report = together(*(run(seed=seed, error=error) for seed, error in enumerate((0.05, 0.06, 0.04))))
    assert verdicts(report) == ["healthy"] * 3
    assert report.sweep is not None
    (finding,) = report.sweep.findings
    assert finding.symptom == "healthy"
    (spread,) = [said for said in finding.evidence if said.startswith("3 seeds: 4.0 % to 6.0 %, mean 5.0 %;")]
    assert "0.7 %" in spread


def test_a_run_that_diverged_counts_as_always_wrong() -> None:
    report = together(run(1e-3, 0.3), run(1e-2, 0.05), diverged(1e-1))
    assert verdicts(report) == ["learning_rate_too_low", "healthy", "learning_rate_too_high"]
    assert "error 100.0 %; optimizer.lr=0.01 reached error 5.0 %" in evidence(report.runs[2])
    assert "diverged" in evidence(report.runs[2])
    assert report.sweep is not None
    assert report.sweep.verdict == "healthy"
    assert "optimizer.lr=0.01 is best of 3 rates, 2 are worse" in report.sweep.findings[0].evidence[1]


@pytest.mark.parametrize("status", ["failed", "interrupted", "running"])
def test_a_run_that_did_not_end_is_left_out(status: str) -> None:
    report = together(run(1e-3, 0.3), run(1e-2, 0.05, status=status, planned_epochs=4), run(1e-1, 0.2))
    assert [report.runs[0].verdict, report.runs[2].verdict] == ["healthy", "healthy"]
    assert report.sweep is not None
    assert report.sweep.best_run == report.runs[2].path


def test_where_no_run_has_ended_nothing_is_best() -> None:
    sweep = together(run(1e-3, status="failed"), run(1e-2, status="failed")).sweep
    assert sweep is not None
    assert (sweep.verdict, sweep.best_run, sweep.command) == ("inconclusive", None, None)
    assert sweep.findings[0].evidence == ("no run has finished",)


def test_more_epochs_that_are_better_make_the_shorter_runs_too_few() -> None:
    report = together(*(run(epochs=n, error=e) for n, e in ((2, 0.3), (4, 0.2), (8, 0.05))))
    assert verdicts(report) == ["too_few_epochs", "too_few_epochs", "healthy"]
    assert report.runs[0].findings[0].overrides == ("schedule.epochs=8",)
    sweep = report.sweep
    assert sweep is not None
    assert (sweep.verdict, sweep.findings[0].overrides) == ("too_few_epochs", ("schedule.epochs=8,16,32",))
    assert "the best of 3 numbers of epochs is the highest" in sweep.findings[0].evidence[0]


def test_fewer_epochs_that_are_better_make_the_longer_runs_too_many() -> None:
    report = together(*(run(epochs=n, error=e) for n, e in ((2, 0.3), (4, 0.05), (40, 0.15))))
    assert verdicts(report) == ["too_few_epochs", "healthy", "too_many_epochs"]
    assert report.runs[2].findings[0].overrides == ("schedule.epochs=4",)
    assert report.sweep is not None
    assert report.sweep.verdict == "healthy"


@pytest.mark.parametrize("lowest", [1, 2])
def test_a_grid_of_epochs_is_not_extended_by_the_same_number_twice(lowest: int) -> None:
    runs = [run(epochs=n, error=e) for n, e in ((lowest, 0.05), (4, 0.2), (8, 0.3))]
    sweep = together(*runs).sweep
    assert sweep is not None
    for override in sweep.findings[0].overrides:
        values = override.partition("=")[2].split(",")
        assert len(values) == len(set(values)), override


def grid(errors: dict[float, tuple[float, ...]], epochs: tuple[int, ...] = (2, 4, 8), **more: Any) -> Report:
    return together(
        *(run(rate, e, epochs=n, **more) for rate in errors for n, e in zip(epochs, errors[rate], strict=True))
    )


def test_in_a_grid_the_rate_comes_first() -> None:
    report = grid({1e-3: (0.5, 0.4, 0.3), 1e-2: (0.2, 0.1, 0.05), 1e-1: (0.6, 0.5, 0.4)})
    assert verdicts(report) == [
        *["learning_rate_too_low"] * 3, "too_few_epochs", "too_few_epochs", "healthy", *["learning_rate_too_high"] * 3,
    ]  # fmt: skip
    sweep = report.sweep
    assert sweep is not None
    assert (sweep.verdict, sweep.best_run) == ("too_few_epochs", report.runs[5].path)
    assert sweep.findings[0].overrides == ("schedule.epochs=8,16,32",)


def known_by_heart(errors: dict[float, tuple[float, ...]]) -> Report:
    runs = []
    for rate, row in errors.items():
        for count, error in zip((4, 8, 16), row, strict=True):
            trained = [*line(0.4, 0.05, count - 1), 0.0]
            runs.append(run(rate, error, epochs=count, train_errors=trained))
    return together(*runs)


def test_where_rate_and_epochs_are_bracketed_and_training_is_perfect_it_is_the_data() -> None:
    sweep = known_by_heart({1e-3: (0.3, 0.25, 0.2), 1e-2: (0.15, 0.1, 0.101), 1e-1: (0.4, 0.3, 0.3)}).sweep
    assert sweep is not None
    (finding,) = sweep.findings
    assert (sweep.verdict, finding.confidence, finding.overrides) == ("not_enough_data", "likely", ())
    assert "training error is 0.0 % and the validation error 10.0 %" in finding.evidence[0]
    assert finding.advice.startswith("More images")
    assert sweep.command is None


def test_not_enough_data_is_not_said_before_the_rate_is_bracketed() -> None:
    sweep = known_by_heart({1e-4: (0.4, 0.3, 0.3), 1e-3: (0.3, 0.25, 0.2), 1e-2: (0.15, 0.1, 0.1)}).sweep
    assert sweep is not None
    assert sweep.verdict == "learning_rate_too_low"


def test_not_enough_data_is_not_said_of_a_small_error() -> None:
    sweep = known_by_heart({1e-3: (0.3, 0.25, 0.2), 1e-2: (0.05, 0.002, 0.002), 1e-1: (0.4, 0.3, 0.3)}).sweep
    assert sweep is not None
    assert sweep.verdict == "healthy"


def sizes(*errors: float) -> Report:
    runs = []
    for share, error in zip((0.1, 0.3, 1.0), errors, strict=True):
        settings = {"dataset.subset_fraction": share}
        typed = (f"dataset.subset_fraction={share}",)
        runs.append(
            run(error=error, train_size=round(1437 * share), also=settings, path=f"multirun/a/{share}", overrides=typed)
        )
    return together(*runs)


def test_of_numbers_of_images_no_run_is_overruled() -> None:
    assert verdicts(sizes(0.3, 0.15, 0.05)) == ["healthy"] * 3


def test_a_number_of_images_is_no_override() -> None:
    report = sizes(0.3, 0.15, 0.05)
    assert report.sweep is not None
    for finding in report.sweep.findings:
        assert all(re.fullmatch(r"[a-z_.]+=\S+", override) for override in finding.overrides), finding.overrides
    assert "training images" not in (report.sweep.command or "")


def test_the_most_images_are_not_said_to_lie_between_values_that_are_no_better() -> None:
    sweep = sizes(0.3, 0.15, 0.05).sweep
    assert sweep is not None
    assert "between" not in sweep.findings[0].advice
    assert "dataset.subset_fraction=1" in " ".join(sweep.findings[0].evidence)


def test_a_sweep_without_an_axis_has_the_findings_of_its_best_run() -> None:
    runs = [
        run(3e-3, 0.05, also={"model.dropout": 0.5}),
        crawling(1e-5, 0.99, also={"model.dropout": 0.2}),
        diverged(0.5, also={"model.dropout": 0.1}),
    ]
    report = together(*runs)
    assert verdicts(report) == ["healthy", "learning_rate_too_low", "learning_rate_too_high"]
    assert report.sweep is not None
    assert (report.sweep.verdict, report.sweep.best_run) == ("healthy", runs[0].path)
    assert [one.evidence for one in report.sweep.findings] == [one.evidence for one in report.runs[0].findings]
    assert report.sweep.command == "experiments fit optimizer.lr=0.003 schedule.epochs=16"
    worse = together(*runs[1:]).sweep
    assert worse is not None
    assert (worse.verdict, worse.best_run) == ("learning_rate_too_low", runs[1].path)


def test_of_equal_errors_the_lowest_validation_loss_is_best() -> None:
    runs = [run(3e-3, 0.05, valid=line(1, last, 4), seed=seed) for seed, last in enumerate((0.3, 0.2, 0.4))]
    sweep = together(*runs).sweep
    assert sweep is not None
    assert sweep.best_run == runs[1].path


FINDING = {"symptom", "confidence", "evidence", "advice", "overrides", "command"}


@pytest.mark.parametrize("compared", [False, True])
def test_the_document_has_the_contracts_keys_and_is_valid_json(compared: bool) -> None:
    nan = float("nan")
    broken = run(1e-1, nan, valid=[nan] * 4, train_eval=[nan] * 4, train_errors=[nan] * 4, steps=stepped([nan] * 20))
    runs = [run(1e-3, 0.3), run(1e-2, 0.05), broken]
    document = diagnose_all(runs, together=compared).as_json()
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == document
    assert {"schema", "runs", "sweep"} <= set(document)
    assert document["schema"] == 1
    assert [one["path"] for one in document["runs"]] == [one.path for one in runs]
    for one in document["runs"]:
        assert {"path", "verdict", "findings", "command"} <= set(one)
        assert one["command"] == one["findings"][0]["command"]
        assert one["verdict"] == one["findings"][0]["symptom"]
        assert all(set(finding) >= FINDING for finding in one["findings"])
        assert all(isinstance(finding["evidence"], list) for finding in one["findings"])
    assert document["runs"][2]["verdict"] == "learning_rate_too_high"
    if compared:
        assert {"verdict", "best_run", "findings", "command"} <= set(document["sweep"])
        assert document["sweep"]["command"] == document["sweep"]["findings"][0]["command"]
        assert document["sweep"]["best_run"] == runs[1].path
    else:
        assert document["sweep"] is None


def test_a_regression_that_diverged_is_worse_than_any() -> None:
    def fitted(rate: float, rmse: float, **more: Any) -> Curves:
        return run(
            rate, rmse, regression=True, classes=None, guess_loss=3.0, guess_error=3**0.5, valid_size=100,
            train_errors=(), errors=line(rmse + 1, rmse, 4), **more,
        )  # fmt: skip

    report = together(fitted(1e-3, 1.5), fitted(1e-2, 0.3), fitted(1.1, 0.3, status="diverged"))
    assert verdicts(report) == ["learning_rate_too_low", "healthy", "learning_rate_too_high"]
    assert "rmse 0.3" in evidence(report.runs[0])
    assert "rmse inf" in evidence(report.runs[2])
    json.dumps(report.as_json(), allow_nan=False)


def test_the_terminal_shows_a_line_a_run_and_what_they_say_together() -> None:
    lines = rates([0.2, 0.05, 0.3]).lines()
    assert re.match(r"optimizer\.lr=0\.001,\S+ +learning_rate_too_low +error 20\.0 %; optimizer\.lr=0\.01", lines[0])
    assert [line.split()[1] for line in lines[:3]] == ["learning_rate_too_low", "healthy", "learning_rate_too_high"]
    assert lines[4].startswith("together: healthy (likely)")
    assert any(line == "best run: multirun/a/optimizer.lr=0.01,schedule.epochs=4,seed=0" for line in lines)


def strangers(folder: Path, errors: dict[float, float]) -> list[Path]:
    paths = []
    for rate, error in errors.items():
        rows = [
            f"{epoch},{1.0 / epoch},{1.0 / epoch},{error + 0.3 * (3 - epoch)},{rate if epoch == 2 else rate / 10}"
            for epoch in (1, 2, 3)
        ]
        path = folder / f"rate_{rate}.csv"
        path.write_text("epoch,train_loss,valid_loss,error_rate,lr\n" + "\n".join(rows) + "\n")
        paths.append(path)
    return paths


def test_strangers_files_with_their_rates_are_compared_as_one_sweep(tmp_path: Path) -> None:
    paths = strangers(tmp_path, {1e-4: 0.4, 1e-3: 0.1, 1e-2: 0.3})
    report = diagnose(*paths, valid_size=1000, classes=10)
    assert verdicts(report) == ["learning_rate_too_low", "healthy", "learning_rate_too_high"]
    assert "optimizer.lr=0.001 reached error 10.0 %" in evidence(report.runs[0])
    assert [one.command for one in report.runs] == [None] * 3
    assert report.sweep is not None
    assert (report.sweep.best_run, report.sweep.command) == (str(paths[1]), None)
    alone = diagnose(*paths, valid_size=1000, classes=10, each=True)
    assert alone.sweep is None
    assert verdicts(alone)[1:] == ["healthy", "healthy"]
    assert not any("all else equal" in evidence(one) for one in alone.runs)


def test_strangers_files_of_different_lengths_are_not_compared_by_rate(tmp_path: Path) -> None:
    paths = strangers(tmp_path, {1e-4: 0.4, 1e-3: 0.1, 1e-2: 0.3})
    paths[1].write_text("\n".join(paths[1].read_text().splitlines()[:3]) + "\n")
    report = diagnose(*paths, valid_size=1000, classes=10)
    assert not any("with all else equal" in evidence(one) for one in report.runs)
