"""`experiments diagnose` as it is typed; nothing is trained here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from experiments.cli import main
from experiments.runs.files import write_csv, write_json

GOOD = """\
epoch,train_loss,valid_loss,error_rate
1,0.957604,0.199212,0.045045
2,0.556265,0.093994,0.036036
3,0.376028,0.082099,0.036036
4,0.273781,0.076548,0.027027
"""
HIGH = "epoch,train_loss,valid_loss,error_rate\n1,12.220007,1144188288.0,0.765957\n"


@dataclass(frozen=True)
class Answer:
    """The exit code and the two streams."""

    code: int
    out: str
    err: str


Diagnose = Callable[..., Answer]


@pytest.fixture
def diagnose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Diagnose:
    """Types `experiments diagnose WORDS` in the test's own folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Answer:
        code = main(["diagnose", *words])
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def refused(diagnose: Diagnose, tmp_path: Path) -> Callable[..., str]:
    """The same of what must be refused with this code: one message, nothing on standard output or on disk."""

    def run(code: int, *words: str) -> str:
        before = sorted(tmp_path.rglob("*"))
        answer = diagnose(*words)
        assert (answer.code, answer.out) == (code, ""), answer
        assert answer.err.startswith("error: ")
        assert answer.err.count("error: ") == 1
        assert "Traceback" not in answer.err
        assert "\x1b" not in answer.err
        assert sorted(tmp_path.rglob("*")) == before
        return answer.err

    return run


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with two other trainers' histories."""
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "high.csv").write_text(HIGH)
    return tmp_path


def run_folder(folder: Path, error: float = 0.03, rate: float = 3e-3) -> Path:
    """A run as `experiments fit` leaves it, with four epochs that end at this error."""
    folder.mkdir(parents=True)
    columns = ["epoch", "lr", "train_loss", "train_loss_eval", "train_error_rate_eval", "valid_loss", "error_rate"]
    shares = (1.0, 0.5, 0.1, 0.06, 0.05)
    rows: list[list[object]] = [
        [epoch, rate, 2.5 * share, 2.3 * share, share, 2.3 * share, error + 0.5 * (share - 0.05)]
        for epoch, share in enumerate(shares)
    ]
    rows[0][1:3] = [None, None]
    write_csv(folder / "history.csv", columns, rows)
    configuration = {
        "optimizer": {"lr": rate},
        "schedule": {"_target_": "experiments.training.schedules.OneCycle", "epochs": 4},
        "seed": 42,
    }
    record = {
        "schema": 1,
        "status": "finished",
        "overrides": [f"optimizer.lr={rate}"],
        "variation": [f"optimizer.lr={rate}"],
        "configuration": configuration,
        "data": {"kind": "classification", "classes": list("0123456789"), "train_size": 1437, "valid_size": 360},
        "guess": {"valid_loss": 2.3026, "error_rate": 0.9},
        "metrics": {"final": {"epoch": 4, "valid_loss": 0.115, "error_rate": error}, "best": None},
    }
    write_json(folder / "run.json", record)
    return folder


def sweep_folder(folder: Path) -> Path:
    """Three rates, the middle one the best."""
    jobs = []
    for rate, error in ((0.001, 0.3), (0.01, 0.03), (0.1, 0.4)):
        name = f"optimizer.lr={rate}"
        run_folder(folder / name, error, rate)
        jobs.append({"folder": name, "overrides": [name], "swept": {"optimizer.lr": str(rate)}, "status": "finished"})
    write_json(folder / "sweep.json", {"schema": 1, "name": "mine", "status": "finished", "jobs": jobs})
    return folder


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_examples_and_every_flag(diagnose: Diagnose, flag: str) -> None:
    answer = diagnose(flag)
    assert (answer.code, answer.err) == (0, "")
    assert "experiments diagnose history.csv --valid-size 141 --classes 3" in answer.out
    for known in ("--each", "--json", "--valid-size", "--classes", "--apply", "--rounds", "PATH"):
        assert known in answer.out


