"""500 small JPEGs from a local server with 50 ms latency: `data download` against fetching them one after the other.

python benchmarks/download.py [--count 500] [--latency 0.05] [--workers 16]

The server is a process of its own. One after the other is done twice: as anyone would write it, by one httpx client
that writes what it gets, unexamined; and by this project with one worker. The bar is held against the faster.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from experiments.curation.addresses import Address, Lists
from experiments.curation.download import Network, download

BAR = 10
"""What the ratio is to be at least."""


def main() -> None:
    """Print the seconds of each way, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--workers", type=int, default=Network().workers)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ours, theirs = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(theirs, arguments.count, arguments.latency), daemon=True)
    server.start()
    port = ours.recv()
    urls = [f"http://127.0.0.1:{port}/{number}" for number in range(arguments.count)]
    with tempfile.TemporaryDirectory() as scratch:
        plain = timed(lambda: one_by_one(urls, Path(scratch)))
        single = timed(lambda: ours_with(1, urls, Path(scratch) / "single"))
        print(f"one after the other: plain client {plain:.1f} s, one worker {single:.1f} s", flush=True)
        for number in range(arguments.rounds):
            many = timed(lambda: ours_with(arguments.workers, urls, Path(scratch) / str(number)))  # noqa: B023 - called at once
            ratio = min(plain, single) / many
            load = os.getloadavg()[0]
            print(f"{arguments.workers} workers: {many:.2f} s, ratio {ratio:.1f} (the bar is {BAR}), load {load:.1f}")
    server.terminate()


def one_by_one(urls: list[str], folder: Path) -> None:
    """What anyone would write first."""
    with httpx.Client() as client:
        for number, url in enumerate(urls):
            (folder / f"{number}.jpg").write_bytes(client.get(url).raise_for_status().content)


def ours_with(workers: int, urls: list[str], root: Path) -> None:
    """Into an empty folder; all pictures must have come."""
    lists = Lists(["bears"], [Address(url, "bears") for url in urls])
    done = download(lists, root, Network(workers, allow_private=True))
    assert all(row.status == "downloaded" for row in done.rows)


def timed(work: Callable[[], None]) -> float:
    """Wall time in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def serve(channel: Connection, count: int, latency: float) -> None:
    """Answers every request after `latency` seconds; connections are kept."""
    bodies = [jpeg(seed) for seed in range(count)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                pass
            await asyncio.sleep(latency)
            body = bodies[int(head.split()[1][1:])]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        channel.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def jpeg(seed: int) -> bytes:
    """A picture of 160 x 120 pixels, unlike any other; some kilobytes."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(coarse).resize((160, 120)).save(file, "JPEG")
    return file.getvalue()


if __name__ == "__main__":
    main()
