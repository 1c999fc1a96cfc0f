"""Cassettes of the OpenAI wire format, recorded once and played without a network."""

import json
from pathlib import Path
from typing import Any

import vcr  # type: ignore[import-untyped]

CASSETTES = Path(__file__).parents[2] / "cassettes" / "openai"
BASE_URL = "https://model.test/v1"
KEY = "sk-played-0123456789"

_KEPT = frozenset({"content-type", "retry-after"})

Json = dict[str, Any]


def tape(record_mode: str, served_at: str = BASE_URL) -> vcr.VCR:
    """A recorder. A request matches a recorded one in method, path, JSON body, and whether it carries a key.

    Args:
        record_mode: vcrpy's; `none` to play.
        served_at: the base URL of what is recorded, which stays out of the cassette, as keys do.
    """

    def clean_request(request: Any) -> Any:
        request.uri = request.uri.replace(served_at, BASE_URL)
        names = {name.lower() for name in request.headers}
        request.headers = {"authorization": "hidden"} if "authorization" in names else {}
        return request

    def clean_response(response: Json) -> Json:
        headers = {name: value for name, value in response["headers"].items() if name.lower() in _KEPT}
        return {**response, "headers": headers}

    recorder = vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode=record_mode,
        match_on=("method", "uri", "json", "keyed"),
        before_record_request=clean_request,
        before_record_response=clean_response,
        decode_compressed_response=True,
    )
    recorder.register_matcher("json", _same_json)
    recorder.register_matcher("keyed", _same_keyed)
    return recorder


def _same_json(one: Any, other: Any) -> None:
    assert json.loads(one.body or b"null") == json.loads(other.body or b"null")


def _same_keyed(one: Any, other: Any) -> None:
    assert ("authorization" in one.headers) == ("authorization" in other.headers)
