"""Names, statuses, memory and percentages: what a human is shown is plain text, and what is no name is no offer."""

from dataclasses import dataclass

import pytest

from policies.charge import ChargeState
from tests.agent.world import CHECKOUT, GPU, PRICE
from tests.hostile.conftest import MakeHostile
from tests.hostile.hostile import CREDITS, Hostile
from tests.hostile.provider import Reply, field_is, listing_is, text, while_it_lives
from tools.spend_log.rows import RunStatus


@dataclass(frozen=True, slots=True)
class Text:
    """A text from the provider as a literal piece of JSON (None: left out), and the words that are told of it."""

    attack: str
    literal: str | None
    says: str


A_LINK = "a name with a link in it"
UNSEEN = "gpu_id: a gpu_id with invisible characters or stray blanks"

UNSHOWABLE_NAMES = (
    Text("missing", None, "name: Field required"),
    Text("null", "null", "name: Input should be a valid string"),
    Text("number", "4090", "name: Input should be a valid string"),
    Text("empty", '""', "name: empty"),
    Text("nothing-visible", '"\\u200b\\u202e\\u0007"', "name: empty"),
    Text("hangul-fillers", '"\\u3164\\u115f"', "name: empty"),
    Text("link", '"RTX 4090 https://evil.test/pay"', A_LINK),
    Text("link-split-by-a-zero-width-space", '"RTX 4090 https:\\u200b//evil.test/pay"', A_LINK),
    Text("link-split-by-a-soft-hyphen", '"https:/\\u00ad/evil.test/pay"', A_LINK),
    Text("link-split-by-an-escape", '"https:\\u001b//evil.test/pay"', A_LINK),
    Text("link-in-wide-letters", text("ｈｔｔｐｓ：／／evil.test"), A_LINK),
    Text("link-with-backslashes", '"https:\\\\\\\\evil.test"', A_LINK),
    Text("link-without-a-scheme", '"pay at www.evil.test"', A_LINK),
    Text("link-in-markdown", '"[pay here](evil.test)"', A_LINK),
    Text("mail-address", '"mailto:pay@evil.test"', A_LINK),
    Text("javascript", '"javascript:alert(1)"', A_LINK),
)

UNSHOWABLE_IDS = (
    Text("missing", None, "gpu_id: Field required"),
    Text("number", "4090", "gpu_id: Input should be a valid string"),
    Text("empty", '""', "gpu_id: a gpu_id has 1 to 128 characters"),
    Text("overlong", text("NVIDIA RTX 4090" + "x" * 200), "gpu_id: a gpu_id has 1 to 128 characters"),
    Text("terminal-title", '"NVIDIA RTX 4090\\u001b]0;owned\\u0007"', UNSEEN),
    Text("newline", '"NVIDIA RTX 4090\\n"', UNSEEN),
    Text("bidi-override", '"NVIDIA \\u202e0904 XTR"', UNSEEN),
    Text("zero-width-space", '"NVIDIA RTX\\u200b 4090"', UNSEEN),
    Text("tag-characters", '"NVIDIA RTX 4090\\udb40\\udc41"', UNSEEN),
    Text("no-break-space", '"NVIDIA RTX\\u00a04090"', UNSEEN),
    Text("link", '"https://evil.test/RTX-4090"', "gpu_id: a gpu_id with a link in it"),
    Text("listed-twice", text("NVIDIA RTX 3090"), "listed more than once"),
)

CLEANED_NAMES = (
    Text("colours", '"\\u001b[31mRTX 4090\\u001b[0m"', "picked [31mRTX 4090[0m"),
    Text("screen-is-cleared", '"RTX 4090\\u001b[2J\\u001b[H"', "picked RTX 4090[2J[H"),
    Text("line-is-rewritten", '"RTX 4090\\rFREE"', "picked RTX 4090 FREE"),
    Text("second-line", '"RTX 4090\\npaid $0.00"', "picked RTX 4090 paid $0.00"),
    Text("line-separator", '"RTX 4090\\u2028paid"', "picked RTX 4090 paid"),
    Text("bidi-override", '"RTX 4090\\u202e"', "picked RTX 4090:"),
    Text("zero-width", '"R\\u200bT\\u200dX\\ufeff 4090"', "picked RTX 4090:"),
    Text("one-byte-controls", '"RTX 4090\\u009b2J"', "picked RTX 40902J:"),
    Text("overlong", text("RTX 4090 " + "very " * 100), "picked RTX 4090 very"),
)

