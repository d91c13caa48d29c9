"""The store of decoded pixels: the same pixels as decoding gives, whatever happened to its files."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pictures import noise, write

from experiments.data import decoding, pictures, row_store
from experiments.data.cache_folder import VARIABLE
from experiments.data.images import decode
from experiments.data.pictures import Pictures, thumbnails
from experiments.data.pixel_store import open_pixels
from experiments.data.row_store import RowStore, clear

SIZE = 8
ROW = 3 * SIZE**2
DAMAGED = "Decoded pixels in {} were damaged: those pictures are decoded again."


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "pixels"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return write(tmp_path / "cat", range(12))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were decoded, as they come."""
    names: list[str] = []
    before = decoding._decode_file

    def noted(path: Path, content: str, size: int) -> NDArray[np.uint8]:
        names.append(path.name)
        return before(path, content, size)

    monkeypatch.setattr(decoding, "_decode_file", noted)
    return names


def read(files: list[Path], size: int = SIZE) -> Pictures:
    return Pictures(files, decoding.hash_files(files), size)


def right(found: Pictures) -> bool:
    """Whether all rows, in an odd order, are what decoding the file gives."""
    rows = np.array([row for row in reversed(range(len(found))) if row not in found.failures], np.int64)
    expected = [decode(found.paths[row], found.size) for row in rows]
    return np.array_equal(found.take(rows), np.stack(expected))


def test_a_picture_is_decoded_once_whatever_its_name_and_folder(
    cache: Path, files: list[Path], decoded: list[str], tmp_path: Path
) -> None:
    first = read(files)
    assert right(first)
    assert sorted(decoded) == [path.name for path in files]
    decoded.clear()
    (tmp_path / "cat").rename(tmp_path / "moved")
    moved = [path.rename(path.with_name(f"new {path.name}")) for path in sorted((tmp_path / "moved").iterdir())]
    second = read(moved[::-1])
    assert right(second)
    assert decoded == []
    assert read([*moved, *write(tmp_path / "more", range(90, 93))]).notices == []
    assert sorted(decoded) == ["090.png", "091.png", "092.png"]
    assert (cache / f"{SIZE}px_v1" / "rows").stat().st_size == 16 + 15 * ROW


def test_sizes_have_stores_of_their_own(cache: Path, files: list[Path]) -> None:
    assert right(read(files, 8))
    assert right(read(files, 9))
    small, failures = thumbnails(files, decoding.hash_files(files))
    assert small.shape == (12, 3, 32, 32)
    assert failures == {}
    assert np.array_equal(small[5], decode(files[5], 32))
    assert sorted(path.name for path in cache.iterdir() if path.is_dir()) == ["32px_v1", "8px_v1", "9px_v1"]


def test_equal_files_share_a_row(cache: Path, files: list[Path], decoded: list[str]) -> None:
    files[3].write_bytes(files[0].read_bytes())
    assert right(read(files))
    assert len(decoded) == 11
    assert (cache / f"{SIZE}px_v1" / "rows").stat().st_size == 16 + 11 * ROW


def test_failures_are_named_for_every_file_and_never_stored(
    cache: Path, files: list[Path], decoded: list[str], tmp_path: Path
) -> None:
    for path in files[4:6]:
        path.write_bytes(b"no picture")
    missing, pipe = tmp_path / "gone.png", tmp_path / "pipe.png"
    os.mkfifo(pipe)
    found = read([missing, *files, pipe])
    assert found.failures == {
        0: "No such file or directory",
        5: "not an image",
        6: "not an image",
        13: "not an image: not a regular file",
    }
    assert right(found)
    assert (cache / f"{SIZE}px_v1" / "rows").stat().st_size == 16 + 10 * ROW
    decoded.clear()
    assert read(files).failures == {4: "not an image", 5: "not an image"}
    assert decoded == ["004.png"]
    small, failures = thumbnails(files, decoding.hash_files(files))
    assert set(failures) == {4, 5}
    assert not small[4].any()


