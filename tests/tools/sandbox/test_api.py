"""The eleven endpoints over real HTTP: documented shapes, and a 4xx with JSON for everything else."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.tools.sandbox.conftest import RTX_4090, rent, running_pod, wait_status
from tools.sandbox.endpoint import Endpoint


def test_gpus_lists_the_documented_fields(http: httpx.Client, sandbox: Endpoint) -> None:
    """`GET /gpus` has at least eight GPUs, each with exactly the documented keys."""
    answer = http.get("/api/gpus").json()
    assert len(answer["gpus"]) >= 8
    assert next(gpu for gpu in answer["gpus"] if gpu["name"] == "RTX 3090") == {
        "gpu_id": "NVIDIA GeForce RTX 3090",
        "name": "RTX 3090",
        "vram": "24 GB",
        "price_per_hour_usd": 0.34,
        "tier": "piglet",
        "rent_url": f"{sandbox.base_url}/rent",
        "payment_methods": ["stripe"],
        "protocol": "HTTP-402-MPP",
    }
    assert (answer["protocol"], answer["docs"]) == ("Machine-Payable-Protocol/1.0", f"{sandbox.base_url}/docs")


def test_docs_lists_eleven_endpoints(http: httpx.Client, sandbox: Endpoint) -> None:
    """`GET /docs` describes the API and its base URL."""
    answer = http.get("/api/docs").json()
    assert answer["base_url"] == sandbox.base_url
    assert len(answer["endpoints"]) == 11


def test_rent_answers_402_with_a_checkout_link(http: httpx.Client, sandbox: Endpoint) -> None:
    """`POST /rent` needs no key and answers the documented 402 body; the order is reserved."""
    answer = httpx.post(f"{sandbox.base_url}/rent", json={"gpu_id": RTX_4090, "hours": 2})
    body = answer.json()
    payment = body.pop("payment")
    order_id = body.pop("order_id")
    assert answer.status_code == 402
    assert body == {
        "status": 402,
        "message": "Payment Required",
        "protocol": "Machine-Payable-Protocol/1.0",
        "gpu": "RTX 4090",
        "vram": "24 GB",
        "hours": 2,
        "total_usd": "0.98",
    }
    assert re.fullmatch(r"HOG-[0-9a-f]{12}", order_id)
    assert payment["method"] == "stripe_checkout"
    assert payment["checkout_url"].startswith(f"http://{sandbox.checkout_host}/checkout/")
    ahead = datetime.fromisoformat(payment["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < ahead <= timedelta(minutes=30)
    view = http.get(f"/api/order/{order_id}").json()
    assert view == {"order_id": order_id, "status": "reserved", "gpu": "RTX 4090", "vram": "24 GB", "hours": 2}


def test_rent_with_credits_deploys_and_debits(http: httpx.Client) -> None:
    """`POST /rent-with-credits` takes a name too, answers the documented receipt and takes the credits."""
    body = http.post("/api/rent-with-credits", json={"gpu_id": "RTX 4090", "hours": 3}).json()
    assert re.fullmatch(r"HOG-[0-9a-f]{12}", body.pop("order_id"))
    assert re.fullmatch(r"[0-9a-z]{8,}", body.pop("pod_id"))
    assert body == {"status": "deploying", "gpu": "RTX 4090", "credits_spent": 147, "balance": 2353}


def test_hours_default_to_one(http: httpx.Client) -> None:
    """Without `hours` one hour is rented."""
    body = http.post("/api/rent-with-credits", json={"gpu_id": RTX_4090}).json()
    assert body["credits_spent"] == 49


def test_a_running_order_shows_access_and_figures(http: httpx.Client) -> None:
    """A running order has an SSH command, a Jupyter link and GPU figures in the documented form."""
    order_id, _ = running_pod(http, hours=2)
    view = http.get(f"/api/order/{order_id}").json()
    assert set(view) == {"order_id", "status", "gpu", "vram", "hours", "pod_id", "access", "gpu_stats"}
    assert re.fullmatch(r"ssh root@127\.0\.0\.1 -p [0-9]+", view["access"]["ssh"])
    assert http.get(view["access"]["jupyter"]).status_code == 200
    assert view["gpu_stats"] == [{"gpu_util": "23%", "mem_util": "18%"}]


def test_access_is_shown_only_while_running(http: httpx.Client) -> None:
    """Deploying and ended orders have neither access nor figures."""
    http.post("/_sandbox/settings", json={"deploy_seconds": 60})
    order_id = rent(http)
    assert "access" not in http.get(f"/api/order/{order_id}").json()
    http.post(f"/api/order/{order_id}/terminate")
    assert "access" not in http.get(f"/api/order/{order_id}").json()


def test_pig_chat_replies(http: httpx.Client) -> None:
    """The pig answers questions of up to 500 characters."""
    reply = http.post("/api/pig-chat", json={"message": "What GPU for a 7B model?"}).json()
    assert "RTX 4090" in reply["reply"]
    assert http.post("/api/pig-chat", json={"message": "x" * 501}).status_code == 422


def test_packs_and_balance(http: httpx.Client, sandbox: Endpoint) -> None:
    """Packs are open; the balance shows the account of the key."""
    packs = http.get("/api/credits/packs").json()
    assert packs["packs"][0] == {
        "id": "pack_500",
        "credits": 500,
        "price_usd": "5.00",
        "label": "Starter Pack",
        "savings": "",
    }
    rent(http)
    balance = http.get("/api/credits/balance").json()
    assert balance.pop("email")
    assert balance == {
        "credits_balance": 2451,
        "total_purchased": 2500,
        "total_spent": 49,
        "api_key": sandbox.api_key,
    }


@pytest.mark.parametrize("key", [None, "", "ghk_wrong"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/rent-with-credits"), ("GET", "/credits/balance")],
)
def test_credits_need_the_key(sandbox: Endpoint, method: str, path: str, key: str | None) -> None:
    """Without the sandbox's own key the credits endpoints answer 401 and nothing is taken."""
    headers = {} if key is None else {"X-Api-Key": key}
    answer = httpx.request(method, f"{sandbox.base_url}{path}", json={"gpu_id": RTX_4090}, headers=headers)
    assert (answer.status_code, set(answer.json())) == (401, {"error"})


