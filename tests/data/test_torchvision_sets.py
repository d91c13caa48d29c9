"""Tiny files in the formats of torchvision's sets, in place, or fetched from a server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from experiments.data.datamodule import DataModule
from experiments.data.errors import DataError
from experiments.data.torchvision_sets import CIFAR10, MNIST, Pets

DIGITS = [number % 10 for number in range(40)]


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def idx(values: np.ndarray[Any, Any]) -> bytes:
    """The MNIST format: a count of axes, their lengths, bytes."""
    return b"\0\0\x08" + bytes([values.ndim]) + np.array(values.shape, ">u4").tobytes() + values.tobytes()


def tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path, list[str]]]:
    """A web server on this machine: its address, the folder that it serves, and the paths it was asked for."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    folder, asked = tmp_path / "server", list[str]()
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder, asked
        server.shutdown()
        thread.join()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", fail)


@pytest.fixture
def mnist(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The four files by name: 40 training and 10 test digits, every pixel of number n is n."""
    files = {}
    for part, count in (("train", 40), ("t10k", 10)):
        pixels = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
        files[f"{part}-images-idx3-ubyte.gz"] = gzip.compress(idx(pixels + (100 if part == "t10k" else 0)))
        files[f"{part}-labels-idx1-ubyte.gz"] = gzip.compress(idx(np.array(DIGITS[:count], np.uint8)))
    monkeypatch.setattr(datasets.MNIST, "resources", [(name, md5(content)) for name, content in files.items()])
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["https://first.test/mnist/", "https://second.test/mnist/"])
    return files


def lay(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def test_mnist_is_fetched_once(
    tmp_path: Path,
    mnist: dict[str, bytes],
    served: tuple[str, Path, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, folder, asked = served
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{address}/none/", f"{address}/"])
    lay(folder, mnist)
    root = tmp_path / "new" / "root"
    with ThreadPoolExecutor(4) as jobs:
        list(jobs.map(lambda _: MNIST(str(root)).prepare(), range(4)))
    got = [path for path in asked if not path.startswith("/none/")]
    assert sorted(set(got)) == sorted(f"/{name}" for name in mnist)
    assert len(got) == 2 * len(mnist)  # torchvision asks once for redirects, once for the file
    pool = MNIST(str(root)).load()
    assert len(asked) == 3 * len(mnist)  # the first mirror lacks each; nothing more was asked for
    assert {path.name for path in root.iterdir()} <= {"MNIST", ".lock"}
    assert pool.inputs[torch.arange(50)].shape == (50, 1, 28, 28)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [f"fetching {address}/none/{name}" for name in mnist]


@pytest.mark.usefixtures("no_network")
def test_mnist_pool(tmp_path: Path, mnist: dict[str, bytes]) -> None:
    """The files lie where the message wants them: nothing is fetched."""
    lay(tmp_path / "MNIST/raw", mnist)
    pool = MNIST(str(tmp_path)).load()
    assert pool.classes == [str(digit) for digit in range(10)]
    assert pool.splits is not None
    assert (pool.splits.count("train"), pool.splits.count("test")) == (40, 10)
    for row, (path, label, split) in enumerate(zip(pool.paths, pool.labels(), pool.splits, strict=True)):
        number = int(path[-5:])
        assert path == f"mnist/{split}/{number:05d}"
        assert label == str(number % 10)
        pixels = pool.inputs[torch.tensor([row])]
        assert pixels.dtype == torch.uint8
        assert pixels.unique().tolist() == [number + 100 * (split == "test")]
        assert pool.sha256[row] == hashlib.sha256(pixels.numpy().tobytes()).hexdigest()
    assert not pool.photographs
    assert MNIST(str(tmp_path)).load() is pool


def test_mnist_trains_and_tests_on_the_official_parts(tmp_path: Path, mnist: dict[str, bytes]) -> None:
    data = DataModule(MNIST(str(lay(tmp_path, {f"MNIST/raw/{name}": content for name, content in mnist.items()}))))
    data.prepare_data()
    data.setup()
    assert data.train_size + data.valid_size == 40
    assert data.valid_size > 0
    assert {data.table.paths[row].split("/")[1] for row in data.table.indices("test")} == {"test"}
    assert data.test_size == 10


@pytest.mark.usefixtures("no_network")
def test_without_a_network_the_message_says_what_goes_where(tmp_path: Path, mnist: dict[str, bytes]) -> None:
    names = list(mnist)
    lay(tmp_path / "MNIST/raw", {names[1]: mnist[names[1]]})
    with pytest.raises(DataError) as caught:
        MNIST(str(tmp_path)).prepare()
    missing = [name for name in names if name != names[1]]
    expected = [
        "dataset=mnist: 3 files are missing, and could not be fetched: Name or service not known.",
        "    Fetch on a machine that has a network, and copy, not unpacked:",
        *(f"      https://first.test/mnist/{name}\n        to {tmp_path}/MNIST/raw/{name}" for name in missing),
        "    Then the same command goes on. Or name a folder that has the files: dataset.root=FOLDER",
    ]
    assert str(caught.value) == "\n".join(expected)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {".lock", names[1]}
    lay(tmp_path / "MNIST/raw", mnist)
    assert len(MNIST(str(tmp_path)).load().paths) == 50


def test_a_damaged_download_is_never_taken(
    tmp_path: Path, mnist: dict[str, bytes], served: tuple[str, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder, _ = served
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{address}/"])
    name = next(iter(mnist))
    lay(folder, {**mnist, name: mnist[name][:-5]})
    with pytest.raises(DataError, match=r"could not be fetched: what came is damaged \(its MD5 is not the known one\)"):
        MNIST(str(tmp_path / "root")).prepare()
    assert [path.name for path in (tmp_path / "root").rglob("*") if path.is_file()] in ([], [".lock"])
    lay(folder, mnist)
    MNIST(str(tmp_path / "root")).prepare()
    assert len(MNIST(str(tmp_path / "root")).load().paths) == 50


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("half", ["MNIST/raw/train-images-idx3-ubyte", ".incoming/unpacked/t10k-images-idx3-ubyte"])
def test_what_a_killed_process_left_is_not_taken_for_whole(tmp_path: Path, mnist: dict[str, bytes], half: str) -> None:
    lay(tmp_path / "MNIST/raw", {name.removesuffix(".gz"): gzip.decompress(c) for name, c in mnist.items()})
    lay(tmp_path / "MNIST/raw", mnist)
    if half.startswith("."):
        (tmp_path / "MNIST/raw" / Path(half).name).unlink()
    whole = gzip.decompress(mnist[f"{Path(half).name}.gz"])
    lay(tmp_path, {half: whole[:1000]})
    MNIST(str(tmp_path)).prepare()
    assert (tmp_path / "MNIST/raw" / Path(half).name).read_bytes() == whole
    assert not (tmp_path / ".incoming").exists()


@pytest.fixture
def cifar(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The batches by name; number n of a batch is red in its first row, n in the rest, and of class n."""
    classes = ["plane", "car"]
    files = {}
    for batch in ("data_batch_1", "data_batch_2", "test_batch"):
        pixels = np.arange(2, dtype=np.uint8)[:, None, None, None] + np.full((2, 3, 32, 32), len(files) * 10, np.uint8)
        pixels[:, 0, 0] = 255
        files[batch] = pickle.dumps({"data": pixels.reshape(2, -1), "labels": [0, 1]})
    files["batches.meta"] = pickle.dumps({"label_names": classes})
    known = [[name, md5(content)] for name, content in files.items()]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", known[:2])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", known[2:3])
    monkeypatch.setattr(datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": known[3][1]})
    monkeypatch.setattr(datasets.CIFAR10, "url", "https://first.test/cifar-10-python.tar.gz")
    packed = tar({f"cifar-10-batches-py/{name}": content for name, content in files.items()})
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5(packed))
    return {**files, "cifar-10-python.tar.gz": packed}


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("packed", [True, False])
def test_cifar10(tmp_path: Path, cifar: dict[str, bytes], packed: bool) -> None:
    archive = "cifar-10-python.tar.gz"
    batches = {f"cifar-10-batches-py/{name}": content for name, content in cifar.items() if name != archive}
    lay(tmp_path, {archive: cifar[archive]} if packed else batches)
    pool = CIFAR10(str(tmp_path)).load()
    assert sorted(pool.paths) == [*(f"cifar10/test/{n:05d}" for n in range(2)),
                                  *(f"cifar10/train/{n:05d}" for n in range(4))]  # fmt: skip
    row = pool.paths.index("cifar10/train/00003")
    picture = pool.inputs[torch.tensor([row])][0]
    assert picture.shape == (3, 32, 32)
    assert picture[0, 0].tolist() == [255] * 32
    assert picture[1, 0].tolist() == picture[0, 1].tolist() == [11] * 32
    assert (pool.labels()[row], pool.classes, pool.photographs) == ("car", ["plane", "car"], True)


