"""Which of OpenTelemetry's variables switch tracing on, and to where."""

import pytest

from tools.tracing.wanted import Wanted, disabled, wanted

AT = "http://127.0.0.1:4318"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"OTEL_SERVICE_NAME": "herd", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": AT}, Wanted(("otlp",), "OTEL_EXPORTER_OTLP_ENDPOINT")),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": AT}, Wanted(("otlp",), "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": AT}, None),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, Wanted(("otlp",), "OTEL_TRACES_EXPORTER")),
        ({"OTEL_TRACES_EXPORTER": " Console , otlp,console"}, Wanted(("console", "otlp"), "OTEL_TRACES_EXPORTER")),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": AT}, None),
        ({"OTEL_TRACES_EXPORTER": ",", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, None),
    ],
)
def test_where_spans_are_to_go(environment: dict[str, str], expected: Wanted | None) -> None:
    """An exporter or an endpoint for traces says so, and `none` has the last word."""
    assert wanted(environment) == expected


def test_what_can_not_be_had_is_named() -> None:
    """Another exporter, or another protocol, than there is."""
    zipkin = wanted({"OTEL_TRACES_EXPORTER": "otlp,zipkin"})
    assert zipkin is not None
    assert (zipkin.where, zipkin.wrong) == ((), "OTEL_TRACES_EXPORTER can be otlp, console or none here")
    grpc = wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": AT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert grpc is not None
    assert (grpc.where, "http/protobuf" in grpc.wrong) == ((), True)
    console = wanted({"OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert console == Wanted(("console",), "OTEL_TRACES_EXPORTER")


@pytest.mark.parametrize(("value", "expected"), [("true", True), (" TRUE ", True), ("1", False), ("", False)])
def test_the_switch_of_the_sdk(value: str, expected: bool) -> None:
    """As the specification has it: `true` alone."""
    assert disabled({"OTEL_SDK_DISABLED": value}) is expected
