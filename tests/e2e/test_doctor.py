"""`doctor` and `unfreeze` on the real command line, against the sandbox as a process of its own."""

import shutil
import socket
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.swineherd import Document, Done, Swineherd, write_job
from tests.fakes.model_server import says, serving

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def real(herd: Swineherd) -> Swineherd:
    """The sandbox as the provider of a user who has set everything up: home, key, login and policy of their own."""
    home = herd.scratch / "home"
    home.mkdir(mode=0o700)
    allowing = herd.policy("[network]\nallow_private_hosts = true\n")
    return allowing.having(
        SWINEHERD_HOME=str(home),
        GPUHOG_BASE_URL=herd.endpoint.base_url,
        GPUHOG_API_KEY=herd.endpoint.api_key,
        SWINEHERD_SSH_KEY=str(herd.endpoint.ssh_key),
    )


def examined(herd: Swineherd, *options: str) -> tuple[int, list[Document]]:
    """The exit code and the checks of `doctor --json`, the document checked on the way."""
    done = herd.run("doctor", "--json", *options)
    assert set(done.document) == {"checks", "ok"}, done.text
    checks: list[Document] = done.document["checks"]
    for check in checks:
        assert {name: type(value) for name, value in check.items()} == dict.fromkeys(
            ("name", "status", "found", "remedy"), str
        )
    assert done.document["ok"] == (done.code == 0)
    return done.code, checks


def bad(checks: list[Document]) -> list[str]:
    return [check["name"] for check in checks if check["status"] == "bad"]


def found(checks: list[Document], name: str) -> str:
    return " ".join(check["found"] for check in checks if check["name"] == name)


def bought(herd: Swineherd) -> Document:
    """A run in the sandbox's store, and what the books say after it."""
    done = herd.run("run", write_job(herd.scratch, "true"), "--sandbox", "--json")
    assert done.code == 0, done.text
    return done.document


def test_everything_in_order(real: Swineherd) -> None:
    """All ok, exit 0, nothing made and nothing sent but reads; the key is not shown."""
    before = real.books()
    code, checks = examined(real)
    text = real.run("doctor")

    assert code == 0, checks
    assert {check["status"] for check in checks if check["name"] != "disk"} == {"ok"}
    names = ("key", "policy", "ssh key", "home", "disk", "clock", "api /gpus", "api /docs", "account", "store")
    assert set(names) <= {check["name"] for check in checks}
    assert text.code == 0
    assert "ok   key: GPUHOG_API_KEY is accepted" in text.stdout
    assert real.endpoint.api_key not in text.text
    assert real.books() == before
    assert list((real.scratch / "home").iterdir()) == []


def test_a_model_is_asked(real: Swineherd) -> None:
    """The one that the environment names; its key is not shown, and a method that is none is a bad setting."""
    with serving(says('{"total": 2}')) as server:
        asked = real.having(OPENAI_BASE_URL=server.url, OPENAI_API_KEY="sk-secret-1", SWINEHERD_MODEL="herder")
        code, checks = examined(asked)
    assert code == 0
    assert found(checks, "model") == "herder answers, asked by json_schema"
    assert server.asked[0].headers["authorization"] == "Bearer sk-secret-1"
    assert "sk-secret-1" not in str(checks)
    wrong = asked.having(SWINEHERD_MODEL_METHOD="telepathy").run("doctor")
    assert wrong.code == 2
    assert "SWINEHERD_MODEL_METHOD" in wrong.text
    assert "sk-secret-1" not in wrong.text


def test_the_sandbox_after_a_run(herd: Swineherd) -> None:
    """Its own store, a run behind it: the order is compared with the documentation too, and the log is whole."""
    bought(herd)
    code, checks = examined(herd, "--sandbox")

    assert code == 0, checks
    assert found(checks, "api /order/{id}") == "as documented"
    assert "each as its history says" in found(checks, "store")


def test_a_wrong_key_is_the_users_to_put_right(real: Swineherd) -> None:
    """Exit 2, and one line about it."""
    code, checks = examined(real.having(GPUHOG_API_KEY="ghk_wrong"))

    assert (code, bad(checks)) == (2, ["key"])
    assert "refuses the key (401)" in found(checks, "key")


def test_what_the_user_left_out(real: Swineherd, tmp_path: Path) -> None:
    """A policy and a login key that can't be used: every problem with its line, and exit 2."""
    policy = tmp_path / "broken.toml"
    policy.write_text('[budget]\nper_run_usd = 10\nper_runn = "1"\n')
    careless = real.having(SWINEHERD_POLICY=str(policy), SWINEHERD_SSH_KEY=str(policy))
    code, checks = examined(careless)

    assert code == 2, checks
    assert {"policy", "ssh key"} <= set(bad(checks))
    assert "broken.toml:2" in found(checks, "policy")
    assert "per_runn" in found(checks, "policy")