def test_a_file_changed_between_hashing_and_decoding_is_not_stored_under_its_old_hash(files: list[Path]) -> None:
    contents = decoding.hash_files(files)
    noise(77).save(files[2])
    assert Pictures(files, contents, SIZE).failures == {2: "it was changed while it was read"}
    store = open_pixels(SIZE).rows()
    assert store is not None
    assert store.index.find([contents[2], contents[1]]).tolist() == [-1, 1]


def test_a_block_is_committed_at_a_time(files: list[Path], decoded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "BLOCK_BYTES", 5 * ROW)
    commits: list[int] = []
    append = RowStore.append
    monkeypatch.setattr(RowStore, "append", lambda *given: [commits.append(len(given[1])), append(*given)])
    assert right(read(files))
    assert commits == [5, 5, 2]
    assert len(decoded) == 12


def cut(folder: Path) -> None:
    os.truncate(folder / "rows", 16 + 4 * ROW + 5)


def lose_rows(folder: Path) -> None:
    (folder / "rows").unlink()


def scribble(folder: Path) -> None:
    (folder / "index").write_bytes(b"garbage" * 40)


def halve(folder: Path) -> None:
    content = (folder / "index").read_bytes()
    (folder / "index").write_bytes(content[: len(content) // 2])


def empty(folder: Path) -> None:
    (folder / "index").write_bytes(b"")


def flip_a_bit_of_the_index(folder: Path) -> None:
    content = bytearray((folder / "index").read_bytes())
    content[60] ^= 1
    (folder / "index").write_bytes(content)


def take_the_rows_of_another_store(folder: Path) -> None:
    (folder / "rows").write_bytes(bytes(16 + 12 * ROW))


def flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "rows").read_bytes())
    content[16 + 7 * ROW + 3] ^= 255
    (folder / "rows").write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        lose_rows,
        scribble,
        halve,
        empty,
        flip_a_bit_of_the_index,
        take_the_rows_of_another_store,
        flip_a_byte,
    ],
)
def test_damage_is_noticed_and_mended(
    damage: Callable[[Path], None], cache: Path, files: list[Path], decoded: list[str]
) -> None:
    read(files)
    decoded.clear()
    damage(cache / f"{SIZE}px_v1")
    found = read(files)
    assert right(found)
    assert found.notices == [DAMAGED.format(cache)]
    assert len(decoded) == (1 if damage is flip_a_byte else 12)
    decoded.clear()
    again = read(files)
    assert right(again)
    assert again.notices == []
    assert decoded == []


def test_who_reads_is_not_disturbed_by_a_store_that_is_cleared_and_filled_anew(
    cache: Path, files: list[Path], tmp_path: Path
) -> None:
    found = read(files)
    clear(cache / f"{SIZE}px_v1")
    assert right(read(write(tmp_path / "dog", range(50, 70))))
    assert right(found)
    assert found.notices == []


def test_a_damaged_row_without_its_file_is_an_error_not_a_wrong_picture(cache: Path, files: list[Path]) -> None:
    read(files)
    flip_a_byte(cache / f"{SIZE}px_v1")
    found = read(files)
    files[7].unlink()
    with pytest.raises(pictures.UnreadableImageError, match=r"007\.png: No such file or directory"):
        found.take(np.arange(12))


@pytest.mark.parametrize("limit", [2**30, 7 * ROW, 0])
def test_without_a_place_for_the_store_pictures_are_kept_in_memory_or_decoded_again(
    limit: int, files: list[Path], decoded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "taken"))
    monkeypatch.setattr(pictures, "MEMORY_LIMIT_BYTES", limit)
    monkeypatch.setattr(pictures, "BLOCK_FILES", 6)
    files[5].write_bytes(b"no picture")
    found = read(files)
    assert found.failures == {5: "not an image"}
    assert found.notices == [
        f"Decoded pixels cannot be kept in {tmp_path}/taken/pixels (Not a directory): every run decodes its pictures "
        "again. Make room there, or set EXPERIMENTS_CACHE=FOLDER to keep them elsewhere."
    ]
    assert len(decoded) == 12
    decoded.clear()
    assert right(found)
    assert len(decoded) == {2**30: 0, 7 * ROW: 11, 0: 11}[limit]


