"""Where spans are to go, by OpenTelemetry's own variables; nowhere unless one of them says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
EXPORTER = "OTEL_TRACES_EXPORTER"
DISABLED = "OTEL_SDK_DISABLED"

HTTP = "http/protobuf"

Where = Literal["otlp", "console"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the environment asks for.

    Attributes:
        where: to a collector, to stderr, or both; each once.
        by: the variable that says so.
        wrong: why it can't be had, or "".
    """

    where: tuple[Where, ...]
    by: str
    wrong: str = ""


def disabled(environment: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry is switched off, for all programs that have it."""
    return environment.get(DISABLED, "").strip().lower() == "true"


def wanted(environment: Mapping[str, str]) -> Wanted | None:
    """None where nothing is wanted. An empty variable is as good as none, as OpenTelemetry has it."""
    named = [word.strip().lower() for word in environment.get(EXPORTER, "").split(",") if word.strip()]
    endpoint = next((name for name in ENDPOINTS if environment.get(name, "").strip()), "")
    if "none" in named or not (named or endpoint):
        return None
    by = EXPORTER if named else endpoint
    found: list[Where] = []
    for word in named or ["otlp"]:
        match word:
            case "otlp" | "console":
                found.append(word)
            case _:
                return Wanted((), by, f"{EXPORTER} can be otlp, console or none here")
    protocol = next((environment[name].strip() for name in PROTOCOLS if environment.get(name, "").strip()), HTTP)
    if "otlp" in found and protocol != HTTP:
        return Wanted((), by, f"spans go out by {HTTP} alone, and not as OTEL_EXPORTER_OTLP_PROTOCOL says")
    return Wanted(tuple(dict.fromkeys(found)), by)
