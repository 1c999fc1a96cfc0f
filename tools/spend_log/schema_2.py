"""Version 2 of the spend log: who sent a purchase, what the account said of itself, and what is not to be forgotten.

`debits` keeps the sum of what we know was taken from each account's credits, so that a reading of the balance can be
compared with it in one step. `generous` marks sums that may be
higher than what was really taken (storage by hours begun, the larger figure of a mismatch, a human's word).
"""

from policies.charge import FINAL, SPENT

_TAKEN = ", ".join(f"'{state}'" for state in sorted(SPENT & FINAL))

_KNOWN = f"""
    INSERT INTO debits (account, base_url, cents, generous) VALUES (NEW.account, NEW.base_url, <CENTS>,
        NEW.kind IN ('storage', 'overrun', 'start') OR NEW.state = 'mismatch'
        OR (NEW.state IN ({_TAKEN}) AND <BEFORE> = 'in_doubt' AND NEW.state = 'paid'))
    ON CONFLICT (account, base_url)
    DO UPDATE SET cents = cents + excluded.cents, generous = generous OR excluded.generous;
"""  # noqa: S608 - made of constants

_OF_CREDITS = "NEW.rail = 'credits' AND NEW.account <> ''"

VERSION_2 = (
    """CREATE TABLE senders (
        charge_id TEXT PRIMARY KEY REFERENCES charges (charge_id),
        boot_id TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started TEXT NOT NULL,
        host TEXT NOT NULL,
        landed_at TEXT
    ) STRICT""",
    """CREATE TABLE debits (
        account TEXT NOT NULL,
        base_url TEXT NOT NULL,
        cents INTEGER NOT NULL,
        generous INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (account, base_url)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE accounts (
        account TEXT NOT NULL,
        base_url TEXT NOT NULL,
        not_ours INTEGER NOT NULL,
        purchased INTEGER NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (account, base_url)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE readings (
        seq INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        base_url TEXT NOT NULL,
        at TEXT NOT NULL,
        balance INTEGER NOT NULL,
        purchased INTEGER NOT NULL,
        spent INTEGER NOT NULL,
        drift INTEGER,
        why TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX readings_of_account ON readings (account, base_url, at)",
    "CREATE INDEX charges_of_account ON charges (account, base_url, settled_at)",
    """CREATE TABLE second_looks (
        order_id TEXT PRIMARY KEY REFERENCES orders (order_id),
        at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX orders_gone ON orders (gone_at) WHERE gone_at IS NOT NULL",
    """CREATE TABLE bad_gpus (
        gpu_id TEXT PRIMARY KEY,
        reason TEXT NOT NULL,
        until TEXT NOT NULL
    ) STRICT""",
    f"""CREATE TRIGGER debit_found AFTER INSERT ON charges WHEN {_OF_CREDITS} AND NEW.state IN ({_TAKEN}) BEGIN
        {_KNOWN.replace("<CENTS>", "NEW.amount").replace("<BEFORE>", "''")}
    END""",
    f"""CREATE TRIGGER refund_found AFTER INSERT ON charges WHEN {_OF_CREDITS} AND NEW.state = 'refund' BEGIN
        {_KNOWN.replace("<CENTS>", "-NEW.amount").replace("<BEFORE>", "''")}
    END""",
    f"""CREATE TRIGGER debit_settled AFTER UPDATE OF state ON charges
    WHEN {_OF_CREDITS} AND NEW.state IN ({_TAKEN}) AND OLD.state NOT IN ({_TAKEN}) BEGIN
        {_KNOWN.replace("<CENTS>", "NEW.amount").replace("<BEFORE>", "OLD.state")}
    END""",
    "CREATE TRIGGER readings_kept BEFORE DELETE ON readings BEGIN SELECT RAISE(ABORT, 'a reading is kept'); END",
    "CREATE TRIGGER readings_fixed BEFORE UPDATE ON readings BEGIN SELECT RAISE(ABORT, 'a reading never changes'); END",
    f"""INSERT INTO debits (account, base_url, cents, generous)
        SELECT account, base_url, sum(amount), 1 FROM charges
        WHERE rail = 'credits' AND account <> '' AND state IN ({_TAKEN}) GROUP BY account, base_url""",  # noqa: S608
)
