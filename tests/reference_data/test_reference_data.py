"""Opening databases: found, missing, broken, of the wrong kind."""

import pytest

from reference_data.databases import default_asn, default_city, open_references
from reference_data.mmdb import ReferenceDataError


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


def test_the_default_is_what_was_fetched(tmp_path, monkeypatch):
    environment = {"RASTRO_DATA_DIR": str(tmp_path)}
    assert default_city(environment) == ""
    current = tmp_path / "dbip-city-lite" / "current"
    current.mkdir(parents=True)
    assert default_city(environment) == str(current)
    maxmind = tmp_path / "maxmind"
    maxmind.mkdir()
    (maxmind / "city.mmdb").symlink_to("GeoLite2-City.mmdb")
    assert default_city(environment) == str(current)  # leads nowhere
    assert default_asn(environment) == ""
    (maxmind / "GeoLite2-City.mmdb").touch()
    (maxmind / "asn.mmdb").touch()
    assert default_city(environment) == str(maxmind / "city.mmdb")
    assert default_asn(environment) == str(maxmind / "asn.mmdb")
    (maxmind / "city.mmdb").unlink()
    (maxmind / "asn.mmdb").unlink()
    monkeypatch.setenv("RASTRO_DATA_DIR", str(tmp_path))
    with pytest.raises(ReferenceDataError, match="current"):
        open_references(None, None)  # there, but empty: asked for, so an error
    assert open_references("none", "none").city("8.8.8.8") is None
