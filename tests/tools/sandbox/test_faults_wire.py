"""Faults of the wire, seen by a bare socket: what is done, and which bytes come back before the connection closes."""

import json
import socket
import time

import httpx
import pytest

from tests.tools.sandbox.conftest import RTX_4090
from tools.sandbox.endpoint import Endpoint
from tools.sandbox.faults import ENDPOINT_NAMES

RENT = {"gpu_id": RTX_4090, "hours": 1}


def tell(http: httpx.Client, kind: str, endpoint: str = "rent-with-credits", **more: object) -> None:
    """Add a fault to the queue."""
    answer = http.post("/_sandbox/faults", json={"endpoint": endpoint, "kind": kind, **more})
    assert answer.status_code == 200, answer.text


def left(http: httpx.Client) -> list[dict[str, object]]:
    """The faults still to come."""
    found = http.get("/_sandbox/faults").json()["faults"]
    assert isinstance(found, list)
    return found


def debits(http: httpx.Client) -> int:
    """How often money was taken."""
    return len(http.get("/_sandbox/books").json()["debits"])


def raw(sandbox: Endpoint, method: str = "POST", path: str = "/rent-with-credits", body: object = RENT) -> bytes:
    """Everything that comes back for one request until the server closes the connection."""
    host, _, port = sandbox.checkout_host.partition(":")
    content = json.dumps(body).encode() if method == "POST" else b""
    head = (
        f"{method} /api{path} HTTP/1.1\r\nHost: {sandbox.checkout_host}\r\nX-Api-Key: {sandbox.api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    received = b""
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(head.encode() + content)
        while chunk := sock.recv(65536):
            received += chunk
    return received


def test_a_lost_answer_is_done_and_not_a_byte_comes_back(sandbox: Endpoint, http: httpx.Client) -> None:
    """The money is taken and the connection closed in silence, once; the next call is answered."""
    tell(http, "lost_answer")
    assert raw(sandbox) == b""
    assert (debits(http), left(http)) == (1, [])
    assert raw(sandbox).startswith(b"HTTP/1.1 200")
    assert debits(http) == 2


def test_a_lost_request_is_not_done(sandbox: Endpoint, http: httpx.Client) -> None:
    """The connection is closed in silence, and nothing has happened."""
    tell(http, "lost_request")
    assert raw(sandbox) == b""
    assert debits(http) == 0


@pytest.mark.parametrize(("method", "path", "endpoint"), [("GET", "/gpus", "gpus"), ("POST", "/pig-chat", "pig-chat")])
def test_clients_see_a_server_that_went_away(
    sandbox: Endpoint, http: httpx.Client, method: str, path: str, endpoint: str
) -> None:
    """For an HTTP client a closed connection is a protocol error, never an answer of any status."""
    for kind in ("lost_answer", "lost_request"):
        tell(http, kind, endpoint)
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            httpx.request(method, f"{sandbox.base_url}{path}", json={"message": "oink"})


def test_a_status_comes_instead_of_the_deed(http: httpx.Client) -> None:
    """A 429 with `Retry-After`, and nothing is done."""
    tell(http, "status", status=429, retry_after=7)
    answer = http.post("/api/rent-with-credits", json=RENT)
    assert (answer.status_code, answer.headers["Retry-After"], set(answer.json())) == (429, "7", {"error"})
    assert debits(http) == 0


def test_a_status_may_come_after_the_deed(http: httpx.Client) -> None:
    """A 5xx although the money was taken; without `retry_after` no such header."""
    tell(http, "status_after", status=502)
    answer = http.post("/api/rent-with-credits", json=RENT)
    assert (answer.status_code, "Retry-After" in answer.headers, debits(http)) == (502, False, 1)


def test_a_hanging_answer_comes_late_and_whole(http: httpx.Client) -> None:
    """The deed is done at once; its answer comes after the seconds asked for."""
    tell(http, "hang", seconds=0.4)
    begun = time.monotonic()
    assert http.post("/api/rent-with-credits", json=RENT).json()["credits_spent"] == 49
    assert time.monotonic() - begun >= 0.4


def test_a_client_that_hangs_up_ends_the_hanging(http: httpx.Client, sandbox: Endpoint) -> None:
    """Who does not wait gets nothing, although it is done; the sandbox goes on answering."""
    tell(http, "hang", seconds=600)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{sandbox.base_url}/rent-with-credits", json=RENT, headers={"X-Api-Key": sandbox.api_key}, timeout=0.5
        )
    assert debits(http) == 1


