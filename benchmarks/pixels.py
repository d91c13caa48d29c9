"""Epochs from the cache of decoded pixels against decoding with Pillow each time, and the memory that they take.

The photographs are made here: JPEGs of 1500 x 1125 pixels, smooth noise with some grain. Both ways give the same
batches of 64 uint8 pictures of 224 pixels in a new order every epoch. Pillow decodes with as many threads as there
are cores, twice: in full, and at reduced scale (`draft`) as this project decodes the first time.

Then a set larger than a limit is iterated in a process of its own, whose private memory the system caps at that
limit above what Python and torch take (RLIMIT_DATA); a second one tries the same with all pixels in memory. The cap
does not count pages of mapped files, which the system may take back at any time: so the peak of all resident memory,
mapped pages included, is printed as well.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from experiments.data.batches import Batches
from experiments.data.cache_folder import VARIABLE
from experiments.data.decoding import hash_files
from experiments.data.images import decode
from experiments.data.pictures import Pictures
from experiments.data.pixel_store import open_pixels
from experiments.data.pixels import PictureRows, read_pixels

SIZE, BATCH, EPOCHS = 224, 64, 5
MEGABYTE = 2**20


def photograph(seed: int) -> Image.Image:
    """Smooth noise at several scales, and grain: a JPEG of it has the size of a photograph's."""
    random = np.random.default_rng(seed)
    values = random.normal(0, 4, (1125, 1500, 3))
    for cells, strength in ((6, 60), (40, 25), (200, 10)):
        noise = random.normal(0, strength, (cells, cells, 3))
        for band in range(3):
            values[..., band] += np.asarray(Image.fromarray(noise[..., band]).resize((1500, 1125)))
    return Image.fromarray(np.clip(values + 128, 0, 255).astype(np.uint8))


def decode_in_full(path: Path) -> NDArray[np.uint8]:
    """With Pillow as most data sets do: every pixel of the file, then resized."""
    with Image.open(path) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
        small = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR, box=box)
    return np.asarray(small).transpose(2, 0, 1)


def by_pillow(paths: list[Path], one: Callable[[Path], NDArray[np.uint8]], epoch: int) -> Iterator[torch.Tensor]:
    """Batches that are decoded anew."""
    order = torch.randperm(len(paths), generator=torch.Generator().manual_seed(epoch))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for rows in torch.split(order, BATCH):
            yield torch.from_numpy(np.stack(list(threads.map(one, [paths[row] for row in rows]))))


def from_cache(paths: list[Path], epoch: int) -> Iterator[torch.Tensor]:
    """The same from the cache."""
    inputs = read_pixels(paths, hash_files(paths), SIZE).inputs
    order = torch.randperm(len(paths), generator=torch.Generator().manual_seed(epoch))
    for rows in torch.split(order, BATCH):
        yield inputs[rows]


def rate(epoch: Callable[[int], Iterator[torch.Tensor]], epochs: int) -> float:
    """Images a second, the median of some epochs after a first one."""
    rates = []
    for number in range(epochs + 1):
        began = time.perf_counter()
        images = sum(len(batch) for batch in epoch(number))
        rates.append(images / (time.perf_counter() - began))
    return statistics.median(rates[1:])


