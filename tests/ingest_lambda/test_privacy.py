"""What of a person is stored: IP address, identity, consent."""

import json
from typing import Any

import pytest

from ingest_lambda.events.visitor import cookieless, ip_by_policy
from schemas import Site
from tests.ingest_lambda.doubles import NOW, PAGE_VIEW, SITES, Bench, gateway

HOUR = 3_600_000
SITE = Site("loja", ("k",), time_zone="America/Sao_Paulo")
IP = "203.0.113.77"


def bench_with(**fields: Any) -> Bench:
    loja = SITES["sites"]["loja"] | fields
    return Bench(sites=json.dumps({"version": 1, "sites": {"loja": loja}}).encode())


@pytest.mark.parametrize(
    ("ip", "full", "truncated"),
    [
        ("203.0.113.77", "203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.77", "203.0.113.0"),
        ("2001:DB8::1", "2001:db8::1", "2001:db8::"),
        ("fe80::1%eth0", "fe80::1", "fe80::"),
        ("not an address", None, None),
        ("203.0.113.77, 10.0.0.1", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_the_policy_decides_what_of_an_address_is_kept(
    ip: str | None, full: str | None, truncated: str | None
) -> None:
    assert ip_by_policy(ip, "full") == full
    assert ip_by_policy(ip, "truncate") == truncated
    assert ip_by_policy(ip, "none") is None


@pytest.mark.parametrize(("policy", "stored"), [("truncate", "203.0.113.0"), ("none", None)])
def test_the_whole_address_is_in_no_byte_that_leaves(policy: str, stored: str | None) -> None:
    """Neither in records and rejected rows, nor in the answer or the log; also in no header that is kept."""
    bench = bench_with(ip_policy=policy)
    headers = {"x-forwarded-for": IP, "forwarded": f"for={IP}", "x-real-ip": IP}

    status, body, answer = bench.post(gateway([PAGE_VIEW, {"event": "y"}, 5], ip=IP, headers=headers))

    assert status == 202
    assert {record["ip"] for record in bench.records()} == {stored}
    everything = [entry.data for entry in bench.stream.stored] + bench.delivery.stored + bench.log_lines
    everything += [json.dumps([body, answer]).encode()]
    assert not [one for one in everything if IP.encode() in one]


def test_a_forwarded_header_is_not_believed(bench: Bench) -> None:
    """Anybody can write it; the connection's IP address comes from API Gateway."""
    bench.post(
        gateway(headers={"x-forwarded-for": "198.51.100.1", "cloudfront-viewer-address": "198.51.100.1:1"})
    )

    assert bench.records()[0]["ip"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("value", "ip"),
    [
        ("198.51.100.1:46532", "198.51.100.1"),
        ("2001:db8::7:46532", "2001:db8::7"),
        ("", "203.0.113.9"),
        ("nonsense", "203.0.113.9"),
        (":", "203.0.113.9"),
    ],
)
def test_our_own_proxys_header_is_believed_where_it_is_set(value: str, ip: str) -> None:
    bench = Bench(viewer_header="cloudfront-viewer-address")
    bench.post(gateway(headers={"CloudFront-Viewer-Address": value}))

    assert bench.records()[0]["ip"] == ip


def test_cookieless_is_one_visitor_per_site_address_agent_and_day(bench: Bench) -> None:
    def visitor(*, now: int = NOW, **kwargs: Any) -> str:
        bench.stream.stored.clear()
        assert bench.post(gateway({"event": "x"}, **kwargs), now=now)[0] == 202
        (record,) = bench.records()
        assert record["visitor_kind"] == "cookieless"
        return str(record["visitor_id"])

    one = visitor()
    assert one == visitor(now=NOW + HOUR)
    others = [
        visitor(ip="203.0.113.10"),
        visitor(headers={"user-agent": "Mozilla/5.0 (X11)"}),
        visitor(now=NOW + 24 * HOUR),
    ]
    bench.secret = b"another secret of the tests"
    bench.time.now += 60
    others.append(visitor())
    assert len({one, *others}) == 5


def test_cookieless_events_of_a_request_are_one_record(bench: Bench) -> None:
    bench.post(gateway([{"event": "a"}, PAGE_VIEW, {"event": "b", "visitor_id": None}]))

    assert [[event["event"] for event in record["events"]] for record in bench.records()] == [
        ["a", "b"],
        ["page_view"],
    ]


def test_the_day_of_the_hash_changes_at_the_shops_midnight() -> None:
    """2026-11-21 23:59:59 and 2026-11-22 00:00:00 in São Paulo are 02:59:59 and 03:00:00 UTC."""
    midnight = NOW - NOW % (24 * HOUR) + 27 * HOUR

    def visitor(now: int, site: Site = SITE) -> str:
        return cookieless(b"s" * 16, site, IP, "agent", now).id

    assert visitor(midnight - 20 * HOUR) == visitor(midnight - 1)
    assert visitor(midnight - 1) != visitor(midnight)
    utc = SITE._replace(time_zone="UTC")
    assert visitor(midnight - 1, utc) == visitor(midnight, utc)
    assert visitor(midnight, SITE._replace(name="other")) != visitor(midnight)


def test_neither_secret_nor_salt_is_in_anything_that_leaves(bench: Bench) -> None:
    bench.post(gateway([{"event": "x"}, 5]))

    everything = b"".join(
        [entry.data for entry in bench.stream.stored] + bench.delivery.stored + bench.log_lines
    )
    assert bench.secret not in everything


@pytest.mark.parametrize(
    ("honoured", "sent", "given", "stored"),
    [
        (True, "1", None, {"ads": False}),
        (True, "1", {"analytics": True, "ads": True}, {"analytics": True, "ads": False}),
        (True, "1", {"ads": False}, {"ads": False}),
        (True, "0", {"ads": True}, {"ads": True}),
        (True, None, {"analytics": None, "ads": True}, {"analytics": None, "ads": True}),
        (True, None, None, None),
        (False, "1", {"ads": True}, {"ads": True}),
    ],
)
def test_global_privacy_control_takes_the_consent_for_ads(
    honoured: bool, sent: str | None, given: Any, stored: Any
) -> None:
    """Consent is carried as it came; a signal can only take it away."""
    bench = bench_with(honour_gpc=honoured)
    event = PAGE_VIEW | ({"consent": given} if given is not None else {}) | {"user_id": "u"}

    bench.post(gateway(event, headers={} if sent is None else {"sec-gpc": sent}))

    (record,) = bench.records()
    assert record["events"][0].get("consent") == stored
    assert (record["visitor_id"], record["events"][0]["user_id"]) == ("v1", "u")
    assert record["headers"].get("sec_gpc") == sent


def test_do_not_track_takes_consent_and_identity() -> None:
    bench = bench_with(honour_dnt=True)
    bench.post(gateway(PAGE_VIEW | {"user_id": "u", "consent": {"ads": True}}, headers={"dnt": "1"}))

    (record,) = bench.records()
    assert record["visitor_kind"] == "cookieless"
    assert record["visitor_id"] != "v1"
    assert record["events"][0]["consent"] == {"ads": False, "analytics": False}
    assert "user_id" not in record["events"][0]


def test_do_not_track_without_hashes_links_no_two_events() -> None:
    """Only a repetition of the same event is the same visitor, so that de-duplication works."""
    bench = bench_with(honour_dnt=True, cookieless=False)
    events = [PAGE_VIEW, PAGE_VIEW | {"event_id": "1B9C1E8A-7C0F-4E8E-9D7E-0A1B2C3D4E5F"}]
    for _ in range(2):
        assert bench.post(gateway(events, headers={"dnt": "1"}))[1]["accepted"] == 2

    assert len({record["visitor_id"] for record in bench.records()}) == 2


def test_do_not_track_is_ignored_where_the_site_says_so(bench: Bench) -> None:
    bench.post(gateway(PAGE_VIEW | {"user_id": "u"}, headers={"dnt": "1"}))

    assert bench.records()[0]["visitor_id"] == "v1"


def test_a_site_may_refuse_events_without_a_visitor() -> None:
    bench = bench_with(cookieless=False)
    status, body, _ = bench.post(gateway([{"event": "x"}, PAGE_VIEW]))

    assert (status, body["accepted"]) == (202, 1)
    assert body["rejected"][0]["detail"].startswith("visitor_id: ")
