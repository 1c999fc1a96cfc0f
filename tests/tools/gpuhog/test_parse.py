"""Reads: every field that decides anything is checked, the rest can hide nothing."""

from decimal import Decimal

import pytest

from policies.answers import Balance, Pack
from policies.money import Cents
from policies.offer import Listing
from policies.order import OrderView
from tests.tools.gpuhog.bodies import with_field
from tests.tools.gpuhog.conftest import KEY, ORDER
from tests.tools.gpuhog.endpoints import BALANCE, LISTING, ORDER_ANSWER, PACK
from tools.errors import Malformed
from tools.gpuhog import parse

GOOD = Listing("NVIDIA GeForce RTX 3090", "RTX 3090", 24, Decimal("0.34"), "piglet", ("stripe",))
VIEW = OrderView(
    order_id=ORDER,
    status="running",
    gpu="RTX 4090",
    vram_gb=24,
    hours=2,
    pod_id="abc123xyz",
    ssh="ssh root@203.0.113.42 -p 22042",
    jupyter="https://gpuhog.com/pod/abc123xyz/",
    gpu_util=23,
    mem_util=18,
)


def listings_with(name: str, literal: str | None) -> parse.Listings:
    """One broken entry beside a good one."""
    other = with_field(LISTING, "gpu_id", '"NVIDIA L4"')
    broken = with_field(LISTING, name, literal)
    return parse.read_listings(f'{{"gpus": [{broken}, {other}], "new_key": 1}}'.encode())


def test_the_documented_listing_is_read_exactly() -> None:
    """0.34 is 0.34, not the nearest float."""
    found = parse.read_listings(f'{{"gpus": [{with_field(LISTING, "unheard_of", "{}")}]}}'.encode())
    assert found == parse.Listings((GOOD,), ())


HOSTILE_LISTINGS = [
    *[
        ("price_per_hour_usd", price)
        for price in (
            None, "null", "true", "false", '"0.34"', "0", "0.0", "-0", "-0.34", "1e-1", "3.4e1", "1E2", "0.1234567",
            "100000.01", "99999999", "[0.34]", "{}", "0.00000000000000000001",
        )
    ],
    *[
        ("vram", vram)
        for vram in (
            None, "null", "24", "24.0", "true", '""', '"24"', '"24 MB"', '"24 gb"', '"0 GB"', '"-24 GB"', '"2049 GB"',
            '"24.5 GB"', '"024 GB"',
            '"٢٤ GB"', '"２４ GB"', '"24 GB "', '"24  GB"', '"24 GB\\n"', '"1e1 GB"', '"24 GB/s"',
        )
    ],
    *[
        ("gpu_id", gpu_id)
        for gpu_id in (
            None, "null", "1", '""', '"   "', '"a\\u0000b"', '"a\\u001b[31m"', '"a\\nb"', '"a\\u202eb"', '"a\\u200bb"',
            '"a\\ufeffb"', '"a\\ud800"', '" a"', '"a "', f'"{"a" * 129}"',
        )
    ],
    *[("name", name) for name in (None, "null", "7", '""', '"\\u200b\\u202e"', '"pay at https://evil.test"')],
    *[("tier", tier) for tier in ("null", "7", '["hog"]')],
]  # fmt: skip


@pytest.mark.parametrize(("name", "literal"), HOSTILE_LISTINGS)
def test_a_broken_listing_is_rejected_and_hides_no_other(name: str, literal: str | None) -> None:
    """It is reported with the field that is wrong; the good one beside it stays."""
    found = listings_with(name, literal)
    assert [listing.gpu_id for listing in found.good] == ["NVIDIA L4"]
    (rejected,) = found.rejected
    assert rejected.reason.startswith(name)
    assert (rejected.gpu_id + rejected.reason).isprintable()


@pytest.mark.parametrize("entry", ["null", "1", '"RTX"', "[]", "{}", "true"])
def test_an_entry_that_is_no_listing_is_rejected(entry: str) -> None:
    """Whatever kind of JSON it is."""
    found = parse.read_listings(f'{{"gpus": [{entry}]}}'.encode())
    assert found.good == ()
    assert len(found.rejected) == 1


