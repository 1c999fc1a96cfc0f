"""What a SQL prompt can't do on PostgreSQL either: every rule refuses what it is there for, by its own name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors, sql

from policies.charge import BORN, FINAL, MOVES, ChargeState
from policies.money import Cents
from policies.wish import Wish
from tests.postgres import Cluster
from tests.tools.spend_log.illegal import ILLEGAL
from tests.tools.spend_log.nights import furnish_nights
from tests.tools.spend_log.test_contract_grants import asked, buy, granted
from tests.tools.spend_log.things import (
    BALANCE,
    CODE,
    HOUR,
    NOW,
    ORDER,
    WIDE,
    a_charge,
    an_offer,
    an_order,
    approved,
    held,
    in_state,
    new_run,
    offered,
    submitted,
)
from tools.spend_log.answer_rows import NewRunGrant
from tools.spend_log.codec import encode, to_text
from tools.spend_log.peak_rows import GpuUse, PeakEnd, Work
from tools.spend_log.postgres.log import PostgresSpendLog
from tools.spend_log.postgres.schema import VERSIONS
from tools.spend_log.rows import Charge, RunStatus

AT = to_text(NOW)
Raw = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def raw(postgres: Cluster, ready: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    """A prompt at a database with one of everything; what is tried there is taken back."""
    postgres.make("furnished", ready)
    home = tmp_path_factory.mktemp("furnished")
    home.chmod(0o700)
    log = PostgresSpendLog.open(postgres.url("furnished"), home / "orders.jsonl")
    furnish(log)
    log.close()
    url = postgres.url("furnished").get_secret_value()
    with psycopg.connect(url, autocommit=True, options="-c search_path=swineherd") as connection:
        yield connection
    postgres.drop("furnished")


def furnish(log: PostgresSpendLog) -> None:
    """A charge in every state and what belongs to one."""
    for state in ChargeState:
        in_state(log, state, f"is-{state}")
        log.unfreeze(NOW)
    log.observe("key-is-paid", "https://gpuhog.com/api", BALANCE, log.money_mark(), NOW + HOUR)
    submitted(log, an_offer("flying", account="k"))
    held(log, an_offer("waiting", account="k"))
    log.keep_answer("charge-flying", 200, b"{}", NOW)
    log.ask(offered(log, an_offer("asked", account="a")), CODE, NOW, NOW + HOUR)
    approved(log, an_offer("allowed", account="b"))
    used = an_offer("used", account="c")
    log.reserve("charge-used", used, WIDE, NOW, approved(log, used))
    log.add_run(new_run("over", home="home-a", work=Work("a" * 64)))
    log.set_status("over", RunStatus.FAILED, NOW, reason="", code=1)
    log.add_order(an_order(run_id="over", host_key="k"))
    log.keep_peak(ORDER, GpuUse(16_384, 97, 18))
    log.end_peak(ORDER, PeakEnd.FINISHED)
    granted(log, "batched")
    buy(log, "batched")
    asked(log, grant_id="gra-2")
    log.revoke_grant("gra-2", "me", NOW)
    furnish_nights(log)
    furnish_answers(log)


def furnish_answers(log: PostgresSpendLog) -> None:
    """A wish; a grant of a run that is used, and one that was taken back."""
    for name in ("wishing", "given", "taken"):
        log.ask(offered(log, an_offer(name, account=name)), CODE, NOW, NOW + HOUR)
    log.instead("wishing", CODE, Cents(147), Wish(None, 2), "me", NOW)
    for name in ("given", "taken"):
        log.grant_run(name, CODE, Cents(147), NewRunGrant(f"gra-{name}", Cents(300), 3, NOW + HOUR), "me", NOW)
    log.reserve("charge-given", an_offer("given", account="given"), WIDE, NOW, "given/1")
    log.revoke_run_grant("gra-taken", "me", NOW)


@contextmanager
def taken_back(raw: Raw) -> Iterator[None]:
    raw.execute("BEGIN")
    try:
        yield
    finally:
        raw.execute("ROLLBACK")


def insert(raw: Raw, charge: Charge) -> None:
    row = encode(charge)
    names, marks = (sql.SQL(", ").join(map(kind, row)) for kind in (sql.Identifier, sql.Placeholder))
    raw.execute(sql.SQL("INSERT INTO charges ({}) VALUES ({})").format(names, marks), row)


@pytest.mark.parametrize(("rule", "statement"), [(rule, text) for rule, texts in ILLEGAL.items() for text in texts])
def test_each_rule_refuses(raw: Raw, rule: str, statement: str) -> None:
    """By its own name: no other has refused in its place."""
    with taken_back(raw), pytest.raises(psycopg.IntegrityError) as caught:
        raw.execute(statement.encode())
    assert caught.value.diag.constraint_name == rule


def test_no_rule_is_left_out() -> None:
    """One that is added is to be tried above."""
    made = "\n".join(statement for statements in VERSIONS for statement in statements)
    assert set(re.findall(r"CONSTRAINT = '(\w+)'", made)) == set(ILLEGAL)


@pytest.mark.parametrize("old", list(ChargeState))
def test_only_legal_moves_by_sql(raw: Raw, old: ChargeState) -> None:
    """To each state: an UPDATE goes through when the table has the move (or nothing moves), else not."""
    for new in ChargeState:
        args = (new.value, AT if new in FINAL else None, f"charge-is-{old}")
        with taken_back(raw):
            try:
                raw.execute("UPDATE charges SET state = %s, settled_at = %s WHERE charge_id = %s", args)
                moved = True
            except psycopg.IntegrityError:
                moved = False
        assert moved == ((old, new) in MOVES or (old is new and old not in FINAL)), new


@pytest.mark.parametrize("state", list(ChargeState))
def test_charges_begin_only_where_they_may(raw: Raw, state: ChargeState) -> None:
    """In the states of `BORN`, final ones with the time they settled and others without."""
    for settled_at in (None, NOW):
        with taken_back(raw):
            try:
                insert(raw, a_charge(state, "over", settled_at=settled_at))
                born = True
            except psycopg.IntegrityError:
                born = False
        assert born == (state in BORN and (settled_at is not None) == (state in FINAL)), settled_at


def test_the_real_figure_is_written_once(raw: Raw) -> None:
    """The moves in which the provider names an amount may change it."""
    with taken_back(raw):
        change = "UPDATE charges SET state = 'paid', settled_at = %s, amount = 1 WHERE charge_id = %s"
        assert raw.execute(change, [AT, "charge-is-submitting"]).rowcount == 1


def test_a_temporary_table_is_not_taken_for_ours(raw: Raw) -> None:
    """A rule looks where it was made, whatever the session's search path is."""
    with taken_back(raw):
        raw.execute("CREATE TEMPORARY TABLE charges (LIKE swineherd.charges)")
        with pytest.raises(errors.UniqueViolation):
            raw.execute("UPDATE swineherd.charges SET state = 'submitting' WHERE charge_id = 'charge-waiting'")