@pytest.mark.parametrize("path", ["/api/rent", "/api/rent-with-credits"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"gpu_id": "Voodoo 2"}, 404),
        ({"gpu_id": RTX_4090, "hours": 0}, 422),
        ({"gpu_id": RTX_4090, "hours": 721}, 422),
        ({"gpu_id": RTX_4090, "hours": 1.5}, 422),
        ({"gpu_id": RTX_4090, "hours": True}, 422),
        ({"gpu_id": RTX_4090, "hours": "1"}, 422),
        ({"gpu_id": 7}, 422),
        ({}, 422),
        ([], 400),
    ],
)
def test_bad_rentals_are_refused(http: httpx.Client, path: str, body: object, status: int) -> None:
    """What can't be rented is a 4xx with a JSON error, and costs nothing."""
    answer = http.post(path, json=body)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    books = http.get("/_sandbox/books").json()
    assert (books["debits"], books["orders"]) == ([], [])


def test_a_short_balance_is_402(http: httpx.Client) -> None:
    """More than the balance is refused; exactly the balance is not."""
    http.post("/_sandbox/settings", json={"credits_purchased": 98})
    assert http.post("/api/rent-with-credits", json={"gpu_id": RTX_4090, "hours": 3}).status_code == 402
    assert http.post("/api/rent-with-credits", json={"gpu_id": RTX_4090, "hours": 2}).status_code == 200


def test_out_of_stock_is_404_and_not_listed(http: httpx.Client) -> None:
    """A GPU whose stock is taken is neither listed nor rented, until a pod of it ends."""
    http.post("/_sandbox/settings", json={"stock": {"RTX 4090": 1}})
    order_id = rent(http)
    assert RTX_4090 not in [gpu["gpu_id"] for gpu in http.get("/api/gpus").json()["gpus"]]
    for path in ("/api/rent", "/api/rent-with-credits"):
        assert http.post(path, json={"gpu_id": RTX_4090}).status_code == 404
    http.post(f"/api/order/{order_id}/terminate")
    rent(http)


@pytest.mark.parametrize("call", ["", "/stop", "/start", "/terminate"])
def test_an_unknown_order_is_404(http: httpx.Client, call: str) -> None:
    """No order, no answer but 404."""
    answer = http.request("POST" if call else "GET", f"/api/order/HOG-000000000000{call}")
    assert (answer.status_code, answer.json()) == (404, {"error": "Order not found"})


def test_order_calls_need_no_key(http: httpx.Client, sandbox: Endpoint) -> None:
    """Status, stop, start and terminate are open calls, as documented."""
    order_id, _ = running_pod(http)
    for call, status in (("stop", "stopped"), ("start", "starting"), ("terminate", "terminated")):
        answer = httpx.post(f"{sandbox.base_url}/order/{order_id}/{call}", timeout=30)
        assert answer.json() == {"status": status, "order_id": order_id}


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"\xff", {"Content-Type": "application/json"}, 400),
        (b'{"gpu_id": "x"}', {"Content-Type": "text/plain"}, 415),
        (b'{"gpu_id": "' + b"x" * 20_000 + b'"}', {"Content-Type": "application/json"}, 413),
        (b"[" * 10_000, {"Content-Type": "application/json"}, 400),
    ],
)
def test_broken_bodies_are_refused(http: httpx.Client, content: bytes, headers: dict[str, str], status: int) -> None:
    """Bodies are JSON objects, declared as such, of a bounded size."""
    assert http.post("/api/rent", content=content, headers=headers).status_code == status


def test_wrong_methods_and_paths_answer_json(http: httpx.Client) -> None:
    """404 and 405 are JSON like every other error."""
    assert http.get("/api/nothing").json() == {"error": "Not found"}
    assert http.get("/api/rent").status_code == 405


@pytest.mark.parametrize("path", ["/api/gpus", "/checkout/x", "/_sandbox/health"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "user@127.0.0.1", "", "0.0.0.0"])
def test_a_foreign_host_header_is_refused(http: httpx.Client, path: str, host: str) -> None:
    """A page that rebinds its name to loopback reaches nothing."""
    assert http.get(path, headers={"Host": host}).status_code in (400, 403)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]:8000"])
def test_loopback_names_are_served(http: httpx.Client, host: str) -> None:
    """Every name of loopback is fine, with or without a port."""
    assert http.get("/api/gpus", headers={"Host": host}).status_code == 200


def test_the_provider_says_starting_then_running(http: httpx.Client) -> None:
    """A stopped pod that is started comes back as running."""
    order_id, _ = running_pod(http)
    http.post(f"/api/order/{order_id}/stop")
    assert http.post(f"/api/order/{order_id}/start").json()["status"] == "starting"
    assert wait_status(http, order_id, "running")