def test_the_help_of_all_verbs_names_this_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert re.search(r"^ +diagnose +what went wrong", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--valid-sizes", "3"], ["--valid-sizes", "try: --valid-size"]),
        (["--jsn"], ["--jsn", "try: --json"]),
        (["good.csv", "--rounds", "2"], ["--rounds goes with --apply"]),
        (["good.csv", "--json", "--apply"], ["--json and --apply do not go together"]),
        (["good.csv", "--valid-size"], ["--valid-size", "expected one argument"]),
    ],
)
def test_flags_that_do_not_exist_or_do_not_go_together(
    here: Path, refused: Callable[..., str], words: list[str], said: list[str]
) -> None:
    assert (here / "good.csv").exists()
    message = refused(2, *words)
    for text in said:
        assert text in message
    assert "try: " in message


@pytest.mark.parametrize(("flag", "least"), [("--valid-size", 1), ("--classes", 2), ("--rounds", 1)])
@pytest.mark.parametrize("value", ["0", "-3", "x", "1.5", ""])
def test_a_count_is_a_whole_number_and_not_too_small(
    refused: Callable[..., str], flag: str, least: int, value: str
) -> None:
    words = [f"{flag}={value}", *(["--apply"] if flag == "--rounds" else [])]
    message = refused(2, "good.csv", *words)
    assert flag in message
    assert value in message
    assert f"must be a whole number of at least {least}" in message
    assert "_count" not in message


def test_a_path_that_does_not_exist_is_answered_with_the_nearest(here: Path, refused: Callable[..., str]) -> None:
    assert (here / "good.csv").exists()
    message = refused(1, "godo.csv")
    assert message.startswith("error: godo.csv\n  does not exist\n")
    assert "try: experiments diagnose good.csv" in message


