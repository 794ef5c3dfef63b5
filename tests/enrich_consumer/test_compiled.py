"""The compiled consumer gives the same bytes as the sources; its tools are told when they are missing.

Byte for byte and over odd input, because mypyc checks types where Python would go on, and because a failure inside
an enrichment is caught: it would show as missing columns and nothing else.
"""

import io
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import orjson
import pytest

from benchmarks import consumer as benchmark
from benchmarks.multilang import Processor, lines_of
from benchmarks.workload import raw_records
from enrich_consumer import local
from enrich_consumer.core import enrichments
from infra.packaging import compile_consumer
from infra.packaging.compile_consumer import CompileError
from schemas import parse_sites
from tests.enrich_consumer import golden
from tests.enrich_consumer.core.malformed import malformed_records
from tests.proofs.sessions.test_properties import digest

ROOT = Path(__file__).resolve().parents[2]
HOT = (
    "core.pipeline",
    "core.sessions.rule",
    "core.enrichments",
    "core.engine.runner",
    "worker",
    "edges.aws.sinks",
)


@pytest.fixture(scope="session")
def package() -> Path:
    """The compiled consumer; it stays in build/, so only a change of the sources compiles anew."""
    found = compile_consumer.compiled_package()
    if found is None:
        pytest.skip("no C compiler, Python headers or mypy here: the line above says what to install")
    return found


def child(package: Path, program: str, *words: str, lines: Iterable[bytes] = ()) -> bytes:
    """What a process prints that imports the consumer from `package` and the tests from here."""
    env = {**os.environ, **compile_consumer.environment(package)}
    env["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, input=b"\n".join(lines), env=env, capture_output=True, check=True).stdout


def test_the_hot_modules_are_compiled(package: Path):
    program = "import importlib, sys\nfor name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    found = child(package, program, *(f"enrich_consumer.{name}" for name in HOT)).decode().split()
    assert len(found) == len(HOT)
    for path in map(Path, found):
        assert path.is_relative_to(package)
        assert path.suffix == ".so"
    assert sorted(package.rglob("*.py"))  # for tracebacks
    assert not list((ROOT / "enrich_consumer").rglob("*.so"))


def test_what_is_left_out_exists_and_is_not_compiled():
    assert all((ROOT / path).exists() for path in compile_consumer.INTERPRETED)
    assert not set(compile_consumer.modules()) & set(compile_consumer.INTERPRETED)


def run_lines(lines: Iterable[bytes]) -> bytes:
    """All that the local run of these lines gives: enriched rows, rejected rows, counts."""
    out, rejected = io.BytesIO(), io.BytesIO()
    sites = parse_sites((golden.EXAMPLES / "sites.json").read_bytes())
    counts = local.run(lines, sites, enrichments.build(golden.REFERENCES), out, rejected)
    return b"\n".join(
        (out.getvalue(), rejected.getvalue(), orjson.dumps(counts, option=orjson.OPT_SORT_KEYS))
    )


PROGRAM = """
import sys
from enrich_consumer.core import pipeline
assert pipeline.__file__.endswith(".so"), pipeline.__file__
from tests.enrich_consumer.test_compiled import run_lines
sys.stdout.buffer.write(run_lines(sys.stdin.buffer.read().splitlines()))
"""


def test_the_golden_examples(package: Path):
    lines = [orjson.dumps(record) for name in golden.names() for record in golden.records(name)]
    assert child(package, PROGRAM, lines=lines) == run_lines(lines)


@pytest.mark.parametrize("per_record", [10, 1])
def test_the_demo_shop(package: Path, per_record: int):
    """Known and unknown addresses among them, so that the geo columns are filled too."""
    lines = raw_records(1, 4_000, per_record)
    places = list(golden._CITIES)
    for at in range(0, len(lines), 3):
        lines[at] = orjson.dumps(orjson.loads(lines[at]) | {"ip": places[at % len(places)]})
    expected = run_lines(lines)
    assert expected.count(b'"geo_country"') > 500
    assert b'"enrich_errors":["' not in expected
    assert child(package, PROGRAM, lines=lines) == expected


@pytest.mark.parametrize("seed", range(40 if os.environ.get("RASTRO_SOAK") else 2))
def test_odd_records(package: Path, seed: int):
    whole = [*raw_records(2, 2_000, 1), *raw_records(3, 300, 3)]
    whole += [orjson.dumps(record) for name in golden.names() for record in golden.records(name)]
    lines = [
        *malformed_records(whole, 5_000, seed),
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"v":1}',
        b"\xff",
        b"1" * 5000,
    ]
    expected = run_lines(lines)
    assert (
        b"internal_error" not in expected
    )  # an odd value costs the columns of an enrichment, not the record
    assert b'"enrich_errors":["page"]' in expected
    assert b'"enrich_errors":["ecommerce"]' in expected
    found = child(package, PROGRAM, lines=lines)
    for ours, theirs in zip(expected.splitlines(), found.splitlines(), strict=True):
        assert theirs == ours


