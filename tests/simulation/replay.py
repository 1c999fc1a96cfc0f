"""A seed lived again, with everything that happened: `python -m tests.simulation.replay SEED`."""

import sys

from tests.simulation.run import Lived, lived

SHOWN = 60
"""Lines of a trace that a failure shows; a replay shows all."""


def told(life: Lived, shown: int | None = None) -> str:
    """A life in words: its last lines, what did not hold, and how to see it again."""
    lines = life.lines if shown is None else life.lines[-shown:]
    left_out = len(life.lines) - len(lines)
    head = [f"… {left_out} lines before …"] if left_out else []
    broken = [f"BROKEN {problem}" for problem in life.broken] or ["every law held"]
    again = f".venv/bin/python -m tests.simulation.replay {life.seed}"
    return "\n".join([*head, *lines, *broken, f"digest {life.digest}", f"replay: {again}"])


def main() -> None:
    life = lived(int(sys.argv[1]))
    sys.stdout.write(told(life) + "\n")
    sys.exit(1 if life.broken else 0)


if __name__ == "__main__":
    main()