def test_a_full_disk_keeps_what_was_stored_and_goes_on_without(
    cache: Path, files: list[Path], decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "BLOCK_FILES", 5)
    before, calls = os.fsync, iter([None, OSError(28, "No space left on device")])

    def fsync(file: int) -> None:
        if error := next(calls):
            raise error
        before(file)

    monkeypatch.setattr(os, "fsync", fsync)
    found = read(files)
    assert right(found)
    assert len(found.notices) == 1
    assert "(No space left on device)" in found.notices[0]
    assert (cache / f"{SIZE}px_v1" / "rows").stat().st_size == 16 + 5 * ROW
    monkeypatch.undo()
    monkeypatch.setenv(VARIABLE, str(cache.parent))
    decoded.clear()
    assert right(read(files))


def test_mapped_pages_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc/self/smaps").exists():
        pytest.skip("only Linux tells what is mapped")
    store = open_pixels(64)
    pixels = np.random.default_rng(0).integers(0, 256, (2000, 3, 64, 64), np.uint8)
    store.append([sha256(bytes([n // 256, n % 256])).hexdigest() for n in range(2000)], pixels)
    peaks = []
    for limit in (2**40, 2**20):
        monkeypatch.setattr(row_store, "MAPPED_BYTES", limit)
        rows = store.rows()
        assert rows is not None
        out = np.empty((100, 3, 64, 64), np.uint8)
        peak = 0
        for start in range(0, 2000, 100):
            assert rows.take(np.arange(start, start + 100), out).all()
            assert np.array_equal(out, pixels[start : start + 100])
            peak = max(peak, mapped_bytes(store.folder / "rows"))
        peaks.append(peak)
        del rows
    assert peaks[0] >= pixels.nbytes
    assert peaks[1] < pixels.nbytes / 3  # the system maps some more around what is read


def mapped_bytes(path: Path) -> int:
    """How much of the file lies in this process's memory."""
    found = re.search(rf"{path}\n.*?\nRss: *(\d+) kB", Path("/proc/self/smaps").read_text(), re.DOTALL)
    return int(found[1]) * 1024 if found else 0


PROGRAM = """
import os, signal, sys
from pathlib import Path
import numpy as np
from experiments.data import decoding, pictures, row_store
from experiments.data.images import decode

pictures.BLOCK_FILES = 5
kill_at, files = int(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
before, count = os.{call}, 0

def {call}(*given):
    global count
    count += 1
    if count == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return before(*given)

os.{call} = {call}
found = pictures.Pictures(files, decoding.hash_files(files), 8)
assert (found.take(np.arange(len(files))) == np.stack([decode(path, 8) for path in files])).all()
assert not found.notices and not found.failures
assert "torch" not in sys.modules
print(len(files))
"""


def started(files: list[Path], call: str = "fsync", kill_at: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROGRAM.format(call=call), str(kill_at), *map(str, files)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("call", "kill_at"), [("fsync", 1), ("fsync", 2), ("replace", 1), ("replace", 3)])
def test_killed_in_the_middle_of_writing_in_a_process_of_its_own(
    call: str, kill_at: int, files: list[Path], decoded: list[str]
) -> None:
    with started(files, call, kill_at) as process:
        process.communicate()
    assert process.returncode == -9
    found = read(files)
    assert right(found)
    assert found.notices == []
    assert len(decoded) == (12 if kill_at == 1 else 7)  # what was committed before is kept
    decoded.clear()
    assert right(read(files))
    assert decoded == []


def test_four_processes_fill_one_store_at_the_same_time(cache: Path, tmp_path: Path, decoded: list[str]) -> None:
    files = write(tmp_path / "many", range(40))
    orders = (files, files[::-1], files[20:] + files[:20], files[10:])
    processes = [started(order) for order in orders]
    for process, order in zip(processes, orders, strict=True):
        with process:
            out, err = process.communicate()
        assert (out, err) == (f"{len(order)}\n", "")
    assert (cache / f"{SIZE}px_v1" / "rows").stat().st_size == 16 + 40 * ROW  # each was decoded once
    assert right(read(files))
    assert decoded == []