ALLOWED = "a run's folder (run.json), a history CSV of any trainer, or a TensorBoard log folder"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("numbers.bin", b"\x00\x01\x02\x03" * 100),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 50),
        ("picture.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00\xfe" * 50),
        ("settings.json", b'{"lr": 0.1, "epochs": 4}'),
        ("pretty.json", b'{\n  "lr": 0.1,\n  "epochs": 4\n}\n'),
        ("notes.txt", b"I trained it for a while.\nIt went well.\n"),
        ("empty.csv", b""),
    ],
)
def test_a_file_that_is_no_history_is_refused_with_what_is_allowed(
    tmp_path: Path, refused: Callable[..., str], name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    for words in ([name], [name, "--json"]):
        message = refused(1, *words)
        assert message.startswith(f"error: {name}\n")
        assert ALLOWED in message or "understood: train_loss" in message
        assert "no epoch has ended yet" not in message


def test_a_folder_with_nothing_in_it(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "nothing").mkdir()
    assert refused(1, "nothing") == f"error: nothing\n  is a folder that holds none of these: {ALLOWED}\n"


def test_one_bad_path_among_good_ones_is_named_and_spoils_no_other(here: Path, diagnose: Diagnose) -> None:
    (here / "bad.csv").write_bytes(b"\0\1")
    answer = diagnose("good.csv", "bad.csv", "high.csv", "--each", "--json")
    assert answer.code == 1
    assert "bad.csv" in answer.err
    assert "Traceback" not in answer.err
    assert [run["path"] for run in json.loads(answer.out)["runs"]] == ["good.csv", "high.csv"]


def test_where_nothing_was_trained_yet_the_message_says_what_to_type(refused: Callable[..., str]) -> None:
    message = refused(1)
    assert "there is no run below" in message
    assert "experiments diagnose PATH" in message
    assert "experiments fit" in message


def test_json_is_one_document_and_nothing_else(here: Path, diagnose: Diagnose) -> None:
    assert here.exists()
    answer = diagnose("high.csv", "--valid-size", "141", "--classes", "3", "--json")
    assert (answer.code, answer.err) == (0, "")  # a verdict is a result, not a failure
    document = json.loads(answer.out)
    assert (document["schema"], document["sweep"]) == (1, None)
    (run,) = document["runs"]
    assert (run["path"], run["verdict"]) == ("high.csv", "learning_rate_too_high")
    assert run["findings"][0]["evidence"] == ["validation loss 1.14e+09, guessing gives 1.1"]


def test_json_of_what_is_not_finite_is_still_json(here: Path, diagnose: Diagnose) -> None:
    (here / "bad.csv").write_text("epoch,train_loss,valid_loss,lr\n1,nan,inf,nan\n2,-inf,nan,0.5\n")
    answer = diagnose("bad.csv", "good.csv", "--json")

    def never(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    document = json.loads(answer.out, parse_constant=never)
    assert [run["verdict"] for run in document["runs"]] == ["learning_rate_too_high", "healthy"]
    assert document["sweep"]["best_run"] == "good.csv"


def test_in_the_terminal_the_verdict_stands_first(here: Path, diagnose: Diagnose) -> None:
    assert here.exists()
    answer = diagnose("high.csv", "--classes", "3")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == "diagnosis: learning_rate_too_high (certain)"
    assert lines[1] == "  validation loss 1.14e+09, guessing gives 1.1"
    assert "new model" in lines[2]


def test_several_are_compared_in_the_order_in_which_they_are_named(here: Path, diagnose: Diagnose) -> None:
    assert here.exists()
    document = json.loads(diagnose("high.csv", "good.csv", "--classes", "3", "--json").out)
    assert [run["path"] for run in document["runs"]] == ["high.csv", "good.csv"]
    assert (document["sweep"]["verdict"], document["sweep"]["best_run"]) == ("healthy", "good.csv")
    lines = diagnose("high.csv", "good.csv", "--classes", "3").out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [
        ["high.csv", "learning_rate_too_high"], ["good.csv", "healthy"],
    ]  # fmt: skip
    assert any(line.startswith("best run: good.csv") for line in lines)


def test_with_each_they_are_judged_one_by_one(here: Path, diagnose: Diagnose) -> None:
    assert here.exists()
    document = json.loads(diagnose("--each", "high.csv", "good.csv", "--classes", "3", "--json").out)
    assert document["sweep"] is None
    assert [run["verdict"] for run in document["runs"]] == ["learning_rate_too_high", "healthy"]
    text = diagnose("--each", "high.csv", "good.csv", "--classes", "3").out
    assert text.startswith("high.csv\ndiagnosis: learning_rate_too_high (certain)\n")
    assert "\ngood.csv\ndiagnosis: healthy (likely)\n" in text
    assert "together" not in text


def test_a_single_training_is_no_sweep(here: Path, diagnose: Diagnose) -> None:
    run_folder(here / "outputs" / "one")
    assert json.loads(diagnose("outputs/one", "--json").out)["sweep"] is None


def test_a_sweep_overrules_its_runs_unless_they_are_judged_one_by_one(here: Path, diagnose: Diagnose) -> None:
    sweep_folder(here / "multirun" / "mine" / "now")
    together = json.loads(diagnose("multirun/mine/now", "--json").out)
    assert [run["verdict"] for run in together["runs"]] == [
        "learning_rate_too_low", "healthy", "learning_rate_too_high",
    ]  # fmt: skip
    assert together["sweep"]["best_run"] == "multirun/mine/now/optimizer.lr=0.01"
    alone = json.loads(diagnose("multirun/mine/now", "--each", "--json").out)
    assert alone["sweep"] is None
    assert {run["verdict"] for run in alone["runs"]} == {"healthy"}


def test_without_a_path_the_newest_is_meant(here: Path, diagnose: Diagnose) -> None:
    run_folder(here / "outputs" / "one")
    assert json.loads(diagnose("--json").out)["runs"][0]["path"] == "outputs/one"
    sweep_folder(here / "multirun" / "mine" / "now")
    document = json.loads(diagnose("--json").out)
    assert [Path(run["path"]).parent.as_posix() for run in document["runs"]] == ["multirun/mine/now"] * 3
    assert document["sweep"]["verdict"] == "healthy"


def test_a_run_of_ours_gets_its_next_command(here: Path, diagnose: Diagnose) -> None:
    run_folder(here / "outputs" / "one")
    (run,) = json.loads(diagnose("outputs/one", "--json").out)["runs"]
    overrides = run["findings"][0]["overrides"]
    assert overrides == [] or run["command"] == f"experiments fit optimizer.lr=0.003 {' '.join(overrides)}"
    sweep_folder(here / "multirun" / "mine" / "now")
    out = diagnose("multirun/mine/now").out
    assert "try: experiments fit optimizer.lr=0.01" in out


def test_nothing_is_coloured_where_there_is_no_terminal(
    here: Path, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here.exists()
    plain = diagnose("high.csv", "good.csv").out
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert diagnose("high.csv", "good.csv").out == plain


def test_apply_needs_a_run_of_ours(here: Path, refused: Callable[..., str]) -> None:
    assert here.exists()
    message = refused(2, "good.csv", "--apply")
    assert "good.csv was not made by `experiments fit`" in message
    assert "try: experiments diagnose good.csv" in message


def test_apply_needs_a_single_run(here: Path, refused: Callable[..., str]) -> None:
    sweep_folder(here / "multirun" / "mine" / "now")
    for words in (["multirun/mine/now", "--apply"], ["--apply", "--rounds", "3"]):
        message = refused(2, *words)
        assert "--apply goes on from one run, and these are 3: name one of them" in message
        assert "try: experiments diagnose multirun/mine/now/optimizer.lr=0.01 --apply" in message
    assert "these are 2" in refused(2, "good.csv", "high.csv", "--apply")


def test_apply_of_several_judged_one_by_one_is_refused_too(here: Path, refused: Callable[..., str]) -> None:
    sweep_folder(here / "multirun" / "mine" / "now")
    message = refused(2, "multirun/mine/now", "--each", "--apply")
    assert "these are 3" in message
    assert "--apply" in message.rpartition("try: ")[2]


def test_neither_torch_nor_lightning_is_imported(here: Path) -> None:
    run_folder(here / "outputs" / "one")
    sweep_folder(here / "multirun" / "mine" / "now")
    lines = [
        ["diagnose"],
        ["diagnose", "outputs/one"],
        ["diagnose", "multirun/mine/now", "--json"],
        ["diagnose", "good.csv", "high.csv"],
        ["diagnose", "nothing.csv"],
        ["diagnose", "--help"],
        ["diagnose", "good.csv", "--apply"],
    ]
    program = dedent(f"""\
        import sys
        from experiments.cli import main
        print([main(line) for line in {lines!r}], file=sys.stderr)
        heavy = {{"torch", "pytorch_lightning", "torchvision", "pandas", "matplotlib", "numpy", "hydra", "tensorboard"}}
        print(sorted(heavy & set(sys.modules)), file=sys.stderr)
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=here, timeout=120)
    assert done.stderr.endswith("[0, 0, 0, 0, 1, 0, 2]\n[]\n"), done.stderr
    assert done.returncode == 0


def test_from_python_without_torch(here: Path) -> None:
    program = (
        "import sys; from experiments import diagnose; report = diagnose('good.csv', classes=3);"
        "print(report.runs[0].verdict, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=here, timeout=120)
    assert (done.stdout, done.stderr) == ("healthy False\n", "")


# Damaged and odd input: one message, and nothing of the inside.


def damaged(folder: Path, name: str, content: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("separators.csv", ",,,\n,,,\n"),
        ("separators.csv", ";;;\n"),
        ("separators.csv", "\t\t\n"),
        ("negative.csv", "epoch,error_rate\n1,-0.5\n2,-0.4\n"),
        ("s/sweep.json", "{}"),
        ("s/sweep.json", "[]"),
        ("s/sweep.json", '{"jobs": null}'),
        ("s/sweep.json", '{"jobs": [{}]}'),
        ("s/sweep.json", '{"jobs": 3}'),
        ("s/sweep.json", '{"jobs": ["a"]}'),
        ("s/sweep.json", '{"jo'),
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_damaged_input_is_one_message(
    tmp_path: Path, refused: Callable[..., str], name: str, content: str, more: tuple[str, ...]
) -> None:
    damaged(tmp_path, name, content)
    message = refused(1, name.partition("/")[0], "--valid-size", "20", *more)
    assert "HYDRA_FULL_ERROR" not in message
    assert name in message


def test_negative_error_rates_are_left_out(tmp_path: Path, diagnose: Diagnose) -> None:
    rows = [f"{n},{1 / n},{1 / n},{-0.1 * n}" for n in range(1, 6)]
    damaged(tmp_path, "negative.csv", "epoch,train_loss,valid_loss,error_rate\n" + "\n".join(rows) + "\n")
    answer = diagnose("negative.csv", "--valid-size", "20")
    assert (answer.code, answer.err) == (0, "")
    assert "%" not in answer.out.partition("\n")[2].partition("Nothing")[0]


def test_a_sweep_without_jobs_is_no_traceback(tmp_path: Path, diagnose: Diagnose) -> None:
    damaged(tmp_path, "s/sweep.json", '{"schema": 1, "name": "mine", "status": "running", "jobs": []}')
    answer = diagnose("s")
    assert answer.code in (0, 1)
    assert "HYDRA_FULL_ERROR" not in answer.err
    assert "no run has finished" in answer.out or answer.err.startswith("error: ")


def test_steps_that_are_no_numbers_are_no_steps(here: Path, diagnose: Diagnose) -> None:
    folder = run_folder(here / "outputs" / "one")
    without = json.loads(diagnose("outputs/one", "--json").out)
    for step in ("nan", "inf", "x"):
        (folder / "steps.csv").write_text(f"step,epoch,lr,train_loss,grad_norm\n0,1,0.1,2.3,1\n{step},1,0.1,2.2,1\n")
        answer = diagnose("outputs/one", "--json")
        assert (answer.code, answer.err) == (0, "")
        assert json.loads(answer.out) == without


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"kind": "classification", "classes": 5}},
        {"variation": 5},
        {"variation": "x"},
        {"configuration": 5},
        {"guess": 5, "metrics": 5},
        {"data": [], "error": 5, "overrides": 5},
        {"config_dir": 5, "reason": [1]},
        {"status": 5},
    ],
    ids=str,
)
def test_a_record_with_odd_values_still_gets_a_verdict(
    here: Path, diagnose: Diagnose, changes: dict[str, object]
) -> None:
    record = run_folder(here / "outputs" / "one") / "run.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | changes))
    answer = diagnose("outputs/one", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out)["runs"][0]["findings"]


@pytest.mark.parametrize("name", ["pipe.csv", "one/history.csv", "run/history.csv", "run/steps.csv", "run/split.csv"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    inside = name.partition("/")[0]
    if inside == "run":
        run_folder(tmp_path / "run")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    typed = [sys.executable, "-m", "experiments", "diagnose", inside]
    done = subprocess.run(typed, capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert "Traceback" not in done.stderr
    assert "HYDRA_FULL_ERROR" not in done.stderr
    if inside == "run":
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"error: {inside}\n")


def test_a_history_that_is_a_pipe_is_named_in_the_verdict(tmp_path: Path) -> None:
    history = run_folder(tmp_path / "run") / "history.csv"
    history.unlink()
    os.mkfifo(history)
    typed = [sys.executable, "-m", "experiments", "diagnose", "run"]
    done = subprocess.run(typed, capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert done.stdout.startswith("diagnosis: inconclusive (certain)\n  history.csv is no plain file\n")


@pytest.mark.parametrize(
    "path",
    ["x" * 300, "x" * 300 + "/history.csv", "loop", "loop/history.csv", "d", "history.csv", "d/history.csv", "."],
    ids=lambda path: path.replace("x" * 300, "long"),
)
def test_odd_paths_are_refused(tmp_path: Path, refused: Callable[..., str], path: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "d" / "history.csv").mkdir(parents=True)
    (tmp_path / "history.csv").mkdir()
    message = refused(1, path)
    assert message.startswith(f"error: {path}\n")
    assert "HYDRA_FULL_ERROR" not in message


@pytest.mark.parametrize("flag", ["--classes", "--valid-size"])
@pytest.mark.parametrize("digit", ["9", "0"])
def test_a_number_of_five_thousand_digits(here: Path, refused: Callable[..., str], flag: str, digit: str) -> None:
    assert here.exists()
    message = refused(2, "good.csv", flag, digit * 5000)
    assert len(message) < 500
    assert "HYDRA_FULL_ERROR" not in message
