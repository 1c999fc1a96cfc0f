"""Login links: forged, replayed, expired, taken twice, looked at by somebody else."""

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.chat.web.door import FAILED_LOGINS
from tests.hostile.web.served import Served


def test_a_link_opens_once(chat: Served) -> None:
    """Replayed it opens nothing, in whatever browser."""
    link = chat.link()
    assert chat.visitor().post(link).status == 303
    again = chat.visitor().post(link)
    assert again.status == 404
    assert again.headers["Set-Cookie"] is None
    assert chat.visitor().get(link).status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_preview_does_not_use_it_up(chat: Served, method: str) -> None:
    """A messenger that looks at links gets no session, and the human's press still opens."""
    link = chat.link()
    seen = chat.visitor().ask(method, link)
    assert (seen.status, seen.headers["Set-Cookie"]) == (200, None)
    assert chat.visitor().post(link).status == 303


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example"])
def test_a_form_elsewhere_does_not_use_it_up(chat: Served, origin: str) -> None:
    """Nor logs anybody in as somebody whom the form's author chose."""
    link = chat.link()
    elsewhere = chat.visitor()
    elsewhere.origin = origin
    assert elsewhere.post(link).status == 403
    assert chat.visitor().post(link).status == 303


def test_of_two_at_once_one_gets_in(chat: Served) -> None:
    """However close they are."""
    for _ in range(5):
        link = chat.link()
        with ThreadPoolExecutor(8) as many:
            came = sorted(many.map(lambda _, link=link: chat.visitor().post(link).status, range(8)))
        assert came[0] == 303
        assert set(came[1:]) <= {404, 429}
        chat.clock.advance(60)


def test_a_link_expires(chat: Served) -> None:
    """After ten minutes; just before it opens."""
    in_time, late = chat.link(), chat.link()
    chat.clock.advance(599)
    assert chat.visitor().post(in_time).status == 303
    chat.clock.advance(1)
    assert chat.visitor().get(late).status == 404
    assert chat.visitor().post(late).status == 404


@pytest.mark.parametrize(
    "token",
    [
        *("x", "A" * 43, "A" * 42, "A" * 44, "A" * 5000, "..", "8402.json", "index.html"),
        *("%2e%2e%2f8402.json", "..%2F..%2Fspend.db", "%00", "A" * 42 + "%0A", "A" * 42 + "=", "A" * 42 + "+"),
    ],
)
def test_no_forged_link_opens(chat: Served, token: str) -> None:
    """Guessed, malformed, or the name of some file."""
    chat.link()
    answers = [chat.visitor().get(f"/login/{token}"), chat.visitor().post(f"/login/{token}")]
    assert all(answer.status in {400, 404} for answer in answers)
    assert all(answer.headers["Set-Cookie"] is None for answer in answers)


def test_what_lies_on_the_disk_opens_nothing(chat: Served) -> None:
    """A link is kept by its hash, for its owner's eyes; the hash is no link."""
    link = chat.link()
    token = link.rpartition("/")[2]
    folder = chat.door.links.folder
    file = folder / hashlib.sha256(token.encode()).hexdigest()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in file.read_text() + str(file)
    for name in (file.name, file.name[:43]):
        assert chat.visitor().post(f"/login/{name}").status == 404
    assert chat.visitor().post(link).status == 303
    assert not file.exists()


def test_one_whom_the_policy_does_not_name_stays_outside(chat: Served) -> None:
    """Though somebody wrote a link: not by another name, nor by another channel's."""
    for user in ("web:eve", "web:Ann", "web:ann ", "ann", ""):
        answer = chat.visitor().post(chat.link(user))
        assert (answer.status, answer.headers["Set-Cookie"]) == (403, None)


def test_guessing_is_slowed_down_and_locks_nobody_out(chat: Served) -> None:
    """Behind a proxy all come from one address: whoever has a link still gets in."""
    guesses = [chat.visitor().post(f"/login/{'A' * 43}") for _ in range(FAILED_LOGINS + 2)]
    assert [guess.status for guess in guesses] == [404] * FAILED_LOGINS + [429] * 2
    assert int(guesses[-1].headers["Retry-After"]) in range(1, 61)
    assert chat.visitor().get(f"/login/{'B' * 43}").status == 429
    assert chat.visitor().post(chat.link()).status == 303
    chat.clock.advance(60)
    assert chat.visitor().get(f"/login/{'B' * 43}").status == 404


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil.example", "%2f%2fevil.example"])
def test_nobody_is_led_elsewhere(chat: Served, where: str) -> None:
    """After the login comes the first page, whatever the link says."""
    for name in ("next", "return", "url"):
        answer = chat.visitor().post(f"{chat.link()}?{name}={where}", {name: where})
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        assert chat.visitor().get(f"/devices?{name}={where}").headers["Location"] == "/login"


def test_links_that_are_over_do_not_pile_up(chat: Served) -> None:
    """They go when the next one is made."""
    for _ in range(3):
        chat.link()
    chat.clock.advance(601)
    chat.link()
    assert len(list(chat.door.links.folder.iterdir())) == 1
