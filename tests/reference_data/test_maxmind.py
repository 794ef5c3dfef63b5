"""`rastro data fetch --maxmind` against a server that speaks MaxMind's update protocol."""

import base64
import hashlib
import io
import json
import shutil
import socket
import tarfile
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from rastro.__main__ import main
from rastro.commands import doctor
from reference_data.databases import open_references
from tests.enrich_consumer.core.enrichments import public_sets

# MaxMind's client calls what aiohttp 4 will no longer have; the lock holds aiohttp 3.
pytestmark = pytest.mark.filterwarnings(
    "ignore:BasicAuth is deprecated:DeprecationWarning", "ignore:The 'auth' parameter:DeprecationWarning"
)

ACCOUNT, KEY = "123456", "the_key_nobody_may_see"
LICENCE = (
    "GeoLite2 by MaxMind, under MaxMind's GeoLite2 End User License Agreement: keep it no older than 30 days"
)
LONDON, TELSTRA = "81.2.69.160", "1.128.0.1"


class Server(ThreadingHTTPServer):
    """`files`: edition → bytes of its database. `status` and `cut` make it fail."""

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked, self.status, self.cut = files, [], None, None
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        credentials = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if credentials != f"{ACCOUNT}:{KEY}":
            return self._say(401, b"wrong")
        if self.server.status:
            return self._say(self.server.status, b"the server's\nwords")
        url = urlsplit(self.path)
        query = {name: value for name, (value,) in parse_qs(url.query).items()}
        if url.path == "/geoip/updates/metadata":
            edition = query["edition_id"]
            md5 = hashlib.md5(self.server.files[edition]).hexdigest()
            found = {"databases": [{"edition_id": edition, "date": "2026-01-20", "md5": md5}]}
            return self._say(200, json.dumps(found).encode(), "application/json")
        *_, edition, verb = url.path.split("/")
        assert (verb, query) == ("download", {"date": "20260120", "suffix": "tar.gz"})
        return self._say(200, _packed(edition, self.server.files[edition])[: self.server.cut])

    def _say(self, status, body, kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def _packed(edition, data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"{edition}_20260120/{edition}.mmdb")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture
def databases():
    return public_sets.folder("geoip2") / "tests/data/test-data"


@pytest.fixture
def server(databases, tmp_path, monkeypatch):
    tests = {
        "GeoLite2-City": "GeoLite2-City-Test",
        "GeoLite2-ASN": "GeoLite2-ASN-Test",
        "GeoIP2-City": "GeoIP2-City-Test",
    }
    files = {edition: (databases / f"{name}.mmdb").read_bytes() for edition, name in tests.items()}
    with Server(files) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        for name, value in {
            "RASTRO_DATA_DIR": str(tmp_path),
            "GEOIPUPDATE_HOST": running.url,
            "GEOIPUPDATE_ACCOUNT_ID": ACCOUNT,
            "GEOIPUPDATE_LICENSE_KEY": KEY,
            "GEOIPUPDATE_RETRY_FOR": "0",
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("RASTRO_GEO_CITY", "RASTRO_GEO_ASN"):
            monkeypatch.delenv(name, raising=False)
        yield running
        running.shutdown()


def _fetch(*more):
    return main(["data", "fetch", "--maxmind", *more])


def _refused(capsys, *more):
    """The one line of the problem, after the line that tells what is being done, if it came to that."""
    assert _fetch(*more) == 2
    out, err = capsys.readouterr()
    assert KEY not in out + err
    *before, line = err.splitlines()
    assert all("fetching" in one for one in before)
    assert len(before) <= 1
    return line


def test_it_is_fetched_and_used_without_any_setting(server, tmp_path, capsys):
    assert _fetch() == 0
    out, err = capsys.readouterr()
    assert LICENCE in err
    assert KEY not in out + err
    references = open_references(None, None)
    assert references.city(LONDON)["city"]["names"]["en"] == "London"
    assert references.asn(TELSTRA)["autonomous_system_number"] == 1221
    assert open_references("none", "none").asn(TELSTRA) is None
    assert (tmp_path / "maxmind").stat().st_mode & 0o005 == 0o005  # for the image's user, under umask 022


def test_a_second_time_only_looks(server):
    assert _fetch() == 0
    server.asked.clear()
    assert _fetch() == 0
    assert server.asked == [
        f"/geoip/updates/metadata?edition_id={edition}" for edition in ("GeoLite2-City", "GeoLite2-ASN")
    ]


def test_it_goes_before_the_free_one(server, databases, tmp_path):
    free = tmp_path / "dbip-city-lite" / "current"
    free.mkdir(parents=True)
    shutil.copyfile(databases / "GeoLite2-Country-Test.mmdb", free / "city.mmdb")
    assert "city" not in open_references(None, None).city(LONDON)
    assert _fetch() == 0
    assert "city" in open_references(None, None).city(LONDON)
    assert "city" not in open_references(str(free), None).city(LONDON)


def test_another_edition_replaces_the_old(server, tmp_path, capsys):
    assert _fetch() == 0
    capsys.readouterr()
    assert _fetch("--editions", "GeoIP2-City") == 0
    assert "under the agreement of your own account" in capsys.readouterr().err
    names = {path.name for path in (tmp_path / "maxmind").glob("*.mmdb")}
    assert names == {"city.mmdb", "asn.mmdb", "GeoIP2-City.mmdb", "GeoLite2-ASN.mmdb"}
    assert (tmp_path / "maxmind" / "city.mmdb").resolve().name == "GeoIP2-City.mmdb"


def test_status_and_doctor_tell_licence_and_age(server, capsys):
    assert main(["data", "status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["maxmind"] == []
    assert _fetch() == 0
    capsys.readouterr()
    assert main(["data", "status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["maxmind"]
    assert [one["kind"] for one in found] == ["city", "asn"]
    for one in found:
        assert one["licence"] == LICENCE
        built = datetime.fromisoformat(one["built"]).replace(tzinfo=UTC)
        assert 0 <= (datetime.now(UTC) - built).days - one["age_days"] <= 1
    assert main(["data", "status"]) == 0
    assert capsys.readouterr().out.count(LICENCE) == 2
    assert main(["doctor", "--json"]) == 0
    findings = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    assert findings["city licence"]["detail"] == findings["network licence"]["detail"] == LICENCE
    assert "older than 30 days" in findings["network database"]["detail"]  # the test databases are of old


@pytest.mark.parametrize(("days", "state"), [(30, "ok"), (31, "note")])
def test_doctor_tells_when_the_licence_wants_a_newer_one(server, tmp_path, days, state):
    assert _fetch() == 0
    environment = {"RASTRO_DATA_DIR": str(tmp_path)}
    found = next(iter(doctor._databases(environment, datetime.now(UTC))))
    built = datetime.fromisoformat(found.detail.partition("built ")[2][:10]).replace(tzinfo=UTC)
    now = built.timestamp() + (days + 1) * 86_400  # the day of the build had begun before the build
    first = next(iter(doctor._databases(environment, datetime.fromtimestamp(now, UTC))))
    assert (first.what, first.state) == ("city database", state)


def test_missing_variables_are_named(server, monkeypatch, capsys):
    monkeypatch.delenv("GEOIPUPDATE_LICENSE_KEY")
    assert "rastro: GEOIPUPDATE_LICENSE_KEY not set" in _refused(capsys)
    monkeypatch.setenv("GEOIPUPDATE_ACCOUNT_ID", "")
    assert "GEOIPUPDATE_ACCOUNT_ID and GEOIPUPDATE_LICENSE_KEY not set" in _refused(capsys)
    assert server.asked == []


def test_a_wrong_variable_is_reported(server, monkeypatch, capsys):
    monkeypatch.setenv("GEOIPUPDATE_ACCOUNT_ID", "me")
    assert "invalid account ID" in _refused(capsys)


def test_a_wrong_key_is_reported_and_what_is_there_stays(server, monkeypatch, capsys):
    assert _fetch() == 0
    capsys.readouterr()
    monkeypatch.setenv("GEOIPUPDATE_LICENSE_KEY", KEY + "_old")
    assert "refuses the account (401)" in _refused(capsys)
    assert open_references(None, None).city(LONDON) is not None


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "has no right"), (404, "no such edition"), (429, "used up"), (500, "500: the server's words")],
)
def test_other_refusals_are_reported(server, capsys, status, message):
    server.status = status
    assert message in _refused(capsys)


def test_no_network_is_reported(server, monkeypatch, capsys):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: nothing answers there
        monkeypatch.setenv("GEOIPUPDATE_HOST", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        assert "Cannot connect to host 127.0.0.1" in _refused(capsys)


@pytest.mark.parametrize("cut", [0, 5, 2000])
def test_a_cut_archive_is_never_used(server, tmp_path, capsys, cut):
    server.cut = cut
    assert "nothing usable from http://127.0.0.1" in _refused(capsys)
    assert list((tmp_path / "maxmind").glob("*.mmdb")) == []


def test_a_database_of_another_kind_is_not_used(server, tmp_path, capsys):
    server.files["GeoLite2-City"] = server.files["GeoLite2-ASN"]
    assert "what MaxMind sent cannot be used" in _refused(capsys)
    assert not (tmp_path / "maxmind" / "city.mmdb").exists()


@pytest.mark.parametrize(
    ("editions", "message"),
    [
        ("GeoIP2-Domain", "'GeoIP2-Domain' is neither"),
        ("", "'' is neither"),
        ("GeoLite2-City,GeoIP2-City", "GeoLite2-City and GeoIP2-City are for the same columns"),
    ],
)
def test_editions_of_no_use_are_refused(server, capsys, editions, message):
    assert message in _refused(capsys, "--editions", editions)
    assert server.asked == []


def test_editions_are_maxminds(server, capsys):
    assert main(["data", "fetch", "--editions", "GeoIP2-City"]) == 2
    assert "--maxmind" in capsys.readouterr().err
