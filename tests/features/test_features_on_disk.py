"""Features on disk: found by what they were made from, whatever happened to the files."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from tiny import Tiny, computed, data_of, forget, right, write
from torch import Tensor, nn

from experiments.data import row_cache
from experiments.data.datamodule import DataModule
from experiments.features.head_inputs import HeadInputs

DAMAGED = "Features of images in {} were damaged: those are computed again."
NOT_KEPT = (
    "Features of images cannot be kept in {} ({}): every run computes them again. Make room there, or set "
    "EXPERIMENTS_CACHE=FOLDER to keep them elsewhere."
)
ROW = 6 * 4

pytestmark = pytest.mark.usefixtures("cache")


def later(root: Path, network: Tiny, **options: object) -> tuple[HeadInputs, DataModule]:
    """What a process finds that begins now."""
    forget()
    data = data_of(root, **options)
    return computed(network, data), data


def store(cache: Path) -> Path:
    """The only one there is."""
    (found,) = (path for path in cache.iterdir() if path.is_dir())
    return found


def test_a_later_process_computes_nothing_even_for_files_of_other_names(root: Path, cache: Path) -> None:
    computed(Tiny(), data_of(root))
    (root / "cat").rename(root / "ape")
    for path in sorted((root / "dog").iterdir()):
        path.rename(path.with_name(f"new {path.name}"))
    network = Tiny()
    found, data = later(root, network)
    assert network.calls == []
    assert right(found, network, data)
    assert store(cache).name.startswith("tiny_8px_")
    assert (store(cache) / "rows").stat().st_size == 16 + 23 * ROW
    write(root / "dog", range(200, 203))
    found, data = later(root, network)
    assert sum(network.calls) == 3
    assert right(found, network, data)


def test_equal_files_are_computed_once(root: Path) -> None:
    (root / "cat" / "003.png").write_bytes((root / "cat" / "000.png").read_bytes())
    network, data = Tiny(), data_of(root)
    assert right(computed(network, data), network, data)
    assert sum(network.calls) == 22


def other_weights(root: Path) -> None:
    computed(Tiny(seed=1), data_of(root))


def other_size(root: Path) -> None:
    computed(Tiny(), data_of(root, 9))


def other_numbers(root: Path) -> None:
    data = data_of(root)
    data.normalise([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])
    computed(Tiny(), data)


def other_arithmetic(root: Path) -> None:
    computed(Tiny(), data_of(root), precision="bf16-mixed")


@pytest.mark.parametrize("other", [other_weights, other_size, other_numbers, other_arithmetic])
def test_what_is_made_otherwise_has_a_place_of_its_own(other: Callable[[Path], None], root: Path, cache: Path) -> None:
    other(root)
    (first,) = (path for path in cache.iterdir() if path.is_dir())
    network, data = Tiny(), data_of(root)
    assert right(computed(network, data), network, data)
    assert sum(network.calls) == 23
    (second,) = (path for path in cache.iterdir() if path.is_dir() and path != first)
    one, another = (json.loads((path / "about.json").read_text()) for path in (first, second))
    assert {key for key in one if one[key] != another[key]} in (
        {"body"},
        {"input_shape", "resize"},
        {"mean", "std"},
        {"arithmetic"},
    )
    assert another["architecture"] == "tiny"


def test_mixed_precision_computes_in_it(root: Path) -> None:
    exact, mixed = (computed(Tiny(), data_of(root), precision=name).plain for name in ("32-true", "bf16-mixed"))
    assert mixed.dtype == torch.float32
    assert 0 < (exact - mixed).abs().max() < 0.1


def cut(folder: Path) -> None:
    os.truncate(folder / "rows", 16 + 4 * ROW + 5)


def lose_rows(folder: Path) -> None:
    (folder / "rows").unlink()


def scribble(folder: Path) -> None:
    (folder / "index").write_bytes(b"garbage" * 40)


def empty(folder: Path) -> None:
    (folder / "index").write_bytes(b"")


def flip_bytes(folder: Path) -> None:
    content = bytearray((folder / "rows").read_bytes())
    for row in (2, 7, 20):
        content[16 + row * ROW + 3] ^= 255
    (folder / "rows").write_bytes(content)


@pytest.mark.parametrize("damage", [cut, lose_rows, scribble, empty, flip_bytes])
def test_damage_is_noticed_and_mended(damage: Callable[[Path], None], root: Path, cache: Path) -> None:
    computed(Tiny(), data_of(root))
    damage(store(cache))
    network = Tiny()
    found, data = later(root, network)
    assert right(found, network, data)
    assert found.notices == [DAMAGED.format(cache)]
    assert sum(network.calls) == (3 if damage is flip_bytes else 23)
    again = Tiny()
    found, data = later(root, again)
    assert right(found, again, data)
    assert (found.notices, again.calls) == ([], [])


def test_a_full_disk_costs_no_image_twice(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = data_of(root)
    before, stored = os.fsync, iter([None, None])

    def fsync(file: int) -> None:
        try:
            next(stored)
        except StopIteration:
            raise OSError(errno.ENOSPC, "No space left on device") from None
        before(file)

    monkeypatch.setattr(os, "fsync", fsync)
    network = Tiny()
    found = computed(network, data)
    assert right(found, network, data)
    assert found.notices == [NOT_KEPT.format(cache, "No space left on device")]
    assert sum(network.calls) == 23
    assert (store(cache) / "rows").stat().st_size == 16 + 8 * ROW
    # Another job of this process with another split: all is in memory still.
    options = data_of(root, shares=type(data.shares)(subset_fraction=0.5))
    assert right(computed(network, options), network, options)
    assert sum(network.calls) == 23
    monkeypatch.setattr(os, "fsync", before)
    later_network = Tiny()
    found, data = later(root, later_network)
    assert right(found, later_network, data)
    assert sum(later_network.calls) == 23 - 8


def test_without_any_place_they_are_kept_in_memory(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = data_of(root)
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("EXPERIMENTS_CACHE", str(tmp_path / "taken"))
    network = Tiny()
    found = computed(network, data)
    assert right(found, network, data)
    assert found.notices == [NOT_KEPT.format(tmp_path / "taken" / "features", "Not a directory")]
    assert sum(network.calls) == 23


def test_a_folder_that_may_only_be_read_is_read(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed(Tiny(), data_of(root))
    forget()
    write(root / "dog", range(200, 203))
    data = data_of(root)

    @contextmanager
    def refused(_: Path) -> Iterator[None]:
        raise OSError(errno.EROFS, "Read-only file system")
        yield

    monkeypatch.setattr(row_cache, "locked", refused)
    network = Tiny()
    found = computed(network, data)
    assert right(found, network, data)
    assert sum(network.calls) == 3
    assert found.notices == [NOT_KEPT.format(cache, "Read-only file system")]


def test_interrupted_it_goes_on_where_it_stopped(root: Path) -> None:
    class Interrupted(Tiny):
        def features(self, images: Tensor, body: nn.Module | None = None) -> Tensor:
            if len(self.calls) == 7:
                raise KeyboardInterrupt
            return super().features(images, body)

    first = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        computed(first, data_of(root))
    assert first.training
    network = Tiny()
    found, data = later(root, network)
    assert right(found, network, data)
    assert sum(network.calls) == 23 - 3 * 4  # three blocks of two batches were stored


PROGRAM = """
import os, signal, sys
from pathlib import Path
from experiments.features import extraction, look_up
from tiny import Tiny, computed, data_of, right

