"""Sessions: stolen, fixed, forged, left behind, or simply old."""

from http.cookies import SimpleCookie

import pytest

from agent.chat.web.door import CHANGES
from tests.hostile.web.served import Served


def test_the_cookie_is_kept_from_scripts_and_other_sites(chat: Served) -> None:
    """And has the port in its name: cookies know none."""
    visitor = chat.visitor()
    parsed = SimpleCookie(visitor.post(chat.link()).headers["Set-Cookie"])
    ((name, cookie),) = parsed.items()
    assert name == f"swineherd-{chat.port}"
    assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == (True, "strict", "/")
    assert (cookie["domain"], cookie["secure"]) == ("", "")
    assert len(cookie.value) == 43


def test_behind_a_proxy_the_cookie_is_bound_to_host_and_tls(public_chat: Served) -> None:
    """No other host, nor the same one without TLS, can set it or get it."""
    parsed = SimpleCookie(public_chat.visitor().post(public_chat.link()).headers["Set-Cookie"])
    ((name, cookie),) = parsed.items()
    assert name == "__Host-swineherd"
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
    assert cookie["samesite"].lower() == "strict"


def test_a_cookie_that_somebody_else_chose_is_not_taken(chat: Served) -> None:
    """Session fixation: the login makes a new one, and the old one opens nothing."""
    victim = chat.visitor()
    victim.cookies = chosen = f"swineherd-{chat.port}={'A' * 43}"
    after = victim.post(chat.link())
    assert after.cookie.startswith(f"swineherd-{chat.port}=")
    assert after.cookie != chosen
    assert victim.get("/").status == 303


def test_a_second_login_in_one_browser_ends_the_first(chat: Served) -> None:
    """What was known of it is worth nothing any more."""
    ann = chat.logged_in()
    before = ann.cookies
    ann.cookies = ann.post(chat.link("web:bob")).cookie
    assert ann.get("/devices").text.count("bob") == 1
    ann.cookies = before
    assert ann.get("/").status == 303


@pytest.mark.parametrize(
    "cookies",
    [
        *("{name}=", "{name}=x", "{name}={other}x", "{name}={other}; {name}=x", "{NAME}={other}", "session={other}"),
        *("__Host-swineherd={other}", "swineherd={other}", "swineherd-1={other}", "{name}=%C3%A9", '{name}="{key}"'),
    ],
)
def test_no_other_cookie_opens(chat: Served, cookies: str) -> None:
    """Guessed, of another name, or changed."""
    ann = chat.logged_in()
    name, _, value = ann.cookies.partition("=")
    stranger = chat.visitor()
    key = next(iter(chat.door.sessions._kept))
    filled = cookies.replace("{name}", name).replace("{NAME}", name.upper())
    stranger.cookies = filled.replace("{other}", value).replace("{key}", key)
    assert stranger.get("/").status == 303


def test_logging_out_really_ends_it(chat: Served) -> None:
    """Also for whoever kept the cookie; other sessions of the same person go on."""
    ann, elsewhere = chat.logged_in(), chat.logged_in()
    left = ann.post("/logout")
    assert (left.status, left.headers["Location"]) == (303, "/login")
    assert "Max-Age=0" in left.headers["Set-Cookie"]
    assert ann.get("/").status == 303
    assert ann.post("/act").status == 401
    assert elsewhere.get("/").status == 200
    assert chat.acts == []


def test_logging_out_everywhere(chat: Served) -> None:
    """Ends all of one person's, and nobody else's."""
    ann, elsewhere, bob = chat.logged_in(), chat.logged_in(), chat.logged_in("web:bob")
    ann.post("/logout-everywhere")
    assert [visitor.get("/").status for visitor in (ann, elsewhere, bob)] == [303, 303, 200]


@pytest.mark.parametrize("path", ["/logout", "/logout-everywhere", "/devices"])
def test_nobody_is_logged_out_or_let_in_by_another_page(chat: Served, path: str) -> None:
    """These are changes like any other."""
    ann = chat.logged_in()
    links = len(list(chat.door.links.folder.iterdir()))
    ann.csrf = ""
    assert ann.post(path).status == 403
    assert ann.get("/").status == 200
    assert len(list(chat.door.links.folder.iterdir())) == links


def test_another_device_comes_in_as_the_same_person(chat: Served) -> None:
    """By a link of its own, shown once to whoever is in."""
    bob = chat.logged_in("web:bob")
    page = bob.post("/devices").text
    link = page.partition("<code>")[2].partition("</code>")[0]
    assert link.startswith(f"{chat.door.place.origin}/login/")
    phone = chat.visitor()
    phone.cookies = phone.post(link.removeprefix(chat.door.place.origin)).cookie
    assert "bob is logged in" in phone.get("/devices").text


def test_a_link_says_where_it_opens(chat: Served, public_chat: Served) -> None:
    """A phone can't open loopback: who is given such a link is told, and nobody else."""
    assert "a phone needs" in chat.logged_in().post("/devices").text
    assert "a phone needs" not in public_chat.logged_in().post("/devices").text


def test_idle_for_twelve_hours_is_over(chat: Served) -> None:
    """Each request begins them anew."""
    ann = chat.logged_in()
    for _ in range(3):
        chat.clock.advance(12 * 3600 - 1)
        assert ann.get("/").status == 200
    chat.clock.advance(12 * 3600)
    assert ann.get("/").status == 303


def test_seven_days_are_the_end(chat: Served) -> None:
    """However busy it was."""
    ann = chat.logged_in()
    for _ in range(14):
        assert ann.get("/").status == 200
        chat.clock.advance(12 * 3600 - 60)
    assert ann.get("/").status == 200
    chat.clock.advance(14 * 60 - 1)
    assert ann.get("/").status == 200
    chat.clock.advance(1)
    assert ann.get("/").status == 303


def test_one_session_changes_so_much_in_a_minute(chat: Served) -> None:
    """Others are not slowed down by it, and a minute later it may go on."""
    ann, bob = chat.logged_in(), chat.logged_in("web:bob")
    came = [ann.post("/act").status for _ in range(CHANGES + 1)]
    assert came == [200] * CHANGES + [429]
    assert bob.post("/act").status == 200
    chat.clock.advance(1)
    assert ann.post("/act").status == 200
