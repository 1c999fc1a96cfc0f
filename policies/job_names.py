"""How job files are called."""

_ENDINGS = (".yaml", ".yml")


def is_job_file(name: str) -> bool:
    """By its ending."""
    return name.lower().endswith(_ENDINGS)
