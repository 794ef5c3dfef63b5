"""The tracker's files from the API: the bytes that the SRI hashes are of, kept as long as their names allow."""

import base64
import gzip
import json
from hashlib import sha384
from typing import Any

import pytest

from ingest_lambda.http.request import from_gateway
from ingest_lambda.scripts import FOLDER, Scripts
from ingest_lambda.settings import Settings, SettingsError
from tests.ingest_lambda.doubles import NOW, Bench, gateway

MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
TRACKER = next(name for name in MANIFEST if name.startswith("rastro-1"))


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.app.scripts = Scripts("/r/")
    return made


def get(bench: Bench, path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    event = gateway("", method=method, path=path, key=None, headers=headers)
    request = from_gateway(event, "id")
    return bench.app.answer(request, NOW, bench.time.now + 9).to_gateway()


@pytest.mark.parametrize("name", MANIFEST)
def test_every_file_has_the_bytes_of_its_hash(bench: Bench, name: str) -> None:
    """As a browser that takes gzip gets it, and as one that takes nothing does."""
    plain = get(bench, f"/r/{name}")
    packed = get(bench, f"/r/{name}", **{"accept-encoding": "br, gzip"})
    assert plain["statusCode"] == packed["statusCode"] == 200
    content = base64.b64decode(plain["body"])
    assert plain["isBase64Encoded"]
    assert "content-encoding" not in plain["headers"]
    assert packed["headers"]["content-encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(packed["body"])) == content == (FOLDER / name).read_bytes()
    assert "sha384-" + base64.b64encode(sha384(content).digest()).decode() == MANIFEST[name]["integrity"]
    assert packed["headers"]["etag"] != plain["headers"]["etag"]
    assert packed["headers"]["vary"] == "accept-encoding"


def test_a_name_with_a_version_is_kept_for_ever_and_one_without_for_an_hour(bench: Bench) -> None:
    headers = get(bench, f"/r/{TRACKER}")["headers"]
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "text/javascript;charset=utf-8"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert get(bench, "/r/rastro.mjs")["headers"]["cache-control"] == "public, max-age=3600"


def test_who_has_it_already_gets_no_body(bench: Bench) -> None:
    tag = get(bench, "/r/rastro.mjs")["headers"]["etag"]
    again = get(bench, "/r/rastro.mjs", **{"if-none-match": tag})
    assert (again["statusCode"], again["body"]) == (304, "")
    assert get(bench, "/r/rastro.mjs", **{"if-none-match": '"other"'})["statusCode"] == 200
    head = get(bench, f"/r/{TRACKER}", method="HEAD")
    assert (head["statusCode"], head["body"]) == (200, "")


@pytest.mark.parametrize(
    "path",
    [
        "/r/",
        "/r/none.js",
        "/r/manifest.json",
        "/r/rastro.d.ts",
        "/r/../app.py",
        "/r/..%2fapp.py",
        "/r/a/b.js",
    ],
)
def test_nothing_else_is_served(bench: Bench, path: str) -> None:
    answer = get(bench, path)
    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["reason"] == "not_found"
    assert answer["headers"]["cache-control"] == "no-store"


def test_they_need_neither_a_key_nor_the_sites_and_are_not_posted_to(bench: Bench) -> None:
    assert get(bench, f"/r/{TRACKER}")["statusCode"] == 200
    refused = get(bench, f"/r/{TRACKER}", method="POST")
    assert (refused["statusCode"], refused["headers"]["allow"]) == (405, "GET, HEAD")
    assert not bench.stream.stored


def test_the_path_is_a_setting_and_may_be_none() -> None:
    bench = Bench()
    assert get(bench, f"/r/{TRACKER}")["statusCode"] == 404
    bench.app.scripts = Scripts("/lojas/arquivos/")
    assert get(bench, f"/lojas/arquivos/{TRACKER}")["statusCode"] == 200


@pytest.mark.parametrize("path", ["r/", "/r", "/v1/", "/v1/r/", "//", "/r /", "/r/?x/"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    needed = {"RASTRO_RAW_STREAM": "a", "RASTRO_REJECTED_DELIVERY": "b", "RASTRO_SITES": "file:/a"}
    with pytest.raises(SettingsError, match="RASTRO_SCRIPTS_PATH"):
        Settings.from_env({**needed, "RASTRO_SALT": "file:/b", "RASTRO_SCRIPTS_PATH": path})
    assert Settings.from_env({**needed, "RASTRO_SALT": "file:/b"}).scripts_path == ""
