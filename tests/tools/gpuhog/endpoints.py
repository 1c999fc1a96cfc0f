"""Every endpoint: how it is called, where the request must go, and the documented answer."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.tools.gpuhog.conftest import KEY, ORDER
from tools.gpuhog import GpuHog


@dataclass(frozen=True)
class Endpoint:
    name: str
    method: str
    path: str
    call: Callable[[GpuHog], Awaitable[Any]]
    answer: dict[str, Any]
    keyed: bool = False
    payload: dict[str, Any] | None = field(default=None)

    @property
    def body(self) -> bytes:
        return json.dumps(self.answer).encode()


LISTING = {
    "gpu_id": "NVIDIA GeForce RTX 3090",
    "name": "RTX 3090",
    "vram": "24 GB",
    "price_per_hour_usd": 0.34,
    "tier": "piglet",
    "rent_url": "https://gpuhog.com/api/rent",
    "payment_methods": ["stripe"],
    "protocol": "HTTP-402-MPP",
}
ORDER_ANSWER = {
    "order_id": ORDER,
    "status": "running",
    "gpu": "RTX 4090",
    "vram": "24 GB",
    "hours": 2,
    "pod_id": "abc123xyz",
    "access": {"ssh": "ssh root@203.0.113.42 -p 22042", "jupyter": "https://gpuhog.com/pod/abc123xyz/"},
    "gpu_stats": [{"gpu_util": "23%", "mem_util": "18%"}],
}
BALANCE = {
    "email": "you@example.com",
    "credits_balance": 1847,
    "total_purchased": 2500,
    "total_spent": 653,
    "api_key": KEY,
}
PACK = {"id": "pack_500", "credits": 500, "price_usd": "5.00", "label": "Starter Pack", "savings": ""}
RECEIPT = {
    "status": "deploying",
    "order_id": ORDER,
    "pod_id": "abc123xyz",
    "gpu": "RTX 4090",
    "credits_spent": 147,
    "balance": 853,
}
CHECKOUT = {
    "status": 402,
    "message": "Payment Required",
    "protocol": "Machine-Payable-Protocol/1.0",
    "order_id": ORDER,
    "gpu": "RTX 4090",
    "vram": "24 GB",
    "hours": 2,
    "total_usd": "0.98",
    "payment": {
        "method": "stripe_checkout",
        "checkout_url": "https://checkout.stripe.com/c/pay/cs_live_a1#fidkdWxOYHwnPyd1",
        "expires_at": "2026-03-30T12:30:00+00:00",
    },
}


REPEATABLE = (
    Endpoint("gpus", "GET", "/gpus", lambda hog: hog.gpus(), {"gpus": [LISTING], "docs": "x"}),
    Endpoint("docs", "GET", "/docs", lambda hog: hog.docs(), {"name": "GPU Hog", "endpoints": []}),
    Endpoint("order", "GET", f"/order/{ORDER}", lambda hog: hog.order(ORDER), ORDER_ANSWER),
    Endpoint("packs", "GET", "/credits/packs", lambda hog: hog.packs(), {"packs": [PACK], "note": "x"}),
    Endpoint("balance", "GET", "/credits/balance", lambda hog: hog.balance(), BALANCE, keyed=True),
    Endpoint(
        "pig_chat",
        "POST",
        "/pig-chat",
        lambda hog: hog.pig_chat("Oink?"),
        {"reply": "Oink."},
        payload={"message": "Oink?"},
    ),
    Endpoint("stop", "POST", f"/order/{ORDER}/stop", lambda hog: hog.stop(ORDER), {"status": "stopped"}),
    Endpoint(
        "terminate", "POST", f"/order/{ORDER}/terminate", lambda hog: hog.terminate(ORDER), {"status": "terminated"}
    ),
)
SPENDING = (
    Endpoint(
        "rent",
        "POST",
        "/rent",
        lambda hog: hog.rent("RTX 4090", 2),
        CHECKOUT,
        payload={"gpu_id": "RTX 4090", "hours": 2},
    ),
    Endpoint(
        "rent_with_credits",
        "POST",
        "/rent-with-credits",
        lambda hog: hog.rent_with_credits("RTX 4090", 3),
        RECEIPT,
        keyed=True,
        payload={"gpu_id": "RTX 4090", "hours": 3},
    ),
    Endpoint("start", "POST", f"/order/{ORDER}/start", lambda hog: hog.start(ORDER), {"status": "starting"}),
)
EVERY = (*REPEATABLE, *SPENDING)


def name_of(endpoint: Endpoint) -> str:
    """For pytest's ids."""
    return endpoint.name