def test_the_sums_are_those_of_the_rows(raw: Raw) -> None:
    """The running totals say what adding up all settled charges says."""
    settled = raw.execute("SELECT sum(amount) FROM charges WHERE state IN ('paid', 'mismatch', 'orphaned')").fetchone()
    sums = "SELECT sum(cents) FROM totals WHERE span = %s"
    spans = ("day", "month", "run", "all")
    assert [raw.execute(sums, [span]).fetchone() for span in spans] == [settled] * len(spans)


def test_tables_for_a_human(raw: Raw) -> None:
    """The views that a human browses, with dollars, and orders shown short."""
    shown = raw.execute("SELECT usd, standing, order_id FROM charges_readable WHERE charge_id = 'charge-is-paid'")
    assert shown.fetchall() == [("1.47", "spent", "HOG-…0000")]
    assert raw.execute("SELECT * FROM spend_by_day").fetchall() == [("2026-03-15", 4, 588, "5.88")]
    jobs = raw.execute("SELECT * FROM spend_by_job").fetchall()
    assert jobs == [("finetune", 4, 4, 588, "5.88")]
    gpus = raw.execute("SELECT gpu, charges, cents, usd FROM spend_by_gpu").fetchall()
    assert gpus == [("NVIDIA GeForce RTX 4090", 3, 441, "4.41"), ("RTX 4090", 1, 147, "1.47")]
