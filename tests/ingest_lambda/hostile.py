"""Requests that try to hurt: each is a name, how to make it, and the one answer it must have."""
# ruff: noqa: E501 - a table with one line per case reads better than one wrapped to the margin

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.ingest_lambda.doubles import PAGE_VIEW, gateway

MIB = 1_048_576


class Attack(NamedTuple):
    """`status` and `reason` of the answer; `reason` of the first rejected event where the status is 202."""

    name: str
    make: Callable[[], dict[str, Any]]
    status: int
    reason: str | None


def event(**fields: Any) -> dict[str, Any]:
    return PAGE_VIEW | fields


def nested(depth: int, opening: str = '{"a":', closing: str = "}") -> str:
    return opening * (depth - 1) + "{}" + closing * (depth - 1)


def raw(properties: str) -> str:
    return f'{{"event":"x","visitor_id":"v","properties":{properties}}}'


def bomb(size: int, level: int = 9) -> bytes:
    return gzip.compress(b"[" + b" " * size + b"]", level)


def packed(body: bytes) -> dict[str, Any]:
    return gateway(body, headers={"content-encoding": "gzip"})


def endless() -> bytes:
    """A gzip stream that goes on and on without an end mark: 1 GiB of zeros in 1 MiB."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = pack.compress(b" " * (64 * MIB)) + pack.flush(zlib.Z_FULL_FLUSH)
    return block + pack.compress(b" " * (64 * MIB))


ATTACKS = [
    # decompression
    Attack("gzip bomb 1000:1", lambda: packed(bomb(64 * MIB)), 413, "too_large"),
    Attack("gzip bomb just over the limit", lambda: packed(bomb(MIB - 1)), 413, "too_large"),
    Attack("gzip stream without an end", lambda: packed(endless()), 413, "too_large"),
    Attack("gzip in gzip", lambda: packed(gzip.compress(bomb(64 * MIB))), 400, "not_json"),
    Attack("many gzip members", lambda: packed(gzip.compress(b"") * 50_000), 400, "not_json"),
    # depth and width
    Attack("depth 16", lambda: gateway(raw(nested(15))), 202, None),
    Attack("depth 17", lambda: gateway(raw(nested(16))), 202, None),
    Attack("depth 250", lambda: gateway(raw(nested(240))), 202, None),
    Attack("depth 255", lambda: gateway(raw(nested(255))), 202, None),
    Attack("depth 300", lambda: gateway(raw(nested(300))), 400, "not_json"),
    Attack("depth 1,000", lambda: gateway(raw(nested(1000))), 400, "not_json"),
    Attack("depth 100,000", lambda: gateway(raw(nested(100_000))), 400, "not_json"),
    Attack("depth of arrays", lambda: gateway("[" * 500_000), 400, "not_json"),
    Attack("depth of arrays, closed", lambda: gateway("[" * 500_000 + "]" * 500_000), 400, "not_json"),
    Attack("width: 300,000 empty arrays", lambda: gateway(raw("[" + "[]," * 300_000 + "[]]")), 202, "event_too_large"),
    Attack("width: 60,000 keys", lambda: gateway(raw(json.dumps(dict.fromkeys(map(str, range(60_000)), 1)))), 202, "event_too_large"),
    Attack("width: 300,000 events", lambda: gateway("[" + "1," * 300_000 + "1]"), 413, "too_many_events"),
    Attack("width: 8,000 unknown fields", lambda: gateway(event(**{f"k{n}": 1 for n in range(5000)})), 202, None),
    Attack("names that collide with underscores", lambda: gateway(collisions()), 202, None),
    Attack("items: 201", lambda: gateway(event(ecommerce={"items": [{}] * 201})), 202, None),
    # numbers
    Attack("2^63 - 1", lambda: gateway(raw(f'{{"n":{2**63 - 1}}}')), 202, None),
    Attack("2^63", lambda: gateway(raw(f'{{"n":{2**63}}}')), 202, None),
    Attack("-2^63", lambda: gateway(raw(f'{{"n":{-(2**63)}}}')), 202, None),
    Attack("-2^63 - 1", lambda: gateway(raw(f'{{"n":{-(2**63) - 1}}}')), 202, None),  # a float that is -2^63
    Attack("-2^64", lambda: gateway(raw(f'{{"n":{-(2**64)}}}')), 202, None),
    Attack("2^64 in an array", lambda: gateway(raw(f'{{"n":[[{2**64}]]}}')), 202, None),
    Attack("1e300", lambda: gateway(raw('{"n":1e300}')), 202, None),
    Attack("1e999", lambda: gateway(raw('{"n":1e999}')), 202, None),
    Attack("500,000 digits", lambda: gateway(raw('{"n":' + "9" * 500_000 + "}")), 202, "event_too_large"),
    Attack("500,000 decimals", lambda: gateway(raw('{"n":0.' + "9" * 500_000 + "}")), 202, None),
    Attack("1e-999", lambda: gateway(raw('{"n":1e-999}')), 202, None),
    Attack("NaN", lambda: gateway(raw('{"n":NaN}')), 202, None),
    Attack("-Infinity", lambda: gateway(raw('{"n":-Infinity}')), 202, None),
    # keys
    Attack("duplicate keys, last wins", lambda: gateway('{"event":"A B","event":"x","visitor_id":"v"}'), 202, None),
    Attack("duplicate keys, last is wrong", lambda: gateway('{"event":"x","event":5}'), 202, "invalid_event"),
    Attack("__proto__", lambda: gateway(event(__proto__={"a": 1}, constructor={"prototype": {}})), 202, None),
    Attack("empty key", lambda: gateway(event(**{"": 1})), 202, None),
    # text
    Attack("half a surrogate in a title", lambda: gateway('{"event":"x","visitor_id":"v","page":{"title":"\\ud83d"}}'), 202, None),
    Attack("low half first", lambda: gateway(raw('{"a":"\\udc00\\ud800"}')), 202, None),
    Attack("half a surrogate in a key", lambda: gateway(raw('{"\\ud800":1}')), 202, None),
    Attack("half a surrogate in an identity", lambda: gateway('{"event":"x","visitor_id":"\\ud800"}'), 202, None),
    Attack("an escaped backslash before ud800", lambda: gateway(raw('{"a":"\\\\ud800"}')), 202, None),
    Attack("surrogates in UTF-8", lambda: gateway(b'{"event":"\xed\xa0\x80"}'), 400, "not_json"),
    Attack("overlong UTF-8", lambda: gateway(b'{"event":"\xc0\xaf"}'), 400, "not_json"),
    Attack("control characters, escaped", lambda: gateway(event(page={"title": "\x00\x01\x1b[31m\x7f\u2028"})), 202, None),
    Attack("control characters, raw", lambda: gateway('{"event":"x\x01"}'), 400, "not_json"),
    Attack("control characters in an identity", lambda: gateway(event(visitor_id="a\nb")), 202, None),
    Attack("1 MB of text", lambda: gateway(event(search_term="x" * (MIB - 200))), 202, None),
    Attack("1 MB of text, gzipped", lambda: gateway(event(search_term="x" * (MIB - 200)), gzipped=True), 202, None),
    Attack("64 KiB of text in one field", lambda: gateway(event(search_term="x" * 60_000)), 202, None),
    Attack("1 MB of escapes", lambda: gateway('{"event":"' + "\\ud800" * 170_000 + '"}'), 202, "invalid_event"),
    Attack("1 MB of backslashes", lambda: gateway('{"event":"' + "\\\\" * 500_000), 400, "not_json"),
    Attack("formulas", lambda: gateway(event(search_term="=cmd|' /C calc'!A0", user_id="@SUM(1+1)*cmd")), 202, None),
    Attack("1 MB event name", lambda: gateway({"event": "x" * 60_000}), 202, None),
    Attack("a slash in the visitor", lambda: gateway(event(visitor_id="../other/site")), 202, None),
    # headers
    Attack("header flood", lambda: gateway(headers={f"x-{n}": "y" * 100 for n in range(5000)}), 202, None),
    Attack("user agent of 1 MB", lambda: gateway(headers={"user-agent": "M" * MIB}), 202, None),
    Attack("user agent of control characters", lambda: gateway(headers={"user-agent": "\x00\r\n\ud800"}), 202, None),
    Attack("kept headers of 1 MB", lambda: gateway(headers={"accept-language": "x" * MIB, "referer": "y" * MIB}), 202, None),
    Attack("key of 1 MB", lambda: gateway(key="x" * MIB), 401, "unknown_key"),
    Attack("origin of control characters", lambda: gateway(headers={"origin": "x\r\nset-cookie: a"}), 403, "origin_not_allowed"),
    Attack("content type of 1 MB", lambda: gateway(headers={"content-type": ";" * MIB}), 202, None),
    Attack("query of 1 MB", lambda: gateway(query="a=1&" * 250_000), 202, None),
]  # fmt: skip


def collisions() -> dict[str, Any]:
    """Each unknown name is taken already, with every number of underscores: the worst for finding a free one."""
    names = ["k" + "_" * n for n in range(300)]
    return event(properties=dict.fromkeys(names, 1), k=2, k_=3)
