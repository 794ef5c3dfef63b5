"""The free default database: another layout, one file per IP version."""

import os

import pytest

from reference_data.databases import free_city_path, open_references
from reference_data.iso_places import CONTINENTS, REGIONS
from reference_data.mmdb import _flat
from tests.support.records import build, record


def test_it_reads_like_geolite2():
    found = {
        "country_code": "BR", "state1": "Sao Paulo", "state2": "", "city": "Osasco", "postcode": "",
        "latitude": -23.53250122, "longitude": -46.79169846, "timezone": "",
    }  # fmt: skip
    assert _flat(found) == {
        "continent": {"code": "SA"},
        "country": {"iso_code": "BR"},
        "subdivisions": [{"names": {"en": "Sao Paulo"}, "iso_code": "SP"}],
        "city": {"names": {"en": "Osasco"}},
        "location": {"latitude": -23.5325, "longitude": -46.7917, "time_zone": None},
    }
    assert _flat({})["country"] == {"iso_code": None}


def test_tables_are_of_iso_3166():
    assert len(CONTINENTS) == 250  # 249 of ISO 3166-1 and Kosovo
    assert set(CONTINENTS.values()) == {"AF", "AN", "AS", "EU", "NA", "OC", "SA"}
    assert len({code for (country, _), code in REGIONS.items() if country == "BR"}) == 27
    assert len({code for (country, _), code in REGIONS.items() if country == "US"}) == 51


@pytest.mark.parametrize(
    ("ip", "country"), [("200.147.3.157", "BR"), ("::ffff:8.8.8.8", "US"), ("2804:14c::1", "BR")]
)
def test_the_database_that_was_fetched(ip, country):
    path = free_city_path(os.environ)
    if not path.exists():
        pytest.skip("no city database here: rastro data fetch")
    (row,) = build(open_references(str(path), ""))(record(ip=ip))
    assert row["geo_country"] == country
    assert row["geo_continent"] in {"SA", "NA"}
    assert row["enrich_errors"] == []