def test_a_truncated_answer_promises_more_than_comes(sandbox: Endpoint, http: httpx.Client) -> None:
    """The headers name the whole length; half of the body comes, then the connection closes."""
    tell(http, "truncated")
    head, _, body = raw(sandbox).partition(b"\r\n\r\n")
    (length,) = [int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length")]
    assert len(body) == length // 2
    assert (body.startswith(b'{"status":"deploying"'), debits(http)) == (True, 1)


def test_how_much_of_a_truncated_answer_comes_can_be_said(sandbox: Endpoint, http: httpx.Client) -> None:
    """`keep_bytes` of the body arrive; a client calls that an incomplete answer."""
    tell(http, "truncated", keep_bytes=9, count=2)
    assert raw(sandbox).endswith(b'\r\n\r\n{"status"')
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        http.post("/api/rent-with-credits", json=RENT)


@pytest.mark.parametrize("body", ['{"status": "deploying"}', "<html>", ""])
def test_wrong_json_replaces_the_body_only(http: httpx.Client, body: str) -> None:
    """It is done, the status is right, and the body is what was asked for."""
    tell(http, "wrong_json", body=body)
    answer = http.post("/api/rent-with-credits", json=RENT)
    assert (answer.status_code, answer.text, debits(http)) == (200, body, 1)


def test_the_queue_counts_down_by_endpoint(http: httpx.Client) -> None:
    """A fault hits only its endpoint, after `skip` calls, `count` times; the next one told for it comes after it."""
    tell(http, "status", "gpus", skip=1, count=2, status=500)
    tell(http, "status", "packs", status=501)
    tell(http, "status", "gpus", status=503)
    seen = [http.get("/api/gpus").status_code for _ in range(2)]
    (first, *_) = left(http)
    assert (first["endpoint"], first["skip"], first["count"]) == ("gpus", 0, 1)
    seen += [http.get("/api/gpus").status_code for _ in range(3)]
    assert seen == [200, 500, 500, 503, 200]
    assert [fault["endpoint"] for fault in left(http)] == ["packs"]


def test_delete_clears_the_queue(http: httpx.Client) -> None:
    """After DELETE every call is answered as always."""
    tell(http, "lost_answer", "gpus", count=5)
    assert http.delete("/_sandbox/faults").json() == {"faults": []}
    assert http.get("/api/gpus").status_code == 200


CALLS = {
    "gpus": ("GET", "/gpus"),
    "docs": ("GET", "/docs"),
    "order": ("GET", "/order/HOG-1"),
    "packs": ("GET", "/credits/packs"),
    "balance": ("GET", "/credits/balance"),
    "pig-chat": ("POST", "/pig-chat"),
    "rent": ("POST", "/rent"),
    "rent-with-credits": ("POST", "/rent-with-credits"),
    "stop": ("POST", "/order/HOG-1/stop"),
    "start": ("POST", "/order/HOG-1/start"),
    "terminate": ("POST", "/order/HOG-1/terminate"),
}


def test_each_of_the_eleven_endpoints_can_fail(http: httpx.Client) -> None:
    """A fault told for a documented name hits that endpoint and no other."""
    assert set(ENDPOINT_NAMES) == set(CALLS)
    told = {name: 580 + number for number, name in enumerate(CALLS)}
    for name, status in reversed(told.items()):
        tell(http, "status", name, status=status)
    seen = {name: http.request(method, f"/api{path}", json={}).status_code for name, (method, path) in CALLS.items()}
    assert (seen, left(http)) == (told, [])


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"endpoint": "gpus"}, "kind"),
        ({"kind": "lost_answer"}, "endpoint"),
        ({"endpoint": "/gpus", "kind": "lost_answer"}, "endpoint"),
        ({"endpoint": "gpus", "kind": "explode"}, "kind"),
        ({"endpoint": "gpus", "kind": ["hang"]}, "kind"),
        ({"endpoint": "gpus", "kind": "hang", "seconds": -1}, "seconds"),
        ({"endpoint": "gpus", "kind": "hang", "seconds": True}, "seconds"),
        ({"endpoint": "gpus", "kind": "status", "status": "500"}, "status"),
        ({"endpoint": "gpus", "kind": "status", "count": 0}, "count"),
        ({"endpoint": "gpus", "kind": "wrong_json", "body": {}}, "body"),
        ({"endpoint": "gpus", "kind": "status", "times": 2}, "times"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(http: httpx.Client, fault: dict[str, object], named: str) -> None:
    """422 names the field, and nothing is queued."""
    answer = http.post("/_sandbox/faults", json=fault)
    assert (answer.status_code, named in answer.json()["error"]) == (422, True)
    assert left(http) == []


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/_sandbox/faults", "/_sandbox/kill-pod"])
def test_only_the_sandboxs_own_key_tells_faults(sandbox: Endpoint, method: str, path: str) -> None:
    """Without the key nobody adds, reads or clears faults, nor kills pods."""
    origin = sandbox.base_url.removesuffix("/api")
    answer = httpx.request(method, origin + path, json={"endpoint": "gpus", "kind": "hang"})
    assert answer.status_code in (401, 405)
    assert answer.status_code == 401 or path == "/_sandbox/kill-pod"
