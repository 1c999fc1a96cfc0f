"""What every answer says to the browser, errors and refusals among them; and who gets an answer at all."""

import re
from pathlib import Path

import pytest

from agent.chat.web import app, static, templates
from agent.chat.web.headers import POLICY
from tests.hostile.web.served import Served
from tests.hostile.web.visitor import Answer

PUBLIC_PATHS = {"/login", "/login/{token}", "/static/{name}"}


def every_kind(chat: Served) -> dict[int, Answer]:
    """One answer of each status."""
    ann, nobody = chat.logged_in(), chat.visitor()
    answers = [
        ann.get("/"),
        nobody.get("/"),
        ann.get("/a b".replace(" ", "%20")),
        nobody.post("/act"),
        ann.post("/act", {"csrf": "wrong"}),
        ann.get("/nowhere"),
        ann.get("/act"),
        ann.ask("POST", "/act", {"Content-Length": "999999"}),
        ann.ask("POST", "/act", {"Content-Type": "text/plain"}, b"x"),
        ann.get("/", {"Host": "evil.example"}),
        *(nobody.get(f"/login/{'A' * 43}") for _ in range(11)),
        ann.get("/defect"),
    ]
    return {answer.status: answer for answer in answers}


def test_every_answer_is_safe(chat: Served) -> None:
    """Pages, redirects, refusals, errors, files: each with the whole list."""
    answers = every_kind(chat)
    assert sorted(answers) == [200, 303, 400, 401, 403, 404, 405, 413, 415, 421, 429, 500]
    files = [chat.visitor().get(static.url_of("chat.css")), chat.visitor().get("/static/chat.css")]
    for answer in [*answers.values(), *files]:
        headers = answer.headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Strict-Transport-Security"] is None
        assert headers["Access-Control-Allow-Origin"] is None
        assert headers["Server"] is None
    assert {answer.headers["Cache-Control"] for answer in answers.values()} == {"no-store"}


def test_scripts_come_from_here_alone_and_pages_go_nowhere_else() -> None:
    """Nothing inline, nothing evaluated, no frame, no form to elsewhere."""
    rules = dict(rule.partition(" ")[::2] for rule in POLICY.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}
    assert "unsafe" not in POLICY


def test_behind_a_proxy_it_stays_with_tls(public_chat: Served) -> None:
    """Refusals too."""
    for answer in (public_chat.visitor().get("/login"), public_chat.visitor().get("/", {"Host": "evil.example"})):
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_an_error_tells_nothing_of_the_inside(chat: Served) -> None:
    """No traceback, no path, no library's name; nor what was asked for."""
    for answer in every_kind(chat).values():
        assert not re.search(
            r"Traceback|RuntimeError|the secret|\.py|starlette|uvicorn|Python", answer.text, re.IGNORECASE
        )
    assert "<script>" not in chat.logged_in().get("/no?x=<script>".replace("<", "%3C")).text


def test_files_are_kept_by_their_content_alone(chat: Served) -> None:
    """One that changed has another address; without it, or with a wrong one, nothing is kept."""
    own = chat.visitor().get(static.url_of("chat.css"))
    assert own.headers["Cache-Control"] == static.FOREVER
    for target in ("/static/chat.css", "/static/chat.css?v=0000000000000000"):
        assert chat.visitor().get(target).headers["Cache-Control"] == "no-store"


def test_no_page_without_a_login(chat: Served) -> None:
    """Every route there is, by every method it takes: a redirect to the login, or 401."""
    for route in app.routes(chat.door, chat.pages):
        path = re.sub(r"{\w+}", "x", route.path)
        for method in (route.methods or set()) if route.path not in PUBLIC_PATHS else ():
            answer = chat.visitor().ask(method, path)
            assert answer.status == (401 if method == "POST" else 303), (method, path)
            assert chat.visitor().ask(method, path, {"HX-Request": "true"}).headers["HX-Redirect"] == "/login"


def test_no_change_without_a_token(chat: Served) -> None:
    """Every route that takes a form, but for the link that logs in."""
    ann = chat.logged_in()
    ann.csrf = ""
    unsafe = [route for route in app.routes(chat.door, chat.pages) if "POST" in (route.methods or set())]
    for route in unsafe:
        answer = ann.post(re.sub(r"{\w+}", "x", route.path))
        assert answer.status == (404 if route.path in PUBLIC_PATHS else 403), route.path
    assert len(unsafe) > 3
    assert ann.get("/").status == 200


def test_public_are_these_and_no_others(chat: Served) -> None:
    """Whatever pages there are."""
    assert {route.path for route in app.routes(chat.door, [])} - PUBLIC_PATHS == {
        *("/logout", "/logout-everywhere", "/devices")
    }


TEMPLATES = sorted(templates.FOLDER.glob("**/*"))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_templates_escape_all_and_run_nothing(file: Path) -> None:
    """No value is trusted, and nothing is there that the policy would have to forbid."""
    source = file.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe|autoescape|Markup|\bstyle=|<style|javascript:|hx-on|\bjs:", source)
    assert not re.search(r"\son\w+\s*=", source)
    assert not re.search(r"<script(?![^>]*\ssrc=\"{{ static\()", source)
    assert not re.search(r"(?:src|href|action)=[\"'](?:https?:)?//", source)
    assert not re.search(r"(?:src|href|action|value|content)=[^\"'\s>]", source), "an attribute without quotes"
