"""`swineherd worker` whose pods are files: `python -m tests.e2e.light_worker MARKS`. Everything else is as it is."""

import sys
from pathlib import Path

from agent import assemble, assemble_parts
from agent.cli.work import work
from tests.fakes.light_pods import LightPods

JOB_SECONDS = 2.0

if __name__ == "__main__":
    marks = Path(sys.argv[1])
    setattr(assemble, assemble_parts.ssh_pods.__name__, lambda _place: LightPods(marks, JOB_SECONDS))
    work(sandbox=False)
