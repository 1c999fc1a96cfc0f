"""The checkout page: plain accessible HTML that any browser can pay on. No script, nothing loaded from anywhere."""

import base64
import hashlib
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from policies.money import usd
from tools.errors import Refused
from tools.sandbox.keeper import Keeper
from tools.sandbox.market import Market, gpu_of, total
from tools.sandbox.records import Order, Status
from tools.sandbox.requests import bounded_body
from tools.sandbox.wire import rfc3339

_STYLE = """
:root { color-scheme: light dark; --pig: #b3245e; }
body { font: 1.05rem/1.5 system-ui, sans-serif; margin: 0; padding: 2rem 1rem; }
main { max-width: 26rem; margin: auto; padding: 1.5rem 2rem; border: 1px solid #8886; border-radius: 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1.5rem; }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
.total { font-size: 1.6rem; font-weight: 700; }
button { width: 100%; padding: .8rem; border: 0; border-radius: .6rem; background: var(--pig); color: #fff;
  font: inherit; font-weight: 600; cursor: pointer; }
button:focus-visible { outline: 3px solid #3b82f6; outline-offset: 3px; }
small { opacity: .8; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_PLAY_MONEY = "<p><small>Sandbox: this is play money. No card is asked for and none is charged.</small></p>"


class Checkout:
    """Shows and takes payments of `/checkout/{token}`; the token is a capability, so no key is asked."""

    def __init__(self, market: Market, keeper: Keeper) -> None:
        self._market = market
        self._keeper = keeper

    def routes(self) -> list[Route]:
        """The page and its form."""
        return [
            Route("/checkout/{token}", self._show, methods=["GET"]),
            Route("/checkout/{token}/pay", self._pay, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        try:
            order = self._market.by_token(request.path_params["token"])
        except Refused as exc:
            return _sorry(exc)
        if order.status is not Status.RESERVED and order.ready_at is not None:
            return _page("Paid", f"<p>Thank you. Your pod is on its way; you can close this page.</p>{_summary(order)}")
        if order.status is not Status.RESERVED:
            return _sorry(Refused("This order was cancelled", 410))
        if self._market.link_expired(order):
            return _sorry(Refused("This checkout has expired", 410))
        return _page("Pay for your GPU", _summary(order) + _form(order))

    async def _pay(self, request: Request) -> Response:
        try:
            await bounded_body(request)
            order = self._market.pay(request.path_params["token"])
        except Refused as exc:
            return _sorry(exc)
        self._keeper.wake()
        return RedirectResponse(f"/checkout/{order.token}", 303, _HEADERS)


def _summary(order: Order) -> str:
    gpu = gpu_of(order)
    hours = "1 hour" if order.hours == 1 else f"{order.hours} hours"
    rows = [
        ("GPU", escape(f"{gpu.name}, {gpu.vram_gb} GB")),
        ("Time", escape(f"{hours} at ${order.price} an hour")),
        ("Order", escape(order.order_id)),
        ("Total", f'<span class="total">${escape(usd(total(order)))}</span>'),
    ]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"


def _form(order: Order) -> str:
    until = escape(rfc3339(order.expires_at) or "")
    return (
        f'<form method="post" action="/checkout/{escape(order.token, quote=True)}/pay">'
        f'<button type="submit">Pay ${escape(usd(total(order)))}</button></form>'
        f'<p><small>This link can be paid until <time datetime="{until}">{until[11:16]} UTC</time>.</small></p>'
    )


def _sorry(refused: Refused) -> Response:
    return _page(str(refused), "<p>Nothing was charged. Ask your agent for a fresh offer.</p>", refused.status)


def _page(title: str, body: str, status: int = 200) -> Response:
    heading = escape(title)
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading} · GPU Hog sandbox</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{heading}</h1>{body}{_PLAY_MONEY}</main></body></html>"
    )
    return HTMLResponse(html, status, _HEADERS)
