"""A disk that fills up while something is written, and one that may only be read: real file systems, in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from disks import PAGE, Disk, mounted
from filling import DISK, STEP
from hydra.core.hydra_config import HydraConfig
from killing import THREADS, Typed, learned, typed

from experiments import compose, fit
from experiments.runs.throttle import Throttle
from experiments.training.recording import Recording

RUN = ["keep_checkpoint=true", "dataset.subset_fraction=0.2", "model.width=16", "schedule.epochs=6"]
LAB = str(Path(__file__).with_name("full_lab"))
SMALL = ["model=fills", "schedule.epochs=6", "dataset.subset_fraction=0.1"]
THREE_JOBS = ["-m", "--config-dir", LAB, *SMALL, "seed=0,1,2", "hydra.sweep.dir=sweep"]
STEPS_A_JOB = 12


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with mounted(tmp_path / "disk", 8) as one:
        yield one


@pytest.fixture
def at_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoint and files are written after each."""
    monkeypatch.setattr(Throttle, "due", True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The run where there is room."""
    return learned(fit(compose(RUN), folder=tmp_path_factory.mktemp("whole") / "run", quiet=True).path)


def before_epoch(patch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> None:
    """Do something before this epoch is recorded."""
    end = Recording.end_epoch

    def acted(self: Recording, epoch: int, *rest: Any) -> bool:
        if epoch == number:
            act()
        return end(self, epoch, *rest)

    patch.setattr(Recording, "end_epoch", acted)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def no_traceback(done: Typed) -> None:
    assert "Traceback" not in done.out + done.err
    assert "Logging error" not in done.err


@pytest.mark.usefixtures("at_every_epoch")
def test_a_checkpoint_that_has_no_room_costs_itself_alone(
    disk: Disk, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = disk.path / "run" / "checkpoints" / "last.ckpt"
    before_epoch(monkeypatch, 3, lambda: disk.fill(int(checkpoint.stat().st_size * 0.8)))
    done = typed(disk.path, "fit", *RUN, "hydra.run.dir=run")
    assert done.code == 0, done.err
    no_traceback(done)
    assert learned(disk.path / "run") == whole
    assert read(disk.path / "run" / "run.json")["status"] == "finished"
    assert torch.load(checkpoint, weights_only=True)["epoch"] == 1, "the one before, whole"
    assert [path.name for path in checkpoint.parent.iterdir()] == ["last.ckpt"]
    assert disk.damaged() == []
    log = (disk.path / "run" / "fit.log").read_text()
    assert f"no checkpoint after epoch 3: no room for {checkpoint}: " in log
    assert f"kB are left on {disk.path}" in log


@pytest.mark.usefixtures("at_every_epoch")
@pytest.mark.parametrize(
    ("room", "lost", "status"),
    [(0, "history.csv", "running"), (16 * 4096, "model/model.safetensors", "failed")],
    ids=["during a history row", "at the end"],
)
def test_a_run_without_room_for_its_results_fails_and_goes_on_when_there_is(
    room: int, lost: str, status: str, disk: Disk, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = disk.path / "run"
    with monkeypatch.context() as patch:
        before_epoch(patch, 3, lambda: disk.fill(room))
        done = typed(disk.path, "fit", *RUN, "hydra.run.dir=run")
    assert done.code == 1
    no_traceback(done)
    assert f"error: the run failed: DiskFull: no room for {run / lost}: " in done.err
    assert f" are left on {disk.path}\n" in done.err
    assert f"free some space there, then go on with it: experiments fit --resume {run}\n" in done.err
    assert disk.damaged() == []
    record = read(run / "run.json")
    assert record["status"] == status
    if status == "failed":
        assert record["error"]["type"] == "DiskFull"
        assert record["error"]["message"].startswith(f"no room for {run / lost}: ")
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["epoch"] == 1
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["last.ckpt"]
    disk.empty()
    again = typed(disk.path, "fit", "--resume", "run")
    assert again.code == 0, again.err
    assert "Restored all states from the checkpoint" in (run / "fit.log").read_text()
    assert learned(run) == whole
    assert (read(run / "run.json")["status"], read(run / "run.json")["error"]) == ("finished", None)


@pytest.mark.usefixtures("at_every_epoch")
def test_still_no_room_at_the_resumption_changes_nothing(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        before_epoch(patch, 3, disk.fill)
        assert typed(disk.path, "fit", *RUN, "hydra.run.dir=run").code == 1
    kept = ("run/run.json", "run/history.csv", "run/split.csv", "run/checkpoints/last.ckpt")
    before = [(disk.path / name).read_bytes() for name in kept]
    again = typed(disk.path, "fit", "--resume", "run")
    assert again.code == 1
    no_traceback(again)
    assert f"0 bytes are left on {disk.path}" in again.err
    assert [(disk.path / name).read_bytes() for name in kept] == before


@pytest.mark.usefixtures("at_every_epoch")
def test_a_logger_without_room_does_not_cost_a_run_that_is_done(
    disk: Disk, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = Recording.finish

    def fill_then(self: Recording, status: str) -> None:
        finish(self, status)
        disk.fill()

    monkeypatch.setattr(Recording, "finish", fill_then)
    done = typed(disk.path, "fit", *RUN, "hydra.run.dir=run")
    assert done.code == 0, done.err
    no_traceback(done)
    assert read(disk.path / "run" / "run.json")["status"] == "finished"
    assert learned(disk.path / "run") == whole
    assert (disk.path / "ballast").exists()


def test_without_room_for_a_folder_nothing_is_trained(disk: Disk) -> None:
    disk.fill()
    done = typed(disk.path, "fit", *RUN, "hydra.run.dir=run")
    assert done.code == 2
    assert f"  hydra.run.dir=run\n    this folder cannot be written: 0 bytes are left on {disk.path}\n" in done.err


def test_without_room_for_the_first_file_of_a_run_nothing_is_trained(disk: Disk) -> None:
    (disk.path / "run").mkdir()
    disk.fill(2 * PAGE)
    before = HydraConfig.instance().cfg
    done = typed(disk.path, "fit", *RUN, "hydra.run.dir=run")
    assert done.code == 1
    no_traceback(done)
    file = disk.path / "run" / ".hydra" / "hydra.yaml"
    assert done.err == (
        f"error: the run failed: DiskFull: no room for {file}: 0 bytes are left on {disk.path}\n"
        "free some space there, then type it again\n"
    )
    assert not (disk.path / "run" / "history.csv").exists()
    assert disk.damaged() == []
    assert HydraConfig.instance().cfg is before


def test_a_sweep_whose_disk_fills_up_says_so_and_is_finished_when_there_is_room(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in THREADS.items():
        monkeypatch.setenv(name, value)
    sweep = disk.path / "sweep"
    with monkeypatch.context() as patch:
        patch.setenv(DISK, str(disk.path))
        patch.setenv(STEP, str(STEPS_A_JOB + 5))
        done = typed(disk.path, "fit", *THREE_JOBS)
    assert done.code == 1
    no_traceback(done)
    assert f"[2/3] seed=1: failed: DiskFull: no room for {sweep / 'seed=1'}/" in done.err
    assert f"[3/3] seed=2: failed: DiskFull: no room for {sweep / 'seed=2'}" in done.err
    assert f"note: no room for {Path('sweep', 'sweep.json')}: 0 bytes are left on {disk.path}" in done.err
    table, left = done.out.split("not finished", 1)
    assert "seed=0" in table
    assert "%" in table, "of what is done"
    assert "seed=1" in left
    assert "seed=2" in left
    assert f"full: 0 bytes are left on {disk.path}; free some space there first\n" in left
    assert left.endswith("again: experiments fit --resume sweep\n")
    assert disk.damaged() == []
    disk.empty()
    again = typed(disk.path, "fit", "--resume", "sweep")
    assert again.code == 0, again.err
    assert "1 finished, " in again.err
    for seed in range(3):
        alone = fit(compose([*SMALL, f"seed={seed}"], config_dir=LAB), folder=tmp_path / str(seed), quiet=True)
        assert {**learned(sweep / f"seed={seed}"), "diagnosis": None} == {**learned(alone.path), "diagnosis": None}
    assert "not finished" not in again.out
    assert {job["status"] for job in read(sweep / "sweep.json")["jobs"]} == {"finished"}


@pytest.fixture(scope="module")
def two_jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    words = ["-m", "recipe=line", "optimizer.lr=0.1,0.2", "schedule.epochs=3", "hydra.sweep.dir=sweep"]
    assert typed(folder, "fit", *words).code == 0
    return folder / "sweep"


@pytest.fixture
def swept(disk: Disk, two_jobs: Path) -> Path:
    """Two finished jobs on that disk."""
    return Path(shutil.copytree(two_jobs, disk.path / "sweep"))


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "ballast"}


@pytest.mark.parametrize(
    ("spoil", "why"), [(Disk.fill, "0 bytes are left on {}"), (Disk.make_read_only, "Read-only file system")]
)
def test_a_report_that_cannot_be_written_is_printed_and_can_go_elsewhere(
    spoil: Callable[[Disk], None], why: str, disk: Disk, swept: Path, tmp_path: Path
) -> None:
    spoil(disk)
    before = files(disk.path)
    done = typed(disk.path, "report", "sweep")
    assert done.code == 0
    assert "optimizer.lr=0.2" in done.out
    assert "report:" not in done.out
    assert done.err == (
        f"note: sweep/report.html cannot be written: {why.format(disk.path)}; "
        "elsewhere: experiments report sweep --to FOLDER\n"
    )
    elsewhere = typed(disk.path, "report", "sweep", "--to", str(tmp_path / "mine"))
    assert (elsewhere.code, elsewhere.err) == (0, "")
    assert f"report: {tmp_path / 'mine' / 'report.html'}\n" in elsewhere.out
    assert "</html>" in (tmp_path / "mine" / "report.html").read_text()
    nowhere = typed(disk.path, "report", "sweep", "--to", "sweep")
    assert nowhere.code == 1
    assert nowhere.err == f"error: sweep/report.html cannot be written: {why.format(disk.path)}\n"
    assert typed(disk.path, "diagnose", "sweep").code == 0
    assert files(disk.path) == before
    assert swept.exists()


@pytest.mark.parametrize("spoil", [Disk.fill, Disk.make_read_only])
def test_the_end_of_a_sweep_is_told_though_none_of_its_files_can_be_written(
    spoil: Callable[[Disk], None], disk: Disk, swept: Path
) -> None:
    spoil(disk)
    before = files(disk.path)
    again = typed(disk.path, "fit", "--resume", "sweep")
    assert again.code == 0, again.err
    no_traceback(again)
    assert "optimizer.lr=0.2" in again.out
    for name in ("diagnosis.json", "runs.csv", "curves.png", "report.html"):
        assert any(line.startswith("note: ") and name in line for line in again.err.splitlines()), name
    assert files(swept) == {path: content for path, content in before.items() if path.is_relative_to(swept)}


def test_what_may_only_be_read_cannot_go_on(disk: Disk, swept: Path) -> None:
    (swept / "optimizer.lr=0.2" / "run.json").unlink()
    disk.make_read_only()
    again = typed(disk.path, "fit", "--resume", "sweep")
    assert again.code == 1
    no_traceback(again)
    assert "Read-only file system: 'sweep/sweep.json'" in again.err
