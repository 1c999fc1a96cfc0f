"""Run the notebooks beside this file, each in a kernel of its own, and check or save what they show.

    python notebooks/execute.py            check: every one runs, and the saved outputs are whole and clean
    python notebooks/execute.py --write    run and save the outputs

The kernel is the interpreter that runs this file. It sees nothing of the user's Jupyter or IPython settings.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parent
KERNEL = "swineherd"
CELL_SECONDS = 180

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""Of every saved notebook, so that a file changes only when its content does."""


def main() -> int:
    """Returns 1 when a notebook fails or a saved one is not fit to be shown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="save the outputs")
    write = parser.parse_args().write
    found = [
        f"{path.name}: {problem}" for path in sorted(FOLDER.glob("*.ipynb")) for problem in handle(path, write=write)
    ]
    for problem in found:
        sys.stderr.write(f"{problem}\n")
    return 1 if found else 0


def handle(path: Path, *, write: bool) -> list[str]:
    """Run one notebook; returns what is wrong with it. A failed run saves nothing."""
    saved, fresh = read(path), read(path)
    try:
        asyncio.run(execute(fresh))
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return [without_colours(str(error))]
    problems = [f"as it runs now: {problem}" for problem in problems_of(fresh)]
    if not write:
        return problems + [f"as it is saved: {problem}; see --write" for problem in problems_of(saved)]
    if not problems:
        save(fresh, path)
        sys.stdout.write(f"{path.name}: saved\n")
    return problems


async def execute(notebook: NotebookNode) -> None:
    """Run every cell in the notebook's folder; the outputs are put into `notebook`.

    Temporary files of a notebook that fails go with ours; a sandbox whose folder is gone ends itself.
    """
    with tempfile.TemporaryDirectory() as scratch:
        manager = AsyncKernelManager(kernel_name=KERNEL, kernel_spec_manager=this_interpreter(Path(scratch)))
        # Sockets in our own folder: nobody else on this machine can listen, as they could on loopback.
        manager.transport = "ipc"
        manager.connection_file = str(Path(scratch) / "connection.json")
        resources = {"metadata": {"path": str(FOLDER)}}
        client = NotebookClient(
            notebook, manager, timeout=CELL_SECONDS, record_timing=False, coalesce_streams=True, resources=resources
        )
        try:
            await client.async_execute(env={**os.environ, "IPYTHONDIR": scratch, "TMPDIR": scratch})
        finally:
            await manager.shutdown_kernel(now=True)


def this_interpreter(scratch: Path) -> KernelSpecManager:
    """Knows one kernel: the interpreter that runs this."""
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": KERNEL,
        "language": "python",
    }
    folder = scratch / "kernels" / KERNEL
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return KernelSpecManager(kernel_dirs=[str(folder.parent)])


def problems_of(notebook: NotebookNode) -> list[str]:
    """What a reader of this notebook must not see."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [f"cell {place} {problem}" for place, cell in enumerate(cells, start=1) for problem in flaws(cell)]


def flaws(cell: NotebookNode) -> Iterator[str]:
    """Of one code cell: nothing shown, an error, a warning, a folder of the machine that ran it."""
    if not cell.outputs:
        yield "shows nothing"
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"shows an error: {output.ename}"
        if output.get("name") == "stderr":
            yield f"shows a warning: {output.text.strip()[:200]}"
        text = shown_text(output)
        for place in local_places():
            if place in text:
                yield f"shows a folder of this machine: {place}"


def shown_text(output: NotebookNode) -> str:
    """What an output shows, pictures left out."""
    data = output.get("data", {})
    return "\n".join([output.get("text", ""), *(str(data[kind]) for kind in data if not kind.startswith("image/"))])


def local_places() -> set[str]:
    """Beginnings of paths that mean something only here."""
    places = (FOLDER.parent, Path.home(), Path(tempfile.gettempdir()), Path(tempfile.gettempdir()).resolve())
    return {f"{place}/" for place in places if len(place.parts) > 1}


def read(path: Path) -> NotebookNode:
    """Of the format of today. Raises where the file is no notebook."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def save(notebook: NotebookNode, path: Path) -> None:
    """Without what differs from machine to machine or only tells when a cell ran."""
    notebook.metadata = METADATA
    for cell in notebook.cells:
        cell.metadata = {}
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def without_colours(text: str) -> str:
    """A traceback fit for a log."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


if __name__ == "__main__":
    sys.exit(main())
