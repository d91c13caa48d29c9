"""What TensorBoard has of a run: read from its event file, and asked of the real server (which takes seconds)."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import eventually
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typed import Typed, column, record, rows

JOBS = ["optimizer.lr=0.003", "optimizer.lr=0.03"]
EPOCH_TAGS = {"train_loss", "train_loss_eval", "train_error_rate_eval", "valid_loss", "error_rate", "seconds"}

Ask = Callable[..., Any]


def events(run: Path) -> EventAccumulator:
    (file,) = run.glob("events.out.tfevents.*")
    read = EventAccumulator(str(file), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    read.Reload()
    return read


def test_epochs_are_those_of_history(digits: Typed) -> None:
    read, history = events(digits.run), rows(digits.run / "history.csv")
    assert {tag for tag in read.Tags()["scalars"] if tag.startswith("epoch/")} == {f"epoch/{t}" for t in EPOCH_TAGS}
    for tag in EPOCH_TAGS:
        points = [(point.step, point.value) for point in read.Scalars(f"epoch/{tag}")]
        written = [(int(row["epoch"]), pytest.approx(float(row[tag]), rel=1e-6)) for row in history if row[tag]]
        assert points == written


def test_every_step_is_there(digits: Typed) -> None:
    read = events(digits.run)
    for tag in ("lr", "train_loss", "grad_norm"):
        points = read.Scalars(f"step/{tag}")
        assert [point.step for point in points] == list(range(88))
        assert [p.value for p in points] == pytest.approx(column(digits.run / "steps.csv", tag), rel=1e-6)


def test_momentum_goes_against_the_rate(digits: Typed) -> None:
    read = events(digits.run)
    momentum = [point.value for point in read.Scalars("step/momentum")]
    assert (momentum[0], momentum[-1]) == pytest.approx((0.95, 0.95))
    rates = [point.value for point in read.Scalars("step/lr")]
    assert momentum.index(min(momentum)) == rates.index(max(rates)) == 26
    assert min(momentum) == pytest.approx(0.85, abs=1e-3)


def test_a_regression_has_rmse_and_no_error_rate(line: Typed) -> None:
    tags = events(line.run).Tags()["scalars"]
    assert "epoch/rmse" in tags
    assert "epoch/error_rate" not in tags


def test_a_diverged_run_can_be_read_too(spoilt: Typed) -> None:
    read = events(spoilt.run)
    assert [point.step for point in read.Scalars("epoch/error_rate")] == [0, 1, 2]
    assert read.Scalars("summary/best_error_rate")[0].value == pytest.approx(
        record(spoilt.run)["metrics"]["best"]["error_rate"]
    )
    assert "summary/final_valid_loss" not in read.Tags()["scalars"]  # nan would hide the other runs in the HParams tab


@pytest.fixture(scope="module")
def ask(sweep: Path) -> Iterator[Ask]:
    """The JSON API of the real server over the sweep; it is killed with all that it started."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", sweep, "--host", "127.0.0.1", "--port", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert server.stderr is not None
    os.set_blocking(server.stderr.fileno(), False)
    said = ""

    def address() -> str | None:
        nonlocal said
        assert server.stderr is not None
        said += (server.stderr.read() or b"").decode()
        assert server.poll() is None, said
        found = re.search(r"http://[\w.]+:\d+", said)
        return found.group() if found else None

    try:
        base = eventually(address)

        def ask(path: str, body: object = None, **query: str) -> Any:
            data = None if body is None else json.dumps(body).encode()
            asked = urllib.request.Request(
                f"{base}/data/{path}?{urllib.parse.urlencode(query)}", data, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return json.load(answer)

        eventually(lambda: True if len(ask("plugin/scalars/tags")) >= 2 else None)
        yield ask
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.stderr.close()
        server.wait(timeout=10)


def test_the_server_has_one_run_a_job_named_by_what_differs(ask: Ask) -> None:
    assert sorted(ask("runs")) == JOBS


def test_the_server_shows_the_scalars(ask: Ask, sweep: Path) -> None:
    tags = ask("plugin/scalars/tags")
    for job in JOBS:
        assert {f"epoch/{tag}" for tag in EPOCH_TAGS} <= tags[job].keys()
        points = ask("plugin/scalars/scalars", run=job, tag="epoch/valid_loss")
        assert [step for _, step, _ in points] == [0, 1, 2]
        assert [value for *_, value in points] == pytest.approx(column(sweep / job / "history.csv", "valid_loss"))


def test_the_server_puts_both_losses_into_one_chart(ask: Ask) -> None:
    (category,) = ask("plugin/custom_scalars/layout")["category"]
    charts = {chart["title"]: chart["multiline"]["tag"] for chart in category["chart"]}
    assert {"epoch/train_loss_eval", "epoch/valid_loss"} <= set(charts["training and validation loss"])
    assert "epoch/train_loss" not in charts["training and validation loss"]  # with dropout on, it is no comparison
    known = {tag for tags in ask("plugin/scalars/tags").values() for tag in tags}
    assert {tag for chart in charts.values() for tag in chart} <= known
    for tag in charts["training and validation loss"]:
        shown = ask("plugin/custom_scalars/scalars", run=JOBS[0], tag=f"^{tag}$")
        assert list(shown["tag_to_events"]) == [tag]


def test_the_server_compares_the_jobs_by_what_was_swept(ask: Ask, sweep: Path) -> None:
    experiment = ask("plugin/hparams/experiment", {"experimentName": "", "hparamsLimit": 100})
    names = [info["name"] for info in experiment["hparamInfos"]]
    assert {"optimizer.lr", "schedule.epochs", "seed"} <= set(names)
    names = [info["name"]["tag"] for info in experiment["metricInfos"]]
    wanted = {
        "summary/final_error_rate",
        "summary/final_valid_loss",
        "summary/best_error_rate",
        "summary/best_valid_loss",
    }
    assert wanted <= set(names)
    asked = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_SUCCESS", "STATUS_RUNNING", "STATUS_UNKNOWN", "STATUS_FAILURE"],
        "colParams": [{"metric": {"group": "", "tag": name}} for name in names],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = ask("plugin/hparams/session_groups", asked)["sessionGroups"]
    assert len(groups) == 2
    shown = {}
    for group in groups:
        (session,) = group["sessions"]
        rate = float(group["hparams"]["optimizer.lr"])
        shown[rate] = {value["name"]["tag"]: value["value"] for value in session["metricValues"]}
    for job in JOBS:
        metrics, values = record(sweep / job)["metrics"], shown[float(job.partition("=")[2])]
        for name in wanted:
            when, _, metric = name.removeprefix("summary/").partition("_")
            assert values[name] == pytest.approx(metrics[when][metric], rel=1e-6)


def test_the_server_shows_a_training_batch_and_the_configuration(ask: Ask) -> None:
    for job in JOBS:
        assert list(ask("plugin/images/tags")[job]) == ["training batch"]
        assert any(tag.startswith("resolved configuration") for tag in ask("plugin/text/tags")[job])
        tags = {tag.split("/")[0]: tag for tag in ask("plugin/text/tags")[job]}
        (said,) = ask("plugin/text/text", run=job, tag=tags["diagnosis"])
        assert "<strong>" in said["text"]
        (text,) = ask("plugin/text/text", run=job, tag=tags["resolved configuration"])
        assert "schedule:" in text["text"]
        assert f"lr: {job.partition('=')[2]}" in text["text"]
