"""How a run ends when it does not go well: diverged, failed, interrupted in this process."""

import json
import math
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from typed import LAB, SMALL, Typed, column, fit_typed, record, rows

from experiments import compose, fit
from experiments.runs.run import Run
from experiments.training.weights import read_model_weights


def test_a_diverging_line_stops_at_once(diverged: Typed) -> None:
    assert diverged.code == 0
    run = record(diverged.run)
    assert run["status"] == "diverged"
    losses = [float(row["train_loss"]) for row in rows(diverged.run / "history.csv")[1:]]
    assert len(losses) < 40
    assert all(math.isfinite(loss) for loss in losses[:-1])
    steps = column(diverged.run / "steps.csv", "train_loss")
    assert not math.isfinite(steps[-1]) or not math.isfinite(column(diverged.run / "history.csv", "valid_loss")[-1])
    assert all(math.isfinite(loss) for loss in steps[:-1])


def test_what_is_not_finite_is_inf_in_csv_and_null_in_json(diverged: Typed) -> None:
    assert rows(diverged.run / "history.csv")[-1]["valid_loss"] == "inf"
    run = record(diverged.run)
    assert run["metrics"]["final"]["valid_loss"] is None
    assert run["metrics"]["final"]["rmse"] is None
    assert math.isfinite(run["metrics"]["best"]["valid_loss"])


def test_a_diverged_run_answers_its_expectation(diverged: Typed) -> None:
    expect = record(diverged.run)["expect"]
    assert expect["declared"] == {"valid_loss": "> guessing"}
    assert expect["answer"] == "confirmed"


def test_the_terminal_says_that_it_diverged(diverged: Typed) -> None:
    last = diverged.out.split("\n\n")[0].splitlines()[-1]
    assert last.split()[0] == rows(diverged.run / "history.csv")[-1]["epoch"]
    assert "inf" in last
    assert "diverged: the loss is no longer a number" in diverged.out


def test_a_network_that_answers_nan_stops_in_the_middle_of_the_epoch(spoilt: Typed) -> None:
    assert spoilt.code == 0
    run, history, steps = record(spoilt.run), rows(spoilt.run / "history.csv"), rows(spoilt.run / "steps.csv")
    assert run["status"] == "diverged"
    assert [step["train_loss"] == "nan" for step in steps] == [False, False, False, True]
    assert [row["epoch"] for row in history] == ["0", "1", "2"]
    assert (history[-1]["train_loss"], history[-1]["valid_loss"]) == ("nan", "nan")
    assert float(history[-1]["error_rate"]) == 1.0  # no digit is recognised by nan
    assert run["metrics"]["final"] == {"epoch": 2, "valid_loss": None, "error_rate": 1.0}
    assert run["metrics"]["best"]["epoch"] == 1
    assert run["expect"]["answer"] == "refuted"


def test_a_diverged_run_keeps_the_model_of_its_last_finite_epoch(spoilt: Typed) -> None:
    model = spoilt.run / "model"
    assert json.loads((model / "model.json").read_text())["training"]["epoch"] == 1
    assert all(tensor.isfinite().all() for tensor in read_model_weights(model).values())
    assert not (model / "best").exists()
    predictions = rows(spoilt.run / "predictions.csv")
    wrong = sum(row["label"] != row["predicted"] for row in predictions)
    assert wrong / len(predictions) == pytest.approx(float(rows(spoilt.run / "history.csv")[1]["error_rate"]))


def test_a_diverged_run_leaves_no_checkpoint(spoilt: Typed) -> None:
    assert not (spoilt.run / "checkpoints").exists()


def test_an_exception_is_one_message_and_its_traceback_is_in_the_log(failed: Typed) -> None:
    assert failed.code == 1
    assert "RuntimeError: the lamp of the projector broke" in failed.err
    assert "Traceback" not in failed.err + failed.out
    assert "fit.log" in failed.err
    text = (failed.run / "fit.log").read_text()
    assert "Traceback (most recent call last)" in text
    assert "faulty_networks.py" in text


def test_a_failed_run_says_why_and_keeps_what_was_done(failed: Typed) -> None:
    run = record(failed.run)
    assert run["status"] == "failed"
    assert run["error"] == {"type": "RuntimeError", "message": "the lamp of the projector broke"}
    assert [row["epoch"] for row in rows(failed.run / "history.csv")] == ["0", "1"]
    assert len(rows(failed.run / "steps.csv")) == 3
    assert run["metrics"]["final"]["epoch"] == 1
    assert json.loads((failed.run / "model" / "model.json").read_text())["training"]["epoch"] == 1


def test_a_failing_job_does_not_end_its_sweep(tmp_path: Path) -> None:
    words = ["-m", "--config-dir", LAB, *SMALL[::2], "model=fails_after,linear", "hydra.sweep.dir=here"]
    done = fit_typed(tmp_path, *words)
    assert done.code == 1
    runs = {path.name: record(path)["status"] for path in (tmp_path / "here").iterdir() if path.is_dir()}
    assert sorted(runs.values()) == ["failed", "finished"]
    assert "the lamp of the projector broke" in done.err
    assert "Traceback" not in done.err + done.out
    sweep = json.loads((tmp_path / "here" / "sweep.json").read_text())
    assert [job["status"] for job in sweep["jobs"]] == ["failed", "finished"]


@pytest.fixture
def heeding_ctrl_c() -> Iterator[None]:
    """A process that was started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_ctrl_c")
def test_ctrl_c_in_python_is_a_keyboard_interrupt_and_the_next_one_works_too(tmp_path: Path) -> None:
    """Lightning turns it into SystemExit and ignores every further one."""
    before = signal.getsignal(signal.SIGINT)
    configuration = compose(["dataset.subset_fraction=0.1", "model=ctrl_c_after"], config_dir=LAB)
    with pytest.raises(KeyboardInterrupt):
        fit(configuration, folder=tmp_path / "run", quiet=True)
    assert signal.getsignal(signal.SIGINT) is before
    run = Run(tmp_path / "run")
    assert run.status == "interrupted"
    assert list(run.history["epoch"]) == [0, 1]
    assert run.record["metrics"]["final"]["epoch"] == 1
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_the_data_are_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.data.datamodule import DataModule

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DataModule, "setup", interrupted)
    done = fit_typed(tmp_path / "one", *SMALL)
    assert done.code == 130
    assert not (tmp_path / "one" / "outputs").exists()


def test_ctrl_c_while_the_data_of_a_sweep_are_loading(tmp_path: Path) -> None:
    words = ["-m", "--config-dir", LAB, "model=ctrl_c_at_once", *SMALL[::2], "seed=1,2", "hydra.sweep.dir=here"]
    swept = fit_typed(tmp_path, *words)
    assert swept.code == 130, swept.err
    assert not (tmp_path / "here").exists(), "a sweep looks at its data before it claims a folder"


def test_training_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    """Handlers of warnings, logging and signals, and the grad mode."""
    import logging
    import warnings

    def state() -> tuple[object, ...]:
        root, chatty = logging.getLogger(), logging.getLogger("pytorch_lightning")
        return (
            warnings.showwarning, root.level, root.handlers[:], chatty.handlers[:], chatty.propagate,
            signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), torch.is_grad_enabled(),
        )  # fmt: skip

    before = state()
    fit(compose(["recipe=line", "schedule.epochs=2"]), folder=tmp_path / "run", quiet=True)
    assert state() == before
