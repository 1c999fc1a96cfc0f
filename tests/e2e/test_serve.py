"""`serve` as a process of its own: who has a link from a terminal gets in, and nobody by what it writes to a log."""

import json
import signal

import httpx
import pytest

from tests.e2e.swineherd import Swineherd, ended

pytestmark = pytest.mark.timeout(90)


def test_a_link_from_another_terminal_logs_in(bare: Swineherd) -> None:
    """The log names the command and no link; stdout stays empty; at the end the port is told to nobody any more."""
    with ended(bare.start("serve", "--port", "0")) as serving:
        said = serving.until_said('"serving"')
        line = next(json.loads(line) for line in said.splitlines() if '"serving"' in line)
        port = line["address"].rpartition(":")[2]
        assert line["login"] == f"`swineherd serve --link --port {port}` prints a login link"
        link = bare.run("serve", "--link", "--port", port)
        assert link.code == 0, link.text
        with httpx.Client(base_url=line["address"], headers={"Origin": line["address"]}) as browser:
            assert browser.post(link.stdout.strip()).status_code == 303
            assert browser.get("/").status_code == 200
            assert browser.get("/healthz").text == "up\n"
            serving.send(signal.SIGTERM)
            done = serving.done()
    assert (done.code, done.stdout) == (0, "")
    assert "/login/" not in done.stderr
    assert "logged in" in done.stderr
    assert bare.run("serve", "--link", "--port", port).code == 2


def test_it_does_not_serve_to_others_without_tls(bare: Swineherd) -> None:
    """Exit 2, with the remedy, before anything is opened."""
    done = bare.run("serve", "--host", "0.0.0.0")
    assert (done.code, done.stdout) == (2, "")
    assert "--public-url https://NAME" in done.stderr
    assert not bare.home.exists()
