"""The bytes of a frozen body: once on disk, whole in every run, and never changed by another run."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from experiments.cli import main
from experiments.data.cache_folder import VARIABLE
from experiments.features import bodies
from experiments.features.bodies import share_body
from experiments.runs.files import write_bytes

HASH = "ab" * 32

pytestmark = pytest.mark.usefixtures("cache")

State = dict[str, Tensor]
Damage = Callable[[Path], object]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(root))
    another_process(monkeypatch)
    return root / "bodies"


@pytest.fixture
def state() -> State:
    """What a body has: weights, the count of batches, and a number that does not equal itself."""
    weight = torch.arange(1000.0).view(10, 100)
    weight[3, 4] = float("nan")
    return {"body.0.weight": weight, "body.1.batches": torch.tensor(7), "body.2.half": torch.ones(3).bfloat16()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system here")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def another_process(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bodies, "_known", {})


def runs(folder: Path, count: int, state: State) -> list[Path]:
    paths = [folder / str(number) / "body.safetensors" for number in range(count)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        share_body(state, HASH, path)
    return paths


def holds(path: Path, state: State) -> bool:
    found = load_file(path)
    return found.keys() == state.keys() and all(
        found[name].dtype == tensor.dtype and torch.equal(found[name].nan_to_num(9), tensor.nan_to_num(9))
        for name, tensor in state.items()
    )


def files(*paths: Path) -> int:
    """How many files these names stand for."""
    return len({(path.lstat().st_dev, path.lstat().st_ino) for path in paths})


def refused(*_: object, **__: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def test_all_runs_and_the_cache_have_one_file(cache: Path, tmp_path: Path, state: State) -> None:
    paths = runs(tmp_path, 3, state)
    assert [path.name for path in cache.glob("*.safetensors")] == [f"{HASH}.safetensors"]
    assert files(*paths, cache / f"{HASH}.safetensors") == 1
    assert all(holds(path, state) for path in paths)
    assert [path.name for path in paths[0].parent.iterdir()] == ["body.safetensors"]


def test_another_process_finds_the_copy(tmp_path: Path, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = runs(tmp_path / "a", 1, state)
    another_process(monkeypatch)
    (second,) = runs(tmp_path / "b", 1, state)
    assert files(first, second) == 1


def test_another_body_is_another_file(cache: Path, tmp_path: Path, state: State) -> None:
    (first,) = runs(tmp_path, 1, state)
    other = {name: tensor + 1 for name, tensor in state.items()}
    share_body(other, "cd" * 32, tmp_path / "other")
    assert holds(first, state)
    assert holds(tmp_path / "other", other)
    assert len(list(cache.glob("*.safetensors"))) == 2


def test_clearing_the_cache_takes_a_body_from_no_run(cache: Path, tmp_path: Path, state: State) -> None:
    (path,) = runs(tmp_path, 1, state)
    assert main(["cache", "--clear", "bodies"]) == 0
    assert not list(cache.glob("*.safetensors"))
    assert holds(path, state)


def test_a_copied_run_is_complete_without_the_first_and_without_the_cache(
    cache: Path, tmp_path: Path, state: State
) -> None:
    (path,) = runs(tmp_path / "runs", 1, state)
    shutil.copytree(path.parent, tmp_path / "copied", symlinks=True)
    shutil.rmtree(tmp_path / "runs")
    shutil.rmtree(cache)
    assert holds(tmp_path / "copied" / "body.safetensors", state)


def test_replacing_a_file_of_a_run_changes_no_other(cache: Path, tmp_path: Path, state: State) -> None:
    first, second, third = runs(tmp_path, 3, state)
    write_bytes(first, b"mine")
    save_file({"a": torch.ones(2)}, second)
    assert first.read_bytes() == b"mine"
    assert holds(third, state)
    assert holds(cache / f"{HASH}.safetensors", state)


def test_nobody_may_write_into_the_file_that_the_runs_share(tmp_path: Path, state: State) -> None:
    (path,) = runs(tmp_path, 1, state)
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRUSR


def test_weights_that_were_read_can_be_changed_and_the_file_stays(tmp_path: Path, state: State) -> None:
    first, second = runs(tmp_path, 2, state)
    load_file(first)["body.0.weight"].zero_()
    assert holds(second, state)


def test_a_run_that_writes_again_keeps_one_file_and_leaves_nothing_aside(
    cache: Path, tmp_path: Path, state: State
) -> None:
    for _ in range(2):
        (path,) = runs(tmp_path, 1, state)
    assert [one.name for one in path.parent.iterdir()] == ["body.safetensors"]
    assert files(path, cache / f"{HASH}.safetensors") == 1


def truncated(path: Path) -> None:
    write_bytes(path, path.read_bytes()[:-10])


def one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    write_bytes(path, bytes(content))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_symbolic_link(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("moved")))


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        one_bit,
        a_symbolic_link,
        lambda path: write_bytes(path, b""),
        lambda path: write_bytes(path, b"<html>404</html>"),
        lambda path: save_file({"body.0.weight": torch.zeros(10, 100)}, path),
    ],
    ids=["truncated", "one_bit", "a_symbolic_link", "empty", "no_safetensors", "another_state"],
)
@pytest.mark.parametrize("in_between", [True, False], ids=["another_process", "the_same_process"])
def test_a_damaged_copy_is_written_again(
    damage: Damage,
    in_between: bool,
    cache: Path,
    tmp_path: Path,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (first,) = runs(tmp_path / "a", 1, state)
    copy = cache / f"{HASH}.safetensors"
    damage(copy)
    if in_between:
        another_process(monkeypatch)
    (second,) = runs(tmp_path / "b", 1, state)
    assert holds(first, state)
    assert holds(second, state)
    assert not second.is_symlink()
    assert holds(copy, state)
    assert files(copy, second) == 1
    assert [record.getMessage() for record in caplog.records] == [f"{copy} is damaged; it is written again"]


def test_a_copy_that_somebody_wrote_into_goes_to_no_further_run(cache: Path, tmp_path: Path, state: State) -> None:
    """Whoever may do anything can write into a file that may only be read."""
    (first,) = runs(tmp_path / "a", 1, state)
    first.chmod(0o644)
    with first.open("r+b") as file:
        file.truncate(100)
    (second,) = runs(tmp_path / "b", 1, state)
    assert holds(second, state)
    assert holds(cache / f"{HASH}.safetensors", state)


def test_runs_on_another_file_system_than_the_cache_share_a_copy_of_their_own(elsewhere: Path, state: State) -> None:
    paths = runs(elsewhere, 3, state)
    assert files(*paths) == 1
    assert all(holds(path, state) for path in paths)
    assert stat.S_IMODE(paths[0].stat().st_mode) & 0o222 == 0


def test_a_run_that_was_changed_is_not_what_the_next_one_links_to(elsewhere: Path, state: State) -> None:
    (first,) = runs(elsewhere / "a", 1, state)
    one_bit(first)
    (second,) = runs(elsewhere / "b", 1, state)
    first.unlink()
    (third,) = runs(elsewhere / "c", 1, state)
    assert holds(second, state)
    assert files(second, third) == 1


def test_without_hard_links_every_run_has_a_file_of_its_own(
    tmp_path: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.runs.files.os.link", refused)
    paths = runs(tmp_path, 3, state)
    assert files(*paths) == 3
    assert all(holds(path, state) for path in paths)


@pytest.mark.parametrize("place", ["thesis.txt/cache", "~nobody_of_this_name/cache"])
def test_where_no_cache_can_be_the_runs_share_a_copy_and_the_log_says_why(
    place: str, tmp_path: Path, state: State, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    monkeypatch.setenv(VARIABLE, str(tmp_path / place) if place[0] != "~" else place)
    paths = runs(tmp_path, 3, state)
    assert files(*paths) == 1
    assert holds(paths[2], state)
    assert "the frozen body is not kept in the cache" in caplog.records[0].getMessage()


def test_a_full_cache_keeps_nothing_half_and_the_runs_are_whole(
    cache: Path, tmp_path: Path, state: State, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    replace = os.replace

    def full(source: Path, path: Path) -> None:
        if path.parent == cache:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, path)

    monkeypatch.setattr("experiments.runs.files.os.replace", full)
    paths = runs(tmp_path, 2, state)
    assert not list(cache.glob("*safetensors*"))
    assert not list(cache.glob(".*safetensors*"))
    assert files(*paths) == 1
    assert holds(paths[0], state)
    assert "no room for" in caplog.records[0].getMessage()


def test_a_folder_in_the_place_of_the_copy_is_left_alone(cache: Path, tmp_path: Path, state: State) -> None:
    runs(tmp_path / "a", 1, state)
    copy = cache / f"{HASH}.safetensors"
    a_folder(copy)
    (path,) = runs(tmp_path / "b", 1, state)
    assert copy.is_dir()
    assert holds(path, state)


def test_many_that_begin_at_once_all_get_the_whole_body(cache: Path, tmp_path: Path, state: State) -> None:
    with ThreadPoolExecutor(8) as pool:
        every = list(pool.map(lambda number: runs(tmp_path / str(number), 3, state), range(8)))
    assert all(holds(path, state) for paths in every for path in paths)
    assert [path.name for path in cache.glob("*safetensors*")] == [f"{HASH}.safetensors"]
    (last,) = runs(tmp_path / "last", 1, state)
    assert files(last, cache / f"{HASH}.safetensors") == 1