extraction.MOST_IMAGES, look_up.BLOCK = 2, 4
kill_at = int(sys.argv[2])

class Killed(Tiny):
    def features(self, images, body=None):
        if len(self.calls) + 1 == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().features(images, body)

network, data = Killed(), data_of(Path(sys.argv[1]))
found = computed(network, data)
calls = sum(network.calls)
assert right(found, network, data) and not found.notices
print(calls)
"""


def started(root: Path, kill_at: int = 0) -> "subprocess.Popen[str]":
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM, str(root), str(kill_at)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_killed_in_the_middle_in_a_process_of_its_own(root: Path, cache: Path) -> None:
    with started(root, kill_at=6) as process:
        process.communicate()
    assert process.returncode == -9
    assert (store(cache) / "rows").stat().st_size == 16 + 2 * 4 * ROW
    network = Tiny()
    found, data = later(root, network)
    assert right(found, network, data)
    assert found.notices == []
    assert sum(network.calls) == 23 - 2 * 4


def test_two_processes_at_the_same_time_share_the_work(root: Path, cache: Path) -> None:
    processes = [started(root) for _ in range(2)]
    images = 0
    for process in processes:
        with process:
            out, err = process.communicate()
        assert err == ""
        images += int(out)
    assert images == 23
    assert (store(cache) / "rows").stat().st_size == 16 + 23 * ROW
