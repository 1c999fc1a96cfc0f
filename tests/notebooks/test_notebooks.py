import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.graph import build_graph
from notebooks.road_picture import draw_road, drawn_edges

FOLDER = Path(__file__).parents[2] / "notebooks"
FIRST_RUN = FOLDER / "01_first_run.ipynb"


@pytest.mark.timeout(240)
def test_every_notebook_runs_and_is_saved_with_its_outputs() -> None:
    """What `make notebook` checks: no error, no warning, no path of the machine, and an output below every cell."""
    done = subprocess.run([sys.executable, FOLDER / "execute.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_picture_has_the_edges_of_the_compiled_graph() -> None:
    """No edge is missing from the picture of the road, none is invented, none is drawn twice."""
    road = build_graph()
    assert drawn_edges(draw_road(road)) == sorted((edge.source, edge.target) for edge in road.get_graph().edges)


def test_the_saved_notebook_shows_the_graph_of_today() -> None:
    """Whoever changes the road executes the notebook again: `python notebooks/execute.py --write`."""
    cells = {cell["id"]: cell for cell in json.loads(FIRST_RUN.read_text(encoding="utf-8"))["cells"]}
    shown = "".join(cells["mermaid"]["outputs"][0]["text"])
    assert shown.strip() == build_graph().get_graph().draw_mermaid().strip()


def test_saved_notebooks_tell_nothing_of_when_and_where_they_ran() -> None:
    """Metadata is the same on every machine, so that a diff shows content only."""
    for path in FOLDER.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert notebook["metadata"]["language_info"] == {"name": "python"}
        assert [cell["id"] for cell in notebook["cells"] if cell["metadata"]] == []
