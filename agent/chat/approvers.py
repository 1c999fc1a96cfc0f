"""Who may answer for money from a chat: a pure decision, the same one for every channel."""

from collections.abc import Sequence


def may_answer(person: str, approvers: Sequence[str], owner: str | None = None) -> bool:
    """Whether a person's yes or no counts.

    Args:
        person: `web:NAME`, `slack:U…` or `telegram:5`, as the channel itself has proven it; compared letter by letter.
        approvers: `chat.approvers` of the policy.
        owner: whoever owns the terminal, where that is enough: see `owner_of`.
    """
    return person in approvers or (owner is not None and person == owner)


def named(channel: str, approvers: Sequence[str]) -> list[str]:
    """The approvers of one channel, as the policy lists them."""
    return [person for person in approvers if person.startswith(f"{channel}:")]


def owner_of(terminal_user: str, approvers: Sequence[str], *, exposed: bool) -> str | None:
    """`web:USER` for the owner of the terminal, who may do all this there anyhow; None where that does not do.

    Args:
        exposed: the chat is reached from elsewhere than this machine.
    """
    return None if exposed or named("web", approvers) else f"web:{terminal_user}"
