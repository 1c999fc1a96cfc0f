"""Cassettes of the provider's API, recorded from the sandbox and played without a network."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import vcr  # type: ignore[import-untyped]

CASSETTES = Path(__file__).parents[2] / "cassettes" / "gpuhog"
BASE_URL = "https://gpuhog.test/api"
KEY = "ghk_played"

Json = dict[str, Any]


def tape(record_mode: str, scrub: Callable[[str], str] = str) -> vcr.VCR:
    """A recorder. A request matches a recorded one in method, path, JSON body, and whether it carries the key.

    Args:
        record_mode: vcrpy's; `none` to play.
        scrub: rewrites what is recorded: the address of the sandbox and its key stay out of the cassette.
    """

    def clean_request(request: Any) -> Any:
        request.uri = scrub(request.uri)
        return request

    def clean_response(response: Json) -> Json:
        text = scrub(response["body"]["string"].decode())
        text = re.sub(r'("expires_at": ?)"[^"]*"', r'\1"2026-03-30T12:30:00+00:00"', text)
        headers = {"content-type": response["headers"].get("content-type", ["application/json"])}
        return {**response, "headers": headers, "body": {"string": text.encode()}}

    recorder = vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode=record_mode,
        match_on=("method", "uri", "json", "keyed"),
        filter_headers=[("x-api-key", "hidden"), ("host", None), ("user-agent", None)],
        before_record_request=clean_request,
        before_record_response=clean_response,
        decode_compressed_response=False,
    )
    recorder.register_matcher("json", _same_json)
    recorder.register_matcher("keyed", _same_keyed)
    return recorder


def _same_json(one: Any, other: Any) -> None:
    assert json.loads(one.body or b"null") == json.loads(other.body or b"null")


def _same_keyed(one: Any, other: Any) -> None:
    assert ("x-api-key" in _names(one)) == ("x-api-key" in _names(other))


def _names(request: Any) -> set[str]:
    return {name.lower() for name in request.headers}
