"""The documented JSON shapes, made from the market's values; and what the books show."""

from dataclasses import asdict
from datetime import UTC, datetime

from policies.money import usd
from tools.sandbox.catalogue import PACKS
from tools.sandbox.market import Market, gpu_of, total
from tools.sandbox.records import Account, Debit, Order, Settings, Status

Json = dict[str, object]

ENDPOINTS = (
    ("gpus", "GET", "/gpus", "List available GPUs"),
    ("docs", "GET", "/docs", "This document"),
    ("rent", "POST", "/rent", "Rent a GPU; answers 402 with a checkout link"),
    ("rent-with-credits", "POST", "/rent-with-credits", "Rent a GPU with credits; needs X-Api-Key"),
    ("pig-chat", "POST", "/pig-chat", "Ask the pig"),
    ("order", "GET", "/order/{order_id}", "Order status and access"),
    ("stop", "POST", "/order/{order_id}/stop", "Stop a pod; the volume is kept"),
    ("start", "POST", "/order/{order_id}/start", "Start a stopped pod"),
    ("terminate", "POST", "/order/{order_id}/terminate", "Terminate a pod for good"),
    ("packs", "GET", "/credits/packs", "Credit packs"),
    ("balance", "GET", "/credits/balance", "Credit balance; needs X-Api-Key"),
)
"""Name, method, path below `/api`, what it does."""


def gpus(market: Market, origin: str) -> Json:
    """Answer of `GET /gpus`."""
    listed = [
        {
            "gpu_id": gpu.gpu_id,
            "name": gpu.name,
            "vram": f"{gpu.vram_gb} GB",
            "price_per_hour_usd": float(price),
            "tier": gpu.tier,
            "rent_url": f"{origin}/api/rent",
            "payment_methods": ["stripe"],
            "protocol": "HTTP-402-MPP",
        }
        for gpu, price in market.listed()
    ]
    return {"gpus": listed, "protocol": "Machine-Payable-Protocol/1.0", "docs": f"{origin}/api/docs"}


def docs(origin: str) -> Json:
    """Answer of `GET /docs`."""
    return {
        "name": "GPU Hog - Machine Payable GPU Rental",
        "version": "2.0",
        "protocol": "Machine-Payable-Protocol/1.0 (HTTP 402)",
        "base_url": f"{origin}/api",
        "endpoints": [{"method": method, "path": path, "description": text} for _, method, path, text in ENDPOINTS],
    }


def payment_required(order: Order, origin: str) -> Json:
    """The 402 body of `POST /rent`."""
    gpu = gpu_of(order)
    return {
        "status": 402,
        "message": "Payment Required",
        "protocol": "Machine-Payable-Protocol/1.0",
        "order_id": order.order_id,
        "gpu": gpu.name,
        "vram": f"{gpu.vram_gb} GB",
        "hours": order.hours,
        "total_usd": usd(total(order)),
        "payment": {
            "method": "stripe_checkout",
            "checkout_url": f"{origin}/checkout/{order.token}",
            "expires_at": rfc3339(order.expires_at),
        },
    }


def receipt(order: Order, cost: int, account: Account) -> Json:
    """The 200 body of `POST /rent-with-credits`."""
    return {
        "status": str(order.status),
        "order_id": order.order_id,
        "pod_id": order.pod_id,
        "gpu": gpu_of(order).name,
        "credits_spent": cost,
        "balance": account.balance,
    }


def order_view(order: Order, settings: Settings, origin: str) -> Json:
    """Answer of `GET /order/{order_id}`; the pod's id once paid, access and figures only while it runs."""
    gpu = gpu_of(order)
    view: Json = {
        "order_id": order.order_id,
        "status": str(order.status),
        "gpu": gpu.name,
        "vram": f"{gpu.vram_gb} GB",
        "hours": order.hours,
    }
    if order.status is not Status.RESERVED:
        view["pod_id"] = order.pod_id
    if order.status is Status.RUNNING:
        view["access"] = {
            "ssh": f"ssh root@127.0.0.1 -p {order.ssh_port}",
            "jupyter": f"{origin}/pod/{order.pod_id}/",
        }
        view["gpu_stats"] = [{"gpu_util": f"{settings.gpu_util}%", "mem_util": f"{settings.mem_util}%"}]
    return view


def moved(order: Order) -> Json:
    """Answer of stop, start and terminate."""
    return {"status": str(order.status), "order_id": order.order_id}


def packs() -> Json:
    """Answer of `GET /credits/packs`."""
    on_sale = [
        {
            "id": pack.pack_id,
            "credits": pack.credits,
            "price_usd": pack.price_usd,
            "label": pack.label,
            "savings": pack.savings,
        }
        for pack in PACKS
    ]
    return {"packs": on_sale, "note": "Credits never expire. 1 token = 1 cent"}


def balance(account: Account, api_key: str) -> Json:
    """Answer of `GET /credits/balance`."""
    return {
        "email": "herder@sandbox.invalid",
        "credits_balance": account.balance,
        "total_purchased": account.purchased,
        "total_spent": account.spent,
        "api_key": api_key,
    }


def books(market: Market) -> Json:
    """The truth, whatever the account shows: balance, every debit with its time, every order."""
    account = market.account()
    return {
        "balance": account.balance,
        "total_purchased": account.purchased,
        "total_spent": account.spent,
        "debits": [_debited(debit) for debit in market.debits()],
        "orders": [_booked(order) for order in market.orders()],
    }


def rfc3339(seconds: float | None) -> str | None:
    """A Unix time as RFC 3339 UTC, whole seconds."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _debited(debit: Debit) -> Json:
    shown_at = max(debit.at, debit.shown_at)
    return {**asdict(debit), "at": rfc3339(debit.at), "shown_at": rfc3339(shown_at)}


def _booked(order: Order) -> Json:
    return {
        "order_id": order.order_id,
        "pod_id": order.pod_id,
        "gpu_id": order.gpu_id,
        "hours": order.hours,
        "price_per_hour_usd": order.price,
        "rail": order.rail,
        "status": str(order.status),
        "created_at": rfc3339(order.created_at),
        "lease_end": rfc3339(order.lease_end),
        "dead": order.dead,
    }
