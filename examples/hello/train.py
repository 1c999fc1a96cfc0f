"""Pretend to train: a loss that falls, printed as it goes, and the two files a real training leaves behind."""

import json
import os
import time
from pathlib import Path


def main() -> None:
    """Write `adapters/weights.txt` and `metrics.json` below the current folder."""
    steps = int(os.environ.get("STEPS", "5"))
    losses = [round(2.0 / step, 4) for step in range(1, steps + 1)]
    for step, loss in enumerate(losses, start=1):
        print(f"step {step}/{steps} loss {loss:.4f}", flush=True)  # noqa: T201 - a job talks to its log
        time.sleep(0.2)
    Path("adapters").mkdir(exist_ok=True)
    Path("adapters/weights.txt").write_text("\n".join(map(str, losses)) + "\n", encoding="utf-8")
    Path("metrics.json").write_text(json.dumps({"steps": steps, "loss": losses[-1]}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
