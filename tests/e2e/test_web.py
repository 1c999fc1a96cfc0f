"""The web chat in a real browser: from a typed command to the report, and every other way a question can end."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from policies.money import Cents
from policies.offer import Offer, Rail
from tests.e2e.conftest import sandboxed
from tests.e2e.swineherd import ASK, STRIPE, Gate, Swineherd, wait_for
from tests.e2e.web_chat import Served, chromium_open, looked_at, serving, submit
from tools.sandbox.endpoint import Endpoint
from tools.spend_log.rows import NewRun, RunStatus

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests."""
    with chromium_open() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(shared: tuple[Path, Endpoint], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A web chat where every credit is asked for."""
    home, endpoint = shared
    with serving(Swineherd(home, endpoint, tmp_path_factory.mktemp("served")), ASK) as found:
        yield found


@pytest.fixture
def page(served: Served, browser: Browser) -> Iterator[Page]:
    """A fresh browser, logged in."""
    context = served.visitor(browser)
    yield context.new_page()
    context.close()


def test_from_a_typed_command_to_the_report(served: Served, page: Page, gate: Gate) -> None:
    """Submit, card, Approve, log, report; nothing on the way is loaded anew, and each look is fit to be seen."""
    script = gate.script("echo first; printf '\\033[31mred\\033[0m <b>not bold</b>\\n'", "echo last")
    run_id = submit(page, served, served.job("story", script, outputs=[]))
    approve = page.get_by_role("button", name="Approve $0.20")
    expect(approve).to_be_visible()
    expect(approve).not_to_be_focused()
    expect(page.get_by_role("banner")).to_contain_text("play money")
    wrong = looked_at(page, "run-asks")
    page.evaluate("window.stays = true")
    approve.click()
    expect(page.get_by_text("You approved $0.20")).to_be_visible()
    expect(page.locator("#log")).to_contain_text("red <b>not bold</b>")
    gate.reached()
    wrong += looked_at(page, "run-works")
    gate.open()
    expect(page.locator("#log")).to_contain_text("last")
    expect(page.get_by_label("Report")).to_contain_text("Succeeded")
    assert page.evaluate("window.stays")
    assert page.locator("#log").text_content() == served.herd.log(run_id).decode().replace("\x1b[31m", "").replace(
        "\x1b[0m", ""
    )
    wrong += looked_at(page, "run-over")
    assert wrong == []
    assert len(served.herd.debits(served.herd.show(run_id))) == 1


def test_words_are_answered_on_the_page(served: Served, page: Page) -> None:
    """Figures, a proposal with its buttons, and a no; nothing is loaded anew, and it is fit to be seen."""
    page.goto(served.origin)
    page.evaluate("window.stays = true")
    say = page.get_by_label("Say what to do")
    asks = ("Which GPUs are there?", "Figures", "RTX A4000")
    for words, label, answer in (
        asks,
        ("run `echo hello` for two hours, at most $3", "What is proposed", "echo hello"),
    ):
        say.fill(words)
        say.press("Enter")
        expect(say).to_have_value("")
        expect(page.get_by_label(label)).to_contain_text(answer)
    wrong = looked_at(page, "talk")
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.get_by_text("Left as it is")).to_be_visible()
    expect(page.get_by_role("button", name="Yes, do it")).to_have_count(0)
    assert page.evaluate("window.stays")
    assert wrong == []


def test_deny(served: Served, page: Page) -> None:
    """Nothing is bought; the page says who said no."""
    run_id = submit(page, served, served.job("denied", "echo never"))
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_label("Report")).to_contain_text("Denied")
    expect(page.get_by_role("list")).to_contain_text(re.compile("web:.* from 127.0.0.1"))
    assert served.herd.show(run_id)["order_ids"] == []


def test_by_keyboard_alone(served: Served, page: Page) -> None:
    """From the box to the yes, in the order of the page; focus is always to be seen."""
    command = served.job("keys", "echo by hand")
    page.goto(served.origin)
    page.get_by_label("Say what to do").focus()
    page.keyboard.press("Shift+Enter")
    page.keyboard.type(command)
    expect(page.get_by_label("Say what to do")).to_have_value(f"\n{command}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if page.evaluate("document.activeElement.textContent").startswith("Approve $"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_label("Report")).to_contain_text("Succeeded")


def test_two_browsers_at_the_same_moment(served: Served, browser: Browser, page: Page) -> None:
    """One yes is recorded and one payment made; both pages say so."""
    run_id = submit(page, served, served.job("together", "echo once"))
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    other = served.visitor(browser)
    watching = other.new_page()
    watching.goto(f"{served.origin}/runs/{run_id}")
    # Both presses leave within one script's turn: two sessions, the same card.
    for one in (page, watching):
        one.evaluate("setTimeout(() => document.querySelector('button.approve').click(), 300)")
    expect(page.get_by_label("Report")).to_contain_text("Succeeded")
    expect(watching.get_by_label("Report")).to_contain_text("Succeeded")
    shown = served.herd.show(run_id)
    assert len(served.herd.debits(shown)) == 1
    with served.store() as log:
        assert [event.kind for event in log.events(run_id)].count("decided") == 1
    other.close()


def test_a_double_click_is_one_decision(served: Served, page: Page) -> None:
    """The second press finds the answer there."""
    run_id = submit(page, served, served.job("twice", "echo once"))
    page.get_by_role("button", name="Approve").dblclick()
    expect(page.get_by_label("Report")).to_contain_text("Succeeded")
    assert len(served.herd.debits(served.herd.show(run_id))) == 1


def test_answered_in_the_terminal(served: Served, page: Page) -> None:
    """An open page hears of it without being loaded anew."""
    run_id = submit(page, served, served.job("elsewhere", "echo hello"))
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    asked = served.herd.show(run_id)["approval"]
    done = served.herd.run("deny", run_id, "--code", asked["code"], "--amount", asked["amount_usd"])
    assert done.code == 0, done.text
    expect(page.get_by_label("Report")).to_contain_text("Denied")
    expect(page.get_by_role("list")).to_contain_text("terminal:")


def asked_shortly(served: Served, seconds: float) -> str:
    """A question that is over soon, about a run that nobody drives."""
    now = datetime.now(UTC)
    new = NewRun("brief-1", "brief", '{"run": "echo"}', "0" * 64, "", None, str(served.folder), now, "")
    offer = Offer(
        "brief-1", 1, "RTX A4000", "RTX A4000", 16, Decimal("0.20"), 1, Cents(20), Rail.CREDITS, "", "", "0" * 64
    )
    with served.store() as log:
        log.add_run(new)
        log.set_status("brief-1", RunStatus.WAITING_FOR_HUMAN, now, reason="", code=4)
        log.add_attempt(offer, "cheapest", now)
        log.ask(offer, "ABCDEFGH", now, now + timedelta(seconds=seconds))
    return "brief-1"


def test_an_offer_expires_while_it_is_looked_at(served: Served, page: Page) -> None:
    """The buttons go by themselves; a press that comes too late is refused."""
    run_id = asked_shortly(served, 6)
    page.goto(f"{served.origin}/runs/{run_id}")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    expect(page.get_by_role("button", name="Make a fresh offer")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert looked_at(page, "run-expired") == []


def test_without_javascript(served: Served, browser: Browser) -> None:
    """Every form works; the page is loaded again instead."""
    context = served.visitor(browser, java_script_enabled=False)
    page = context.new_page()
    submit(page, served, served.job("plain", "echo plain"))

    def there() -> bool:
        page.reload()
        return page.get_by_role("button", name="Approve").count() == 1

    wait_for(there)
    page.get_by_role("button", name="Approve").click()
    wait_for(lambda: page.reload() and page.get_by_text("Succeeded").count())
    expect(page.locator("#log")).to_contain_text("plain")
    context.close()


def test_the_first_page(served: Served, page: Page) -> None:
    """Runs, money, what waits; frozen and allowed again with the reasons before one's eyes."""
    asked_run = submit(page, served, served.job("waits", "echo waits"))
    page.goto(served.origin)
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    wrong = looked_at(page, "home")
    page.get_by_role("button", name="Freeze all spending").click()
    expect(page.get_by_role("heading", name="Spending is frozen")).to_be_visible()
    wrong += looked_at(page, "home-frozen")
    page.get_by_text("Allow spending again").click()
    page.get_by_role("button", name="Yes, I have read").click()
    expect(page.get_by_role("button", name="Freeze all spending")).to_be_visible()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert served.herd.show(asked_run)["order_ids"] == []
    assert wrong == []


def test_the_checkout_is_paid_in_the_browser(
    browser: Browser, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The link's host stands there in clear; the page notices the payment by itself."""
    home = tmp_path_factory.mktemp("home")
    for endpoint in sandboxed(home):
        herd = Swineherd(home, endpoint, tmp_path)
        with serving(herd, STRIPE) as served:
            context = served.visitor(browser)
            page = context.new_page()
            run_id = submit(page, served, served.job("card", "echo paid"))
            link = page.get_by_role("link", name=f"Pay at {endpoint.checkout_host}")
            expect(link).to_be_visible()
            wrong = looked_at(page, "run-to-pay")
            with context.expect_page() as opened:
                link.click()
            opened.value.get_by_role("button").first.click()
            expect(page.get_by_label("Report")).to_contain_text("Succeeded")
            assert wrong == []
            assert [rail for _, rail, _ in herd.debits(herd.show(run_id))] == ["stripe"]
            context.close()
