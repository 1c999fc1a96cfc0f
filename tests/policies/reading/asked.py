"""What tests ask of a description."""

from policies.reading.rules import understand


def field(text: str, name: str) -> object:
    """What is understood of a field; "?" where it is asked for."""
    understood = understand(text, {}, {})
    return "?" if name in understood.asks else understood.fields.get(name)
