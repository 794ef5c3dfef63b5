"""Bytes of the raw stream → a record, or the verdict why not."""

import orjson
import pytest

from enrich_consumer.core.decode import FUTURE_MS, decode
from enrich_consumer.core.record import Incoming, Reject
from schemas import Reason
from tests.support.consumer_doubles import NOW, SITES, event, raw


def verdict(data: bytes, arrived_at: int | None = None) -> tuple[Reason, str]:
    with pytest.raises(Reject) as caught:
        decode(Incoming(1, data, arrived_at), SITES)
    return caught.value.reason, caught.value.detail


def test_a_good_record():
    found = decode(Incoming(5, raw(event(1), sent_at=NOW - 5, ip="203.0.113.9", user_agent="x")), SITES)
    assert (found.sequence, found.site, found.visitor_id) == (5, SITES.by_name["loja"], "v-1")
    assert (found.received_at, found.sent_at, found.ip, found.headers) == (NOW, NOW - 5, "203.0.113.9", {})
    assert found.events == [event(1)]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"not json", b"\xff\xfe", b'{"v": 1} tail', b'"\\ud800"', b"NaN", b"[" * 2_000],
)
def test_not_json(data: bytes):
    assert verdict(data)[0] is Reason.RECORD_NOT_JSON


@pytest.mark.parametrize(
    ("data", "kind"), [(b"[]", "list"), (b"1", "int"), (b"null", "NoneType"), (b'"x"', "str")]
)
def test_json_but_no_object(data: bytes, kind: str):
    assert verdict(data) == (Reason.INVALID_RECORD, f"a {kind}, not an object")


@pytest.mark.parametrize("version", [None, 0, 2, "1", "x" * 5_000, [1]])
def test_an_unknown_version(version: object):
    reason, detail = verdict(raw(v=version))
    assert reason is Reason.UNKNOWN_RECORD_VERSION
    assert detail.startswith(f"v is {version!r:.40}, not 1")
    assert len(detail) < 100


def test_a_record_without_a_version():
    assert verdict(b"{}") == (Reason.UNKNOWN_RECORD_VERSION, "v is None, not 1")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"visitor_id": 7}, "visitor_id: "),
        ({"visitor_id": ""}, "visitor_id: "),
        ({"visitor_kind": "other"}, "visitor_kind: "),
        ({"received_at": "now"}, "received_at: "),
        ({"received_at": -1}, "received_at: "),
        ({"received_at": 1.5}, "received_at: "),
        ({"sent_at": NOW + 0.5}, "sent_at: "),
        ({"received_at": 10**18}, "received_at: "),
        ({"site": "Loja"}, "site: "),
        ({"headers": {"referer": 1}}, "headers/referer: "),
        ({"events": {}}, "events: "),
        ({"events": [event()] * 501}, "events: "),
        ({"events": [{"event": "page_view"}]}, "events/0: "),
        ({"events": [event(), event(1, event="No name")]}, "events/1/event: "),
        ({"events": [event(1, event_id="7")]}, "events/0/event_id: "),
        ({"events": [event(1, ts="later")]}, "events/0/ts: "),
        ({"events": [event(1, ts=1.5)]}, "events/0/ts: "),
        ({"site": "loja\n"}, "site: "),
        ({"v": True}, "v: "),
    ],
)
def test_against_the_contract(fields: dict[str, object], expected: str):
    reason, detail = verdict(raw(**fields))
    assert reason is Reason.INVALID_RECORD
    assert detail.startswith(expected)
    assert len(detail) < 300


def test_a_missing_field_is_named():
    data = orjson.loads(raw())
    del data["visitor_id"]
    assert verdict(orjson.dumps(data)) == (
        Reason.INVALID_RECORD,
        "the record: Object missing required field `visitor_id`",
    )


def test_an_unknown_site():
    assert verdict(raw(site="outra")) == (Reason.UNKNOWN_SITE, "outra is not in the sites document")


def test_received_in_the_future_of_the_stream():
    arrived_at = NOW - FUTURE_MS
    assert decode(Incoming(1, raw(), arrived_at), SITES).received_at == NOW
    reason, detail = verdict(raw(), arrived_at - 1)
    assert (reason, detail) == (
        Reason.INVALID_RECORD,
        "received_at is 600 s later than the stream's arrival time",
    )


def test_whole_numbers_written_with_a_point_are_whole_numbers():
    found = decode(
        Incoming(1, raw(event(1, ts=float(NOW)), received_at=float(NOW), sent_at=float(NOW))), SITES
    )
    for number in (found.received_at, found.sent_at, found.events[0]["ts"]):
        assert type(number) is int
        assert number == NOW


def test_unknown_fields_are_no_obstacle():
    found = decode(Incoming(1, raw(event(1, new="field"), new={"field": 1})), SITES)
    assert found.events == [event(1)]