OTHER_GPUS = (
    Text("another-model", '"RTX 3090"', "the checkout is for RTX 3090 instead of RTX 4090"),
    Text("homoglyph", text("RTХ 4090"), "the checkout is for RTХ 4090 instead of RTX 4090"),
    Text("other-digits", text("RTX ٤٠٩٠"), "instead of RTX 4090"),
    Text("terminal-escape", '"\\u001b]8;;evil\\u0007RTX 3090"', "the checkout is for ]8;;evilRTX 3090 instead"),
    Text("overlong", text("RTX 4090" + "0" * 500), "instead of RTX 4090"),
    Text("link", '"https://evil.test/pay"', A_LINK),
    Text("link-split-by-a-zero-width-space", '"https:/\\u200b/evil.test/pay"', A_LINK),
    Text("nothing-visible", '"\\u200b"', "gpu: empty"),
)

A_MEMORY = 'vram: expected memory such as "24 GB"'

MEMORIES = (
    Text("missing", None, "vram: Field required"),
    Text("number", "24", A_MEMORY),
    Text("boolean", "true", A_MEMORY),
    Text("zero", '"0 GB"', A_MEMORY),
    Text("negative", '"-24 GB"', A_MEMORY),
    Text("fraction", '"24.5 GB"', A_MEMORY),
    Text("exponent", '"1e3 GB"', A_MEMORY),
    Text("huge", '"9999 GB"', A_MEMORY),
    Text("another-unit", '"24 TB"', A_MEMORY),
    Text("arabic-indic-digits", text("٢٤ GB"), A_MEMORY),
    Text("fullwidth-digits", text("２４ GB"), A_MEMORY),
    Text("infinity", '"Infinity GB"', A_MEMORY),
    Text("terminal-escape", '"\\u001b[2J24 GB"', A_MEMORY),
    Text("newline", '"24 GB\\n"', A_MEMORY),
    Text("a-link", '"https://evil.test/ GB"', A_MEMORY),
)

STATUSES = (
    Text("unknown", '"defrosting"', "still defrosting after 3 minutes"),
    Text("upper-case", '"RUNNING"', "still RUNNING after 3 minutes"),
    Text("homoglyph", text("runnіng"), "still runnіng after 3 minutes"),
    Text("screen-is-cleared", '"almost\\u001b[2J"', "still almost[2J after 3 minutes"),
    Text("bidi-override", '"\\u202egninnur"', "still gninnur after 3 minutes"),
    Text("overlong", text("x" * 5000), "still xxxxxxxxxx"),
    Text("link", '"https://evil.test/pay"', A_LINK),
    Text("link-split-by-a-zero-width-space", '"https:\\u2060//evil.test/pay"', A_LINK),
    Text("missing", None, "status: Field required"),
    Text("null", "null", "status: Input should be a valid string"),
    Text("number", "402", "status: Input should be a valid string"),
    Text("list", '["running"]', "status: Input should be a valid string"),
    Text("empty", '""', "status: empty"),
    Text("duplicate-key", '"deploying", "status": "running"', "a key is there twice in one object"),
)

ORDER_IDS = (
    Text("path-upwards", '"../../credits/balance"', "order_id: not an order id"),
    Text("query", '"HOG-1?x=1"', "order_id: not an order id"),
    Text("fragment", '"HOG-1#x"', "order_id: not an order id"),
    Text("slash", '"HOG-1/terminate"', "order_id: not an order id"),
    Text("percent", '"HOG%2f1"', "order_id: not an order id"),
    Text("another-host", '"@evil.test/x"', "order_id: not an order id"),
    Text("newline", '"HOG-1\\r\\nX-Evil: 1"', "order_id: not an order id"),
    Text("other-digits", text("HOG-١٢٣٤"), "order_id: not an order id"),
    Text("overlong", text("HOG-" + "a" * 100), "order_id: not an order id"),
    Text("empty", '""', "order_id: not an order id"),
    Text("null", "null", "order_id: Input should be a valid string"),
    Text("missing", None, "order_id: Field required"),
)

UTILISATIONS = (
    Text("above-a-hundred", '[{"gpu_util": "101%", "mem_util": "18%"}]', "GPU"),
    Text("negative", '[{"gpu_util": "-1%", "mem_util": "18%"}]', "GPU"),
    Text("fraction", '[{"gpu_util": "2.5%", "mem_util": "18%"}]', "GPU"),
    Text("number", '[{"gpu_util": 23, "mem_util": 18}]', "GPU"),
    Text("no-percent-sign", '[{"gpu_util": "23", "mem_util": "18%"}]', "GPU"),
    Text("nan", '[{"gpu_util": "NaN%", "mem_util": "18%"}]', "GPU"),
    Text("arabic-indic-digits", text("٢٣%").join(('[{"gpu_util": ', "}]")), "GPU"),
    Text("terminal-escape", '[{"gpu_util": "\\u001b[2J23%"}]', "GPU"),
    Text("link", '[{"gpu_util": "https://evil.test"}]', "GPU"),
    Text("text-for-the-list", '"23%"', "GPU"),
)

TABLES = (
    UNSHOWABLE_NAMES,
    UNSHOWABLE_IDS,
    CLEANED_NAMES,
    OTHER_GPUS,
    MEMORIES,
    STATUSES,
    ORDER_IDS,
    UTILISATIONS,
)

