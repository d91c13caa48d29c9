"""A worker of `workers.Worker`: for each line `class number seed` on standard input one picture on standard output.

It ends when its input does, and so never outlives the program that started it.
"""

import sys

from experiments.curation.drawing_bears.picture import draw_picture


def main() -> None:
    """Answers with four bytes of length, then the file."""
    for line in sys.stdin:
        kind, number, seed = line.split()
        content = draw_picture(kind, int(number), int(seed))
        sys.stdout.buffer.write(len(content).to_bytes(4, "big") + content)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
