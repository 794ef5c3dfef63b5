"""`python -m enrich_consumer local`: the whole core in a pipe, no server."""

import io
import re
import subprocess
import sys
from pathlib import Path

import orjson

from enrich_consumer import local
from tests.enrich_consumer import golden
from tests.support.consumer_doubles import ENRICH, NOW, SITES, SITES_TEXT, event, event_id, raw, rows


def run(lines: list[bytes], *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "enrich_consumer", "local", *arguments],
        input=b"\n".join(lines),
        env={"PATH": "", "RASTRO_GEO_CITY": "none", "RASTRO_GEO_ASN": "none"} | env,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_raw_lines_in_enriched_lines_out(tmp_path: Path):
    lines = [orjson.dumps(record) for record in golden.records("purchase")] + [
        b"",
        b"not json",
        raw(site="outra"),
    ]
    found = run(lines, "--rejected", str(tmp_path / "rejected"))
    assert found.returncode == 0
    assert [row["event_name"] for row in rows([found.stdout])] == ["begin_checkout", "purchase"]
    rejected = rows([(tmp_path / "rejected").read_bytes()])
    assert [row["reason"] for row in rejected] == ["record_not_json", "unknown_site"]
    assert [row["payload"].encode() for row in rejected] == lines[-2:]
    assert b"2 events" in found.stderr
    assert b"2 rejected" in found.stderr


def test_its_own_sites_document(tmp_path: Path):
    (tmp_path / "sites.json").write_text(SITES_TEXT)
    found = run([raw(site="curta")], "--settings", str(tmp_path / "sites.json"))
    assert [row["site"] for row in rows([found.stdout])] == ["curta"]


def test_nothing_in_nothing_out():
    found = run([])
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"rastro consumer: nothing came in\n")


def test_a_broken_file_is_reported_in_one_line(tmp_path: Path):
    (tmp_path / "broken").write_bytes(b"not a database")
    (tmp_path / "sites.json").write_text('{"version": 1}')
    for found, message in (
        (
            run([], "--settings", str(tmp_path / "sites.json")),
            b"the sites document is wrong at the top level",
        ),
        (run([], RASTRO_GEO_CITY=str(tmp_path / "broken")), b"broken: .*/broken .*rastro data fetch"),
    ):
        assert (found.returncode, found.stdout) == (2, b"")
        assert re.search(b"^rastro consumer: .*" + message, found.stderr)
        assert found.stderr.count(b"\n") == 1


def test_without_any_geo_database_it_works(tmp_path: Path):
    env = {"RASTRO_DATA_DIR": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-m", "enrich_consumer", "local"],
        input=raw(ip="200.147.3.157"),
        env=env,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0
    (row,) = rows([found.stdout])
    assert "geo_country" not in row or row["geo_country"] is None


def test_enrichments_are_chosen_as_for_the_daemon():
    line = raw(event(page={"url": "https://www.loja.example/p"}))
    (row,) = rows([run([line]).stdout])
    assert row["page_url"] == "https://www.loja.example/p"
    (row,) = rows([run([line], RASTRO_ENRICHMENTS="event_time, privacy").stdout])
    assert "page_url" not in row
    (row,) = rows([run([line], RASTRO_ENRICHMENTS=" ").stdout])  # as if not set
    assert row["page_url"] == "https://www.loja.example/p"
    found = run([line], RASTRO_ENRICHMENTS="event_time,pgae,privacy")
    assert (found.returncode, found.stdout) == (2, b"")
    assert found.stderr.startswith(b"rastro consumer: RASTRO_ENRICHMENTS: no enrichment is called 'pgae'")
    assert found.stderr.count(b"\n") == 1


def test_memory_is_tidied_without_a_trace(monkeypatch):
    minute = 60_000
    lines = [
        raw(event(number), visitor_id=f"v-{number // 40}-{number % 3}", received_at=NOW + number * 5 * minute)
        for number in range(200)
    ]

    def output() -> bytes:
        out, ends, carts = io.BytesIO(), io.BytesIO(), io.BytesIO()
        local.run(lines, SITES, ENRICH, out, None, ends, carts)
        assert ends.getvalue()
        return out.getvalue() + ends.getvalue() + carts.getvalue()

    untidied = output()
    monkeypatch.setattr(local, "PACK_EVERY", 3)
    assert output() == untidied
    assert sum("event_id" in row for row in rows([untidied])) == 200
    assert rows([untidied])[0]["event_id"] == event_id(0)
