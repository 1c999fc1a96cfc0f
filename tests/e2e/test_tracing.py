"""What a whole run tells a collector and LangSmith: a tree of what was done, and none of what lets anybody do harm."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.swineherd import ASK, Document, Swineherd, ended, write_job
from tests.fakes.collector import Collector, collecting
from tests.fakes.langsmith_server import FakeLangSmith, listening
from tests.fakes.model_server import FakeModelServer, says, serving

pytestmark = pytest.mark.timeout(120)

TOKEN = "hf-3nV1r0nment-s3cret"
LITERAL = "l1teral/s3cret+of=the?file"
MODEL_KEY = "sk-m0del-0123456789"
TO_CHOOSE = "[gpu]\nmax_premium = 0.5\n"
"""More than one offer is within it."""
TAKES_THE_FIRST = says(json.dumps({"reason": "the cheapest will do", "index": 1}))
GIVES_UP = says(json.dumps({"explanation": "The job is at fault.", "advice": "give_up"}))
JOB = 'echo "$TOKEN $LITERAL"; echo a line of the log; printenv TOKEN >copy.txt; exit 3'


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture
def langsmith() -> Iterator[FakeLangSmith]:
    with listening() as found:
        yield found


@pytest.fixture
def model() -> Iterator[FakeModelServer]:
    """Asked which offer, and what was wrong with the job."""
    with serving(TAKES_THE_FIRST, GIVES_UP) as found:
        yield found


@pytest.fixture
def watched(herd: Swineherd, collector: Collector, langsmith: FakeLangSmith, model: FakeModelServer) -> Swineherd:
    """The command line of somebody who watches all that it does, and has everything that is to be kept."""
    traced = herd.policy(ASK + TO_CHOOSE).having(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **langsmith.variables)
    return traced.having(TOKEN=TOKEN, OPENAI_BASE_URL=model.url, OPENAI_API_KEY=MODEL_KEY, SWINEHERD_MODEL="herder")


def approved(herd: Swineherd, job: Path) -> tuple[Document, str]:
    """A run that was asked about in the middle, to its end, and the code that approved it."""
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        started.until_said("waiting for `swineherd approve")
        approval = herd.show(started.run_id)["approval"]
        said = herd.run("approve", started.run_id, "--code", approval["code"], "--amount", approval["amount_usd"])
        assert said.code == 0, said.text
        done = started.done()
    assert done.code == 1, done.text
    assert not [line for line in done.stderr.splitlines() if "trac" in line.lower()]
    return done.document, approval["code"]


def test_no_secret_leaves_by_a_trace(
    watched: Swineherd, collector: Collector, langsmith: FakeLangSmith, tmp_path: Path
) -> None:
    """In a run that has them all: keys, an approval, an order, its notebook's link, and secrets of the job's."""
    folder = tmp_path / "project"
    folder.mkdir()
    job = write_job(folder, JOB, secrets={"TOKEN": None, "LITERAL": LITERAL}, workdir=".", outputs=["copy.txt"])
    run, code = approved(watched, job)

    (order_id,) = run["order_ids"]
    (pod_id,) = [order["pod_id"] for order in watched.books()["orders"] if order["order_id"] == order_id]
    secrets = {
        "the API key": watched.endpoint.api_key,
        "the model's key": MODEL_KEY,
        "LangSmith's key": langsmith.variables["LANGSMITH_API_KEY"],
        "the approval code": code,
        "the order's id": order_id,
        "the notebook's link": f"/pod/{pod_id}",
        "a variable": TOKEN,
        "a literal": LITERAL,
    }
    spans = b"".join(collector.bodies).decode(errors="replace")
    for told in (spans, langsmith.told):
        assert run["run_id"] in told
        assert [name for name, secret in secrets.items() if secret in told] == []
    assert not [words for words in ("a line of the log", "printenv", str(folder), job.name) if words in spans]
    assert '"name":"terminate"' in langsmith.told
    assert '"name":"ChatOpenAI"' in langsmith.told
    tree = {(collector.parent_of(span), span.name) for span in collector.spans}
    assert tree >= {
        ("", "drive"),
        ("drive", "pick"),
        ("pick", "chat herder"),
        ("pay", "POST /rent-with-credits"),
        ("poll", "GET /order/{id}"),
        ("run_job", "ssh connect"),
        ("run_job", "ssh upload"),
        ("collect", "ssh download"),
        ("diagnose", "chat herder"),
        ("terminate", "POST /order/{id}/terminate"),
        ("drive", "report"),
    }
    assert collector.resource.keys() == {"service.name", "service.version"}