DOCUMENTED_PATHS = {"/api/gpus", "/api/credits/balance", "/api/rent-with-credits"}


def attack(row: Text) -> str:
    """For pytest's ids."""
    return row.attack


async def assert_no_offer(hostile: Hostile, field: str, row: Text) -> None:
    """The listing is dropped with the reason; nothing else is bought in its place."""
    hostile.lie("gpus", listing_is(GPU, field, row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.REFUSED, 3, row.says)
    assert "no offer fits" in run.reason
    hostile.assert_nothing_spent(run)
    hostile.assert_not_asked_to_spend()


@pytest.mark.parametrize("row", UNSHOWABLE_NAMES, ids=attack)
async def test_a_gpu_whose_name_cannot_be_shown_is_no_offer(make_hostile: MakeHostile, row: Text) -> None:
    """A name that is empty to the eye, or leads somewhere."""
    await assert_no_offer(make_hostile(CREDITS), "name", row)


@pytest.mark.parametrize("row", UNSHOWABLE_IDS, ids=attack)
async def test_a_gpu_id_that_is_not_what_it_looks_like_is_no_offer(make_hostile: MakeHostile, row: Text) -> None:
    """It is sent back as it came, so it has to be what a human sees."""
    await assert_no_offer(make_hostile(CREDITS), "gpu_id", row)


@pytest.mark.parametrize("row", MEMORIES, ids=attack)
async def test_a_gpu_whose_memory_cannot_be_read_is_no_offer(make_hostile: MakeHostile, row: Text) -> None:
    """Nobody could say whether the job fits on it."""
    await assert_no_offer(make_hostile(CREDITS), "vram", row)


@pytest.mark.parametrize("row", CLEANED_NAMES, ids=attack)
async def test_a_name_is_shown_as_plain_text(make_hostile: MakeHostile, row: Text) -> None:
    """Cleaned and cut before anybody sees it; the offer itself is the same, and stands to be paid."""
    hostile = make_hostile(CHECKOUT)
    hostile.lie("gpus", listing_is(GPU, "name", row.literal))
    hostile.lie("rent", lambda honest: Reply(404, b""))
    run = await hostile.world.run()
    assert row.says in hostile.said(run), hostile.said(run)
    hostile.assert_harmless(run)
    hostile.assert_nothing_spent(run)


@pytest.mark.parametrize("row", OTHER_GPUS, ids=attack)
async def test_a_link_for_another_gpu_is_never_shown(make_hostile: MakeHostile, row: Text) -> None:
    """What the checkout is for must be what was offered, letter by letter."""
    hostile = make_hostile(CHECKOUT)
    hostile.lie("rent", field_is("gpu", row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.REFUSED, 3, row.says)
    assert hostile.world.charge(run.run_id).state is ChargeState.RELEASED
    hostile.assert_nothing_spent(run)


@pytest.mark.parametrize("row", STATUSES, ids=attack)
async def test_a_status_that_is_not_running_starts_nothing(make_hostile: MakeHostile, row: Text) -> None:
    """Kept, shown as plain text, and given its minutes; then the pod is ended, and nothing more is bought."""
    hostile = make_hostile(CREDITS)
    hostile.lie("order", while_it_lives(field_is("status", row.literal)))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.FAILED, 5, row.says)
    assert hostile.world.log.totals().spent == PRICE
    assert hostile.provider.asked("rent_with_credits") == 1
    hostile.assert_nothing_executed()
    hostile.assert_no_link(run)
    hostile.world.check()


@pytest.mark.parametrize("row", ORDER_IDS, ids=attack)
async def test_an_order_id_that_is_none_reaches_no_path(make_hostile: MakeHostile, row: Text) -> None:
    """The money is in doubt, nothing is sent again, and no request is made out of it."""
    hostile = make_hostile(CREDITS)
    hostile.lie("rent_with_credits", field_is("order_id", row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.IN_DOUBT, 7, row.says)
    assert hostile.provider.asked("rent_with_credits") == 1
    assert {request.url.path for request in hostile.provider.requests} == DOCUMENTED_PATHS
    totals = hostile.world.log.totals()
    assert totals.spent + totals.in_doubt == PRICE
    hostile.assert_no_link(run)
    hostile.assert_nothing_executed()


@pytest.mark.parametrize("row", UTILISATIONS, ids=attack)
async def test_a_percentage_that_is_none_is_not_shown_and_hides_no_pod(make_hostile: MakeHostile, row: Text) -> None:
    """It is only an ornament: the job runs, its outputs come home, and no such figure is told."""
    hostile = make_hostile(CREDITS)
    hostile.lie("order", field_is("gpu_stats", row.literal))
    run = await hostile.world.run()
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0), run.reason
    assert not any(line.startswith(row.says) for line in hostile.world.face.lines)
    hostile.assert_harmless(run)
    hostile.world.check()
