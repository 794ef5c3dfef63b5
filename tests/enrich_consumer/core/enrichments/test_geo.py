"""IP addresses and locations."""

import pytest

from enrich_consumer.core.enrichments import References
from enrich_consumer.core.parsing.ip_addresses import by_policy
from schemas.ip_addresses import parse_ip as parse
from tests.support.records import SITE, build, record

LONDON = {
    "continent": {"code": "EU"},
    "country": {"iso_code": "GB"},
    "subdivisions": [{"iso_code": "ENG", "names": {"en": "England"}}, {"iso_code": "WBK"}],
    "city": {"names": {"en": "London", "pt-BR": "Londres"}},
    "location": {"latitude": 51.5, "longitude": -0.1, "accuracy_radius": 10, "time_zone": "Europe/London"},
    "postal": {"code": "EC1A"},
}


@pytest.mark.parametrize("ip", ["81.2.69.160", "::ffff:81.2.69.160", " 81.2.69.160 "])
def test_place(ip):
    asked = []
    references = References(city=lambda ip: asked.append(ip) or LONDON, city_date=lambda: "2026-06-05")  # type: ignore[func-returns-value] # append returns None
    (row,) = build(references)(record(ip=ip))
    assert asked == ["81.2.69.160"]
    assert row["geo_continent"] == "EU"
    assert (row["geo_country"], row["geo_region"], row["geo_region_name"]) == ("GB", "GB-ENG", "England")
    assert (row["geo_city"], row["geo_postal_code"], row["geo_timezone"]) == (
        "London",
        "EC1A",
        "Europe/London",
    )
    assert (row["geo_latitude"], row["geo_longitude"], row["geo_accuracy_km"]) == (51.5, -0.1, 10)
    assert row["geo_database_date"] == "2026-06-05"


@pytest.mark.parametrize("ip", ["", "lixo", "1.2.3", "999.1.1.1", "::g", "1" * 1000, "127.0.0.1\n", None])
def test_odd_addresses_cost_nothing(ip):
    (row,) = build(References())(record(ip=ip))
    assert row["enrich_errors"] == []


def test_a_broken_database_costs_only_geo():
    def broken(_):
        raise RuntimeError("bad pointer")

    (row,) = build(References(city=broken))(record({"page": {"url": "https://l.example/"}}, ip="81.2.69.160"))
    assert row["enrich_errors"] == ["geo"]
    assert row["page_host"] == "l.example"
    assert row["ip_truncated"] == "81.2.69.0"


def test_a_partial_answer_is_enough():
    (row,) = build(References(city=lambda _: {"registered_country": {"iso_code": "BR"}}))(
        record(ip="200.1.1.1")
    )
    assert row["geo_country"] == "BR"
    assert "geo_region" not in row


def test_answers_are_kept_until_the_version_changes():
    calls, version = [], ["1"]
    references = References(city=calls.append, version=lambda: version[0])
    enrich = build(references)
    for _ in range(3):
        enrich(record(ip="81.2.69.160"))
    assert len(calls) == 1
    version[0] = "2"
    enrich(record(ip="81.2.69.160"))
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("ip", "truncated"),
    [
        ("203.0.113.9", "203.0.113.0"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("2001:db8:1:2:3::9", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("10.1.2.3", "10.1.2.0"),
        ("nada", None),
    ],
)
def test_policies(ip, truncated):
    assert by_policy(ip, "truncate") == truncated
    assert by_policy(ip, "full") == truncated
    assert by_policy(ip, "none") is None
    (row,) = build(References())(record(ip=ip, site=SITE._replace(ip_policy="full")))
    assert row.get("ip_truncated") == truncated


def test_parse_takes_no_long_texts():
    assert parse("1" * 65) is None
