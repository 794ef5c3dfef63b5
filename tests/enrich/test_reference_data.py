"""Opening databases: found, missing, broken, of the wrong kind."""

import pytest

from enrich_consumer.edges.mmdb import ReferenceDataError
from enrich_consumer.edges.reference_data import default_city, open_references, paths_from


def test_none_is_asked_for():
    references = open_references("", "")
    assert references.city("8.8.8.8") is None
    assert references.city_date() is None


def test_a_missing_file_is_named_with_the_way_to_get_it(tmp_path):
    with pytest.raises(ReferenceDataError, match=r"not found: .*/GeoLite2-City\.mmdb; .*rastro data fetch"):
        open_references(str(tmp_path / "GeoLite2-City.mmdb"), "")


@pytest.mark.parametrize("content", [b"", b"not a database", b"\xab\xcd\xefMaxMind.com", b"\0" * 5000])
def test_a_broken_file_is_named(tmp_path, content):
    file = tmp_path / "city.mmdb"
    file.write_bytes(content)
    with pytest.raises(ReferenceDataError, match=r"broken: .*/city\.mmdb .*rastro data fetch"):
        open_references(str(file), "")


def test_the_default_is_what_was_fetched(tmp_path):
    environment = {"RASTRO_DATA_DIR": str(tmp_path)}
    assert paths_from(environment) == ("", "")
    (tmp_path / "dbip-city-lite" / "current").mkdir(parents=True)
    assert paths_from(environment) == (default_city(environment), "")
    assert paths_from(environment | {"RASTRO_GEO_CITY": ""}) == ("", "")
    assert paths_from(environment | {"RASTRO_GEO_CITY": "/a", "RASTRO_GEO_ASN": "/b"}) == ("/a", "/b")
