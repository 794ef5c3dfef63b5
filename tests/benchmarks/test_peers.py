"""The comparison with peers: what it needs is said, its sources are there, and the table says what they do."""

import re
from pathlib import Path

import pytest

from benchmarks import peers
from enrich_consumer.core import enrichments
from rastro.terminal.errors import Problem

JAVA = peers.FOLDER / "flink" / "src" / "main" / "java" / "peers"


def _table() -> dict[str, list[str]]:
    """README's table of what each does: cells by the first one."""
    lines = (peers.FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("| | "))
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:] if line[:1] == "|"
    ]
    return {row[0]: row[1:] for row in rows}


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no-such-tool is not installed; --only leaves the peers out"):
        peers._run(["no-such-tool"], tmp_path)
    with pytest.raises(Problem, match="false failed"):
        peers._run(["false"], tmp_path)


def test_every_peer_is_in_the_table_of_what_it_leaves_out() -> None:
    assert _table()[""] == list(peers.PEERS)
    assert (peers.FOLDER / "flink" / "pom.xml").exists()
    assert (peers.FOLDER / "benthos" / "go.sum").exists()


def test_the_table_counts_the_columns() -> None:
    ours = {column.name for column in enrichments.columns()}
    sources = "\n".join(file.read_text(encoding="utf-8") for file in JAVA.glob("*.java"))
    flink = {name for name in ours if f'"{name}"' in sources or f'\\"{name}\\"' in sources}
    go = (peers.FOLDER / "benthos" / "main.go").read_text(encoding="utf-8")
    row = set(re.findall(r'"(\w+)":\s+(?:id|received|record\[|client\.|place\.)', go))
    row |= set(re.findall(r'row\["(\w+)"\]', go)) | set(re.findall(r'"(utm_\w+)"', go))
    counts = _table()["columns of a line"]
    assert [int(cell.partition(",")[0]) for cell in counts] == [len(ours), len(flink), len(row)]
    for name in ours - flink:
        assert f"`{name}`" in (peers.FOLDER / "README.md").read_text(encoding="utf-8"), name


def test_the_files_that_flink_reads_are_there() -> None:
    files = peers.data_files()
    assert (Path(files["PEER_TABLES"]) / "known_sites.csv").is_file()
    assert Path(files["PEER_SITES"]).is_file()
    assert Path(files["PEER_CRAWLERS"]).is_file()