@pytest.mark.usefixtures("no_network")
def test_cifar10_with_a_batch_that_was_changed(tmp_path: Path, cifar: dict[str, bytes]) -> None:
    batches = {name: content for name, content in cifar.items() if "." not in name or name == "batches.meta"}
    lay(tmp_path / "cifar-10-batches-py", {**batches, "test_batch": b"import os"})
    with pytest.raises(DataError, match=r"a file is missing.*\n.*\n +https://first.test/cifar-10-python.tar.gz\n"):
        CIFAR10(str(tmp_path)).load()


Packed = Callable[..., dict[str, bytes]]


@pytest.fixture
def pets(monkeypatch: pytest.MonkeyPatch) -> Packed:
    """Packs the two archives: two breeds, two pictures of each a part; one may be broken."""

    def pack(broken: str = "") -> dict[str, bytes]:
        pictures, lists = {}, {"trainval": "", "test": ""}
        for number in range(8):
            breed = ("Abyssinian", "yorkshire_terrier")[number % 2]
            name, part = f"{breed}_{number}", ("trainval", "test")[number // 4]
            encoded = io.BytesIO()
            Image.new("RGB", (30, 20), (number * 20, 0, 0)).save(encoded, "JPEG", quality=95)
            pictures[f"images/{name}.jpg"] = encoded.getvalue() if name != broken else b"\xff\xd8\xff broken"
            lists[part] += f"{name} {number % 2 + 1} 1 1\n"
        texts = {f"annotations/{part}.txt": text.encode() for part, text in lists.items()}
        files = {"images.tar.gz": tar(pictures), "annotations.tar.gz": tar(texts)}
        known = tuple((f"https://first.test/{name}", md5(content)) for name, content in files.items())
        monkeypatch.setattr(datasets.OxfordIIITPet, "_RESOURCES", known)
        return files

    return pack


@pytest.mark.usefixtures("no_network")
def test_pets(tmp_path: Path, pets: Packed) -> None:
    lay(tmp_path / "oxford-iiit-pet", pets())
    pool = Pets(str(tmp_path), 16).load()
    assert pool.classes == ["Abyssinian", "Yorkshire Terrier"]
    assert pool.splits is not None
    for row, path in enumerate(pool.paths):
        file = tmp_path / path
        number = int(file.stem.rsplit("_")[-1])
        assert pool.sha256[row] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert pool.labels()[row] == pool.classes[number % 2]
        assert pool.splits[row] == ("train", "test")[number // 4]
        picture = pool.inputs[torch.tensor([row])][0]
        assert picture.shape == (3, 16, 16)
        assert int(picture[0, 8, 8]) == pytest.approx(number * 20, abs=3)
    assert len(pool.paths) == 8
    assert pool.photographs


def test_a_broken_pet_is_left_out_and_named(tmp_path: Path, pets: Packed) -> None:
    lay(tmp_path / "oxford-iiit-pet", pets(broken="Abyssinian_2"))
    pool = Pets(str(tmp_path), 16).load()
    assert len(pool.paths) == len(pool.inputs) == len(pool.targets) == len(pool.splits or []) == 7
    (notice,) = pool.notices
    assert notice.startswith("oxford-iiit-pet/images/Abyssinian_2.jpg is left out: ")


@pytest.mark.usefixtures("no_network")
def test_a_pet_that_is_missing_comes_from_the_archive(tmp_path: Path, pets: Packed) -> None:
    files = pets()
    lay(tmp_path / "oxford-iiit-pet", files)
    Pets(str(tmp_path), 16).prepare()
    (tmp_path / "oxford-iiit-pet/images/Abyssinian_0.jpg").unlink()
    (tmp_path / "oxford-iiit-pet/images/mine.txt").write_text("mine")
    Pets(str(tmp_path), 16).prepare()
    assert (tmp_path / "oxford-iiit-pet/images/Abyssinian_0.jpg").is_file()
    assert (tmp_path / "oxford-iiit-pet/images/mine.txt").read_text() == "mine"
    (tmp_path / "oxford-iiit-pet/images/Abyssinian_0.jpg").unlink()
    (tmp_path / "oxford-iiit-pet/images.tar.gz").unlink()
    with pytest.raises(DataError, match=r"dataset=pets: a file is missing, .*\n.*\n +https://first.test/images.tar.gz"):
        Pets(str(tmp_path), 16).prepare()


def test_the_cache_folder_is_the_root_by_default() -> None:
    from experiments.data.cache_folder import cache_root

    assert MNIST().folder == cache_root() / "torchvision"