def compare(count: int) -> None:
    """Print images a second and ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ[VARIABLE] = str(Path(scratch) / "cache")
        paths = [Path(scratch) / f"{number}.jpg" for number in range(count)]
        for number, path in enumerate(paths):
            photograph(number).save(path, quality=90)
        mean = statistics.mean(path.stat().st_size for path in paths)
        print(f"{count} JPEGs of 1500 x 1125 pixels, {mean / 1000:.0f} kB each; {SIZE} pixels, batches of {BATCH}")
        began = time.perf_counter()
        inputs = read_pixels(paths, hash_files(paths), SIZE).inputs
        print(f"filling the cache      {count / (time.perf_counter() - began):8.0f} images/s, once")
        full = rate(lambda epoch: by_pillow(paths, decode_in_full, epoch), 1)
        reduced = rate(lambda epoch: by_pillow(paths, lambda path: decode(path, SIZE), epoch), 2)
        whole = rate(lambda epoch: from_cache(paths, epoch), EPOCHS)

        def opened(epoch: int) -> Iterator[torch.Tensor]:
            order = torch.randperm(count, generator=torch.Generator().manual_seed(epoch))
            return (inputs[rows] for rows in torch.split(order, BATCH))

        kept = rate(opened, EPOCHS)
    print(f"Pillow, in full        {full:8.0f} images/s")
    print(f"Pillow, reduced scale  {reduced:8.0f} images/s")
    print(f"cache, found each time {whole:8.0f} images/s (all files hashed and looked up before every epoch)")
    print(f"cache                  {kept:8.0f} images/s")
    print(f"ratio                  {kept / full:8.0f} to Pillow in full, {kept / reduced:.0f} at reduced scale")


def iterate(images: int, limit: int, in_memory: bool) -> None:
    """Two epochs over so many stored pictures with a cap of `limit` bytes on private memory."""
    before = status("VmRSS")
    cap = status("VmData") + limit
    resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))
    names = [sha256(str(number).encode()).hexdigest() for number in range(images)]
    inputs: PictureRows | torch.Tensor = PictureRows(
        Pictures([Path(name) for name in names], names, SIZE), range(images)
    )
    if in_memory:
        inputs = inputs[torch.arange(images)]
    total = 0.0
    for epoch in range(2):
        batches = Batches(inputs, torch.zeros(images), range(images), BATCH, shuffle_seed=epoch)
        total += sum(float(x[:, 0, 0, 0].sum()) for x, _ in batches)
    more = (status("VmHWM") - before) / MEGABYTE
    print(f"sum {total:.0f}, at most {more:.0f} MiB more were resident than before")


def status(name: str) -> int:
    """Bytes, as Linux tells them of this process."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) * 1024


def bounded(images: int, limit: int) -> None:
    """Fill a store with so many pictures, without files, and iterate it in processes with a cap."""
    if sys.platform != "linux":
        print("memory: only Linux caps it")
        return
    with tempfile.TemporaryDirectory() as scratch:
        os.environ[VARIABLE] = scratch
        store, random = open_pixels(SIZE), np.random.default_rng(0)
        for start in range(0, images, 400):
            numbers = range(start, min(start + 400, images))
            pixels = random.integers(0, 256, (len(numbers), 3, SIZE, SIZE), np.uint8)
            store.append([sha256(str(number).encode()).hexdigest() for number in numbers], pixels)
        size = (store.folder / "rows").stat().st_size
        print(
            f"\n{images} pictures, {size / MEGABYTE:.0f} MiB; private memory capped at {limit / MEGABYTE:.0f} MiB more"
        )
        for name, more in (("cache", []), ("all in memory", ["--in-memory"])):
            command = [sys.executable, __file__, "--iterate", str(images), "--limit", str(limit), *more]
            began = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True)
            last = (done.stdout or done.stderr).strip().splitlines()[-1]
            end = "failed" if done.returncode else "done"
            print(f"{name:<14} {end} in {time.perf_counter() - began:.0f} s: {last}")


def main() -> None:
    """Both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=512, help="JPEGs to make (512)")
    parser.add_argument("--large", type=int, default=10_000, help="pictures of the large set (10,000: 1.4 GiB)")
    parser.add_argument("--limit", type=int, default=512 * MEGABYTE, help="bytes of private memory for it (512 MiB)")
    parser.add_argument("--iterate", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--in-memory", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.iterate:
        iterate(arguments.iterate, arguments.limit, arguments.in_memory)
        return
    compare(arguments.images)
    bounded(arguments.large, arguments.limit)


if __name__ == "__main__":
    main()
