"""How rules are written in the database: triggers that refuse a statement. Released migrations are made with these."""


def refuse(name: str, moment: str, when: str, message: str) -> str:
    """A trigger before `moment` that refuses with `message` where `when` holds."""
    return f"CREATE TRIGGER {name} BEFORE {moment} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"


def changed(*columns: str) -> str:
    """The condition that an update changes one of these columns."""
    old, new = (", ".join(f"{side}.{column}" for column in columns) for side in ("OLD", "NEW"))
    return f"({old}) IS NOT ({new})"
