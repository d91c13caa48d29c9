"""A download may be killed at any moment: the same command goes on from there, and nothing is lost or done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from downloads import download, manifest, pictures, write_lists
from picture_server import PictureServer, Request, picture

from experiments.curation.background import THREAD
from experiments.curation.journal import Journal


def journaled(root: Path) -> list[str]:
    """The addresses that the journal knows as fetched."""
    file = root / ".download" / "journal.jsonl"
    lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
    return [event["fetched"]["url"] for event in map(json.loads, lines) if "fetched" in event]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def start(lists: Path, root: Path) -> subprocess.Popen[str]:
    """The command in a process of its own, which Ctrl-C reaches even if the tests run in the background."""
    command = [sys.executable, "-m", "experiments", "data", "download", str(lists), str(root), "--allow-private"]
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return subprocess.Popen(
            [*command, "--workers", "4"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
        )
    finally:
        signal.signal(signal.SIGINT, before)


class Gate:
    """A server of whose twelve pictures five can be had, two of them the same; the others stop in the middle."""

    def __init__(self, server: PictureServer, folder: Path) -> None:
        self.open = threading.Event()
        self.waiting = threading.Semaphore(0)
        seeds = [0, 1, 2, 3, 1, *range(5, 12)]
        free = {0, 2, 4, 5, 7}
        urls = [server.put(f"/{n}", self.answer(picture(seed), n in free)) for n, seed in enumerate(seeds)]
        self.free = [urls[n] for n in sorted(free)]
        self.lists = write_lists(folder / "urls", black=urls[:6], teddy=[*urls[6:], server.url("/404")])
        self.server = server

    def answer(self, body: bytes, free: bool) -> Callable[[Request], None]:
        def answer(request: Request) -> None:
            if free or self.open.is_set():
                return request.reply(body)
            request.reply(body[:100], length=len(body))
            self.waiting.release()
            request.server.over.wait()
            request.close_connection = True
            return None

        return answer


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle_then_typed_again_in_a_process_of_its_own(
    tmp_path: Path, server: PictureServer, how: signal.Signals
) -> None:
    gate, root = Gate(server, tmp_path), tmp_path / "bears"
    process = start(gate.lists, root)
    for _ in range(4):  # every worker hangs in the middle of a picture
        assert gate.waiting.acquire(timeout=60)
    until(lambda: len(journaled(root)) == len(gate.free))
    process.send_signal(how)
    out, err = process.communicate(timeout=20)
    assert out == ""
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert err == "stopped; the same command goes on from here\ninterrupted\n"
    whole = journaled(root)
    assert set(whole) == set(gate.free)
    for name, content in pictures(root).items():
        if not name.startswith(".download/"):
            assert sha256(content).hexdigest().startswith(Path(name).stem)
    assert not (root / "manifest.csv").exists()
    gate.open.set()
    first = server.hits.copy()
    assert download(gate.lists, root) == 0
    assert all(server.hits[path] - first[path] == (0 if server.url(path) in whole else 1) for path in server.hits)
    assert download(gate.lists, tmp_path / "undisturbed") == 0
    assert pictures(root) == pictures(tmp_path / "undisturbed")
    assert manifest(root) == manifest(tmp_path / "undisturbed")


class Killed(BaseException):
    """As good as kill -9: nothing that the project does catches it."""


def kill_at(step: int, patch: pytest.MonkeyPatch) -> list[str]:
    """Lets the process die before (even) or after (odd) a certain change on disk; returns the changes as they come."""
    seen: list[str] = []

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **named: Any) -> Any:
            seen.append(change.__name__)
            if len(seen) > step // 2 + 1:  # dead
                raise Killed
            if len(seen) == step // 2 + 1 and step % 2 == 0:
                raise Killed
            done = change(*arguments, **named)
            if len(seen) == step // 2 + 1:
                raise Killed
            return done

        return changed

    for place, name in ((Path, "rename"), (Path, "replace"), (Path, "unlink"), (os, "replace"), (Journal, "_append")):
        patch.setattr(place, name, dying(getattr(place, name)))
    return seen


def test_killed_before_and_after_every_change_on_disk(
    tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [server.put(f"/{n}", picture(seed)) for n, seed in enumerate([0, 1, 0])]
    lists = write_lists(tmp_path / "urls", black=[*urls[:2], server.url("/404")], teddy=[urls[2], urls[0], urls[1]])
    undisturbed = tmp_path / "undisturbed"
    download(lists, undisturbed)
    died = 0
    for step in range(1000):
        root = tmp_path / str(step)
        server.hits.clear()
        with monkeypatch.context() as patch:
            changes = kill_at(step, patch)
            try:
                download(lists, root, "--workers", "1")
                assert len(changes) < step // 2 + 1
                break
            except Killed:
                died += 1
                for thread in threading.enumerate():  # these, too, come to an end at their next change on disk
                    if thread.name == THREAD:
                        thread.join(30)
        whole = journaled(root)
        download(lists, root)
        assert pictures(root) == pictures(undisturbed), f"killed at step {step}: {changes}"
        assert manifest(root) == manifest(undisturbed), f"killed at step {step}: {changes}"
        assert all(server.hits[f"/{url.rpartition('/')[2]}"] == 1 for url in whole), f"killed at step {step}: {changes}"
    assert died > 20


def test_a_torn_line_and_a_file_that_a_power_cut_emptied_are_fetched_again(
    tmp_path: Path, server: PictureServer
) -> None:
    lists = write_lists(tmp_path / "urls", black=[server.put(f"/{n}", picture(n)) for n in range(3)])
    root = tmp_path / "bears"
    (root / ".download").mkdir(parents=True)
    digests = [sha256(picture(n)).hexdigest() for n in range(3)]
    events = [
        {"fetched": {"url": server.url(f"/{n}"), "sha256": digests[n], "suffix": ".jpg", "status": "", "reason": ""}}
        for n in range(3)
    ]
    lines = [json.dumps(event) for event in events]
    (root / ".download" / "journal.jsonl").write_text(f"{lines[0]}\n{lines[1]}\n\0\0\0\n{lines[2][:50]}")
    (root / ".download" / f"{digests[0]}.jpg").write_bytes(picture(0))
    (root / ".download" / f"{digests[1]}.jpg").write_bytes(b"")
    (root / ".download" / f"{digests[2]}.jpg").write_bytes(picture(2))
    (root / ".download" / "1234.part").write_bytes(b"half")
    assert download(lists, root) == 0
    assert server.hits == {"/1": 1, "/2": 1}
    assert sorted(pictures(root).values()) == sorted(picture(n) for n in range(3))
    assert not (root / ".download").exists()


def test_two_downloads_at_the_same_time_do_the_work_once(
    tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, second_waits = threading.Event(), threading.Event()

    def slow(request: Request) -> None:
        begun.set()
        assert second_waits.wait(30)
        request.reply(picture(0))

    class Listening:
        def write(self, text: str) -> int:
            if "waiting for another download" in text:
                second_waits.set()
            return len(text)

        def flush(self) -> None: ...

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stderr", Listening())
    lists = write_lists(tmp_path / "urls", black=[server.put("/0", slow), server.put("/1", picture(1))])
    codes: list[int] = []
    both = [threading.Thread(target=lambda: codes.append(download(lists, tmp_path / "bears"))) for _ in range(2)]
    both[0].start()
    assert begun.wait(30)
    both[1].start()
    for thread in both:
        thread.join(30)
    assert codes == [0, 0]
    assert server.hits == {"/0": 1, "/1": 1}
    assert [row["status"] for row in manifest(tmp_path / "bears")] == ["downloaded"] * 2