@pytest.mark.parametrize("envelope", ['{"gpus": null}', '{"gpus": {}}', "{}", '{"gpus": "RTX"}', "[]"])
def test_a_broken_envelope_is_malformed(envelope: str) -> None:
    """There is no list to pick good ones from."""
    with pytest.raises(Malformed):
        parse.read_listings(envelope.encode())


def test_a_gpu_listed_twice_is_not_listed() -> None:
    """Nobody could say which of the two prices would be charged."""
    dear = with_field(LISTING, "price_per_hour_usd", "3.4")
    found = parse.read_listings(f'{{"gpus": [{with_field(LISTING, "tier", None)}, {dear}]}}'.encode())
    assert found.good == ()
    assert [rejection.reason for rejection in found.rejected] == ["listed more than once"]


@pytest.mark.parametrize(
    ("price", "exact"), [("1", "1"), ("0.1", "0.1"), ("0.123456", "0.123456"), ("100000", "100000"), ("0.340", "0.340")]
)
def test_prices_are_exact(price: str, exact: str) -> None:
    """Up to six decimals, as they were written."""
    found = parse.read_listings(f'{{"gpus": [{with_field(LISTING, "price_per_hour_usd", price)}]}}'.encode())
    assert [str(listing.price_per_hour) for listing in found.good] == [exact]


@pytest.mark.parametrize("literal", [None, "null", '"stripe"', "[1]", "{}"])
def test_payment_methods_are_only_shown(literal: str | None) -> None:
    """They filter nothing, so a broken list of them does not cost the listing."""
    found = parse.read_listings(f'{{"gpus": [{with_field(LISTING, "payment_methods", literal)}]}}'.encode())
    assert [listing.payment_methods for listing in found.good] == [()]


def test_names_are_cleaned_and_bounded() -> None:
    """What a human is shown has no invisible part and no endless one."""
    text = '"RTX\\u202e\\u200b 3090\\n' + "x" * 500 + '"'
    (good,) = parse.read_listings(f'{{"gpus": [{with_field(LISTING, "name", text)}]}}'.encode()).good
    assert good.name.startswith("RTX 3090 xxx")
    assert len(good.name) == 80


def order(name: str, literal: str | None) -> OrderView:
    return parse.read_order(with_field(ORDER_ANSWER, name, literal).encode(), ORDER)


def test_the_documented_order_is_read() -> None:
    """Keys that are not documented are ignored."""
    assert order("unheard_of", "[[1]]") == VIEW


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("order_id", None),
        ("order_id", "null"),
        ("order_id", '"HOG-another"'),
        ("order_id", '"../x"'),
        ("status", None),
        ("status", "null"),
        ("status", "402"),
        ("status", '""'),
        ("status", '"\\u200b"'),
        ("access", '"ssh root@203.0.113.42"'),
        ("access", '{"ssh": 22}'),
        ("access", f'{{"ssh": "{"x" * 513}"}}'),
    ],
)
def test_an_order_that_breaks_what_decides_is_malformed(name: str, literal: str | None) -> None:
    """Identity, status and address are believed whole or not at all."""
    with pytest.raises(Malformed):
        order(name, literal)


@pytest.mark.parametrize(
    ("name", "literal", "attribute", "read"),
    [
        *[("vram", vram, "vram_gb", None) for vram in (None, "null", "24", '"N/A"', '"9999 GB"')],
        *[("hours", hours, "hours", None) for hours in (None, "null", "true", "2.0", '"2"', "0", "-1", "721")],
        *[("gpu", gpu, "gpu", "") for gpu in (None, "null", "4090", '"see https://evil.test"')],
        *[("pod_id", pod, "pod_id", "") for pod in (None, "null", "7")],
        *[
            ("gpu_stats", stats, "gpu_util", None)
            for stats in (
                None, "null", "[]", "{}", "[null]", "[{}]", '[{"gpu_util": 23}]', '[{"gpu_util": "N/A"}]',
                '[{"gpu_util": "101%"}]', '[{"gpu_util": "-1%"}]', '[{"gpu_util": "٢%"}]', '[{"gpu_util": "2.5%"}]',
            )
        ],
        ("gpu_stats", '[{"gpu_util": "N/A", "mem_util": "100%"}]', "mem_util", 100),
        ("access", "null", "ssh", None),
        ("access", None, "ssh", None),
        ("access", '{"ssh": null}', "ssh", None),
        ("access", '{"jupyter": 1, "ssh": "ssh a@b"}', "ssh", "ssh a@b"),
        ("status", '"defrosting"', "status", "defrosting"),
    ],
)  # fmt: skip
def test_what_is_only_shown_hides_no_order(name: str, literal: str | None, attribute: str, read: object) -> None:
    """A broken ornament is dropped, an unknown status is carried, and the pod can still be seen and ended."""
    view = order(name, literal)
    assert getattr(view, attribute) == read
    assert view.order_id == ORDER


