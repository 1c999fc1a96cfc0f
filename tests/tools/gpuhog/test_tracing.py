"""Calls to the provider as spans: the route, the status, how often; never an id, a body or the key."""

import httpx
import pytest
from opentelemetry.trace import StatusCode

from tests.fakes.clock import FakeClock
from tests.fakes.spans import KeptSpans, notes_of
from tests.tools.gpuhog.conftest import KEY, ORDER, Script
from tests.tools.gpuhog.endpoints import EVERY, Endpoint, name_of
from tools.errors import MarketUnavailable, NothingSent, OfferGone, OutcomeUnknown
from tools.gpuhog import GpuHog


@pytest.fixture
def kept() -> KeptSpans:
    return KeptSpans()


def traced(kept: KeptSpans, script: Script, key: str | None = KEY) -> GpuHog:
    transport = httpx.MockTransport(script)
    return GpuHog("https://gpuhog.test/api", key, FakeClock(), transport=transport, tracer=kept.tracer)


@pytest.mark.parametrize("endpoint", EVERY, ids=name_of)
async def test_every_endpoint_is_told_by_its_route(endpoint: Endpoint, kept: KeptSpans) -> None:
    """As the documentation has it: `/order/{id}`, and nothing of what is asked or answered."""
    await endpoint.call(traced(kept, Script(httpx.Response(200, content=endpoint.body))))
    (span,) = kept.ended
    route = endpoint.path.replace(ORDER, "{id}")
    assert span.name == f"{endpoint.method} {route}"
    assert notes_of(span) == {
        "http.request.method": endpoint.method,
        "url.template": route,
        "http.response.status_code": 200,
    }
    assert span.events == ()


async def test_tries_are_counted(kept: KeptSpans) -> None:
    """One span, with the status of the last try."""
    script = Script(httpx.Response(503), httpx.ReadError("x"), httpx.Response(200, json={"gpus": []}))
    await traced(kept, script).gpus()
    notes = notes_of(kept.one("GET /gpus"))
    assert (notes["http.request.resend_count"], notes["http.response.status_code"]) == (2, 200)
    assert kept.ended[0].status.status_code is StatusCode.UNSET


async def test_a_read_without_an_answer(kept: KeptSpans) -> None:
    """Failed, by the class of the error; the last status is told too."""
    with pytest.raises(MarketUnavailable):
        await traced(kept, Script(httpx.Response(503))).order(ORDER)
    span = kept.one("GET /order/{id}")
    assert not span.status.is_ok
    assert (notes_of(span)["error.type"], notes_of(span)["http.response.status_code"]) == ("MarketUnavailable", 503)


async def test_a_refusal_is_told_by_its_status(kept: KeptSpans) -> None:
    """404 and the like; a 402 is what `rent` is to answer."""
    with pytest.raises(OfferGone):
        await traced(kept, Script(httpx.Response(404, text=f"no {ORDER}"))).stop(ORDER)
    span = kept.one("POST /order/{id}/stop")
    assert (span.status.is_ok, notes_of(span)["error.type"]) == (False, "404")
    await traced(kept, Script(httpx.Response(402, json={"checkout_url": "https://pay.test/s3cret"}))).rent("A4000", 1)
    paid = kept.one("POST /rent")
    assert (paid.status.status_code, notes_of(paid)["http.response.status_code"]) == (StatusCode.UNSET, 402)
    assert not [word for word in (ORDER, KEY, "s3cret", "A4000") if word in kept.everything()]


async def test_a_purchase_whose_answer_is_lost(kept: KeptSpans) -> None:
    """And one that never left: told apart by the class."""
    with pytest.raises(OutcomeUnknown):
        await traced(kept, Script(httpx.ReadError("x"))).rent_with_credits("A4000", 1)
    with pytest.raises(NothingSent):
        await traced(kept, Script(httpx.ConnectError("x"))).rent_with_credits("A4000", 1)
    kinds = [notes_of(span)["error.type"] for span in kept.named("POST /rent-with-credits")]
    assert kinds == ["OutcomeUnknown", "NothingSent"]