def test_no_key_leaves_the_checkout(real: Swineherd) -> None:
    """A warning that names the variable; the other endpoints are looked at without it."""
    code, checks = examined(real.having(GPUHOG_API_KEY=""))

    assert code == 0, checks
    (key,) = (check for check in checks if check["name"] == "key")
    assert (key["status"], "GPUHOG_API_KEY" in key["remedy"]) == ("warn", True)
    assert found(checks, "api /gpus") == "as documented"


def test_no_network(real: Swineherd) -> None:
    """Nobody listens there: one finding, exit 5, and the store is looked at all the same."""
    with closing(_free_port()) as port:
        nobody = real.having(GPUHOG_BASE_URL=f"http://127.0.0.1:{port.getsockname()[1]}/api")
        code, checks = examined(nobody)

    assert (code, bad(checks)) == (5, ["api"])
    assert "ConnectError" in found(checks, "api")
    assert [check["status"] for check in checks if check["name"] == "store"] == ["ok"]


def _free_port() -> socket.socket:
    """Bound and not listening: a connection is refused, and nobody else gets it meanwhile."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


@pytest.fixture
def kept(herd: Swineherd, real: Swineherd) -> Path:
    """The store of a run, copied to where the user's own would be."""
    bought(herd)
    for name in ("spend.db", "orders.jsonl"):
        _copy(herd.home / "sandbox" / name, real.scratch / "home" / name)
    return real.scratch / "home" / "spend.db"


def _copy(source: Path, target: Path) -> None:
    if source.suffix != ".db":
        shutil.copy(source, target)
        return
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    target.chmod(0o600)


def test_a_corrupt_store(real: Swineherd, kept: Path) -> None:
    """A finding with its remedy, not a crash; everything else is looked at."""
    kept.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    code, checks = examined(real)

    assert (code, bad(checks)) == (5, ["store"])
    (store,) = (check for check in checks if check["name"] == "store")
    assert str(kept) in store["found"]
    assert "orders.jsonl" in store["remedy"]


def test_an_edited_store(real: Swineherd, kept: Path) -> None:
    """Rules taken away, an amount lowered, the rules put back: the charge is named, exit 5."""
    with closing(sqlite3.connect(kept)) as connection:
        rules = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in rules:
            connection.execute(f"DROP TRIGGER {name}")
        (charge_id,) = connection.execute("SELECT charge_id FROM charges").fetchone()
        connection.execute("UPDATE charges SET amount = 1")
        for _, statement in rules:
            connection.execute(statement)
        connection.commit()
    code, checks = examined(real)

    assert (code, set(bad(checks))) == (5, {"store"})
    assert f"charge {charge_id}: the row says $0.01, the history" in found(checks, "store")


def test_a_store_that_is_gone(real: Swineherd, kept: Path) -> None:
    """`orders.jsonl` alone is left: exit 5, and no new store is made in its place."""
    kept.unlink()
    code, checks = examined(real)

    assert (code, bad(checks)) == (5, ["store"])
    assert not kept.exists()


def test_the_line_for_cron_is_alone_on_stdout(real: Swineherd, tmp_path: Path) -> None:
    """To be piped: what else there is to say goes to stderr, and no secret into either."""
    done: Done = real.run("doctor", "--cron")

    assert done.code == 0
    comment, line = done.stdout.splitlines()
    assert comment.startswith("# ")
    assert line.startswith("*/10 * * * * ")
    assert f"SWINEHERD_HOME={tmp_path}/home" in line
    assert f"GPUHOG_BASE_URL={real.endpoint.base_url}" in line
    assert " sweep >" in line
    assert real.endpoint.api_key not in done.text
    secrets = "GPUHOG_API_KEY=…, SWINEHERD_SSH_PASSWORD=…, SWINEHERD_DATABASE_URL=… (those you use)"
    assert f"{secrets} into {tmp_path}/home/env" in done.stderr
    assert real.run("doctor", "--cron", "--json").code == 2


def test_unfreeze_names_what_it_clears(real: Swineherd) -> None:
    """The reason, and since when."""
    assert real.run("freeze").code == 0
    assert "frozen by hand" in real.run("doctor").stdout
    thawed = real.run("unfreeze")

    assert thawed.code == 0
    first, *causes = thawed.stdout.splitlines()
    assert first.startswith("spending is allowed again; it was frozen since 2")
    assert causes == ["  - frozen by hand"]
    assert "frozen" not in real.run("doctor").stdout
    assert stat.S_IMODE((real.scratch / "home" / "spend.db").stat().st_mode) == 0o600
