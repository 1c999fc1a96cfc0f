"""What a worker says: one JSON document a line, with the run's id, and no order id that ends a pod."""

import json
import os
import pty
import re
import subprocess
import sys

SCRIPT = """
import logging
from agent.engine.log_lines import LogFace, log_to_stderr
log_to_stderr()
face = LogFace()
face.tell("run-1", "the pod deploys")
face.tell("", "money was found")
face.job_output("run-1", b"of the job")
import structlog
try:
    secret = "hf_123456"
    raise KeyError("HOG-a1b2c3d4e5f6")
except KeyError:
    structlog.get_logger().exception("a defect of ours", run_id="run-2")
logging.getLogger("dbos").warning("of the queue: %s", "HOG-a1b2c3d4e5f6")
logging.getLogger("dbos").info("hello")
logging.getLogger("httpx").info("GET https://gpuhog.com/api/order/HOG-a1b2c3d4e5f6")
"""


def lines() -> list[dict[str, str]]:
    """What the script says on stderr; on stdout it says nothing."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_is_a_document_and_names_its_run() -> None:
    """Ours, those of an error, and those of the libraries; the job's output and their chatter are left out."""
    said = lines()
    assert [(line["event"], line.get("run_id"), line["level"]) for line in said] == [
        ("the pod deploys", "run-1", "info"),
        ("money was found", None, "info"),
        ("a defect of ours", "run-2", "error"),
        ("of the queue: HOG-…e5f6", None, "warning"),
    ]
    assert all(line["timestamp"].endswith("Z") for line in said)


def test_an_error_tells_no_order_id_and_no_local_variable() -> None:
    """Though both are in the traceback's reach."""
    (error,) = [line for line in lines() if "exception" in line]
    assert "KeyError: 'HOG-…e5f6'" in error["exception"]
    assert "hf_123456" not in error["exception"]


def test_in_a_terminal_it_is_text() -> None:
    """The same line, for humans."""
    ours, theirs = pty.openpty()
    script = (
        "from agent.engine.log_lines import LogFace, log_to_stderr; log_to_stderr(); LogFace().tell('run-1', 'oink')"
    )
    subprocess.run([sys.executable, "-c", script], stderr=theirs, check=True)
    os.close(theirs)
    said = re.sub(r"\x1b\[[0-9;]*m", "", os.read(ours, 10_000).decode())
    os.close(ours)
    assert re.fullmatch(r"\S+Z \[info +\] oink +run_id=run-1\r\n", said)


def test_commands_in_the_foreground_import_no_queue() -> None:
    """DBOS is launched by workers alone."""
    imports = "import agent.assemble, agent.cli.runs, agent.cli.look, agent.cli.decide, agent.cli.sweep, sys"
    script = f"{imports}; sys.exit('dbos' in sys.modules or 'sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