def test_the_quick_reader_works_compiled(package: Path):
    """It is made of annotations, which mypyc does not keep; all would go the slow way, with the same bytes."""
    program = """
import sys
from enrich_consumer.core import decode
assert decode.__file__.endswith(".so")
print(sum(decode._quickly(line) is not None for line in sys.stdin.buffer.read().splitlines()))
"""
    assert int(child(package, program, lines=raw_records(5, 300, 3))) == 100


def test_session_histories(package: Path):
    program = "from tests.proofs.sessions.test_properties import digest; print(digest(range(500)))"
    assert child(package, program).decode().strip() == digest(range(500))


def test_the_worker_under_faults(package: Path):
    program = "from tests.proofs.simulation.__main__ import many; print(many(0, 200)['processes'])"
    assert int(child(package, program)) > 200


def test_the_record_processor(package: Path, tmp_path: Path):
    """As a child of the daemon: the same calls, records and bytes reach the stream."""
    lines = lines_of([*raw_records(4, 3_000, 3), b"not json"], 0, 100)
    sums = [
        _processed(lines, tmp_path / "sources", {}),
        _processed(lines, tmp_path / "compiled", compile_consumer.environment(package)),
    ]
    assert sums[0] == sums[1]
    assert sums[0]["entries"] > 100


def _processed(lines: list[bytes], state: Path, env: dict[str, str]) -> dict[str, object]:
    program = "import runpy, sys; sys.argv = ['enrich_consumer', 'record-processor']; "
    program += "from enrich_consumer.core import pipeline; "
    program += f"assert pipeline.__file__.endswith('.so') == {bool(env)}; "
    program += "runpy.run_module('enrich_consumer', run_name='__main__')"
    with benchmark.loopback_sink() as (endpoint, sums):
        settings = benchmark.environment(endpoint, state) | {"RASTRO_FLUSH_SECONDS": "3600"} | env
        with Processor(("-c", program), settings, None) as processor:
            processor.run(lines)
            processor.finish()
    return sums


# the tools


def test_a_fresh_folder_is_left_alone(package: Path):
    before = (package / compile_consumer.STAMP).stat().st_mtime_ns
    assert compile_consumer.main([str(package)]) == 0
    assert (package / compile_consumer.STAMP).stat().st_mtime_ns == before


def test_a_missing_compiler_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert compile_consumer.main([str(tmp_path / "out")]) == 1
    assert compile_consumer.compiled_package(tmp_path / "out") is None
    told = capsys.readouterr().err
    assert (
        "no_compiler: there is no C compiler called no-such-compiler; on Debian: apt-get install gcc" in told
    )
    assert not (tmp_path / "out").exists()


def test_missing_headers_are_told(package: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(compile_consumer.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(CompileError, match=r"no_headers: .* Python.h in .*python3-dev"):
        compile_consumer.compile_into(tmp_path / "out")


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path: Path):
    (tmp_path / "letters").write_text("dear")
    with pytest.raises(CompileError, match="foreign_folder"):
        compile_consumer.compile_into(tmp_path)
    assert (tmp_path / "letters").exists()
