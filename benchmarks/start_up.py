"""How long a command that trains nothing takes, against a bare Hydra application's `--cfg job`, in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
BARE = """
import hydra

@hydra.main(config_path=None, version_base="1.3")
def main(configuration):
    pass

main()
"""
COMMANDS = (["--help"], ["list"], ["explain", "optimizer.lr"], ["fit", "--help"], ["fit", "--cfg", "job"])


def seconds(command: list[str], folder: str) -> float:
    """The wall time of one process."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Print a ratio a command."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "bare.py").write_text(BARE)
        bare_command = [sys.executable, "bare.py", "--cfg", "job"]
        for words in COMMANDS:
            ours_command = [sys.executable, "-m", "experiments", *words]
            pairs = [(seconds(ours_command, scratch), seconds(bare_command, scratch)) for _ in range(ROUNDS)]
            ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(f"experiments {' '.join(words):<24} {ours:.2f} s, bare Hydra {bare:.2f} s, ratio {ours / bare:.2f}")


if __name__ == "__main__":
    main()