def test_the_balance_is_read_without_the_key_and_the_address() -> None:
    """They are dropped at the edge."""
    read = parse.read_balance(with_field(BALANCE, "unheard_of", "1").encode())
    assert read == Balance(Cents(1847), Cents(2500), Cents(653))
    assert KEY not in repr(read)


@pytest.mark.parametrize("name", ["credits_balance", "total_purchased", "total_spent"])
@pytest.mark.parametrize("literal", [None, "null", "true", "-1", "1.0", "1e3", '"1847"', "10000001", "[1]"])
def test_a_balance_that_is_no_count_of_cents_is_malformed(name: str, literal: str | None) -> None:
    """And the complaint does not quote the answer, which holds the API key."""
    with pytest.raises(Malformed) as caught:
        parse.read_balance(with_field(BALANCE, name, literal).encode())
    assert name in str(caught.value)
    assert KEY not in str(caught.value)
    assert KEY not in str(caught.value.__cause__)


def test_no_complaint_about_a_balance_quotes_the_key() -> None:
    """Even where hardly anything but the key is in the answer."""
    with pytest.raises(Malformed) as caught:
        parse.read_balance(f'{{"api_key": "{KEY}"}}'.encode())
    assert KEY not in f"{caught.value} {caught.value.__cause__}"


def test_packs_are_read() -> None:
    """Credits are whole, the price is exact."""
    read = parse.read_packs(f'{{"packs": [{with_field(PACK, "new", "1")}]}}'.encode())
    assert read == (Pack("pack_500", 500, Cents(500), "Starter Pack", ""),)


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("id", '""'),
        ("id", "500"),
        ("credits", "0"),
        ("credits", "true"),
        ("credits", '"500"'),
        ("credits", "500.0"),
        *[
            ("price_usd", price)
            for price in ("5.00", '"0.00"', '"-5.00"', '"5.001"', '"5e0"', '"$5.00"', '"٥"', '" 5"')
        ],
    ],
)
def test_a_broken_pack_is_malformed(name: str, literal: str) -> None:
    """Nothing is bought here; the whole answer is refused."""
    with pytest.raises(Malformed):
        parse.read_packs(f'{{"packs": [{with_field(PACK, name, literal)}]}}'.encode())


def test_the_pigs_reply_is_cleaned_and_bounded() -> None:
    """Lines stay; what is invisible and what is endless does not."""
    assert parse.read_reply(b'{"reply": "Oink!\\n\\u001b[2JTake \\u202ethis."}') == "Oink!\n[2JTake this."
    assert len(parse.read_reply(b'{"reply": "' + b"o" * 9000 + b'"}')) == parse.MAX_REPLY


@pytest.mark.parametrize("literal", ["null", "1", '["a"]'])
def test_a_reply_that_is_no_text_is_malformed(literal: str) -> None:
    """As every other answer."""
    with pytest.raises(Malformed):
        parse.read_reply(f'{{"reply": {literal}}}'.encode())


def test_docs_come_as_plain_cleaned_data() -> None:
    """Keys and texts are cleaned at every depth; a number with a fraction is its text."""
    read = parse.read_docs(b'{"a\\u200b": [{"b": "x\\u001by"}, 1, 2.50, null, true]}')
    assert read == {"a": [{"b": "xy"}, 1, "2.50", None, True]}


@pytest.mark.parametrize("name", ["stopped", "terminated", "winding down"])
def test_any_status_of_a_moved_order_is_carried(name: str) -> None:
    """The set of statuses is open."""
    assert parse.read_status(f'{{"status": "{name}"}}'.encode()) == name
