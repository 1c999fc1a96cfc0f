"""For servers whose forks are commands: what these import late, or compute once, is there before the first fork."""

import gc
from importlib import import_module

from tools.gpuhog.channel import _tls

IMPORTED_LATE = (
    "anyio._backends._asyncio",
    "httpcore",
    "langchain_core.tracers.context",
    "langchain_core.tracers.run_collector",
)
"""By a first request and a first step of a graph."""


def preload() -> None:
    """Call it once all modules are imported: none of them is looked through again as garbage."""
    for name in IMPORTED_LATE:
        import_module(name)
    _tls()
    gc.freeze()
