"""The comparison with peers: what it needs is said, and its sources are there."""

from pathlib import Path

import pytest

from benchmarks import peers
from rastro.terminal.errors import Problem


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no-such-tool is not installed; --only leaves the peers out"):
        peers._run(["no-such-tool"], tmp_path)
    with pytest.raises(Problem, match="false failed"):
        peers._run(["false"], tmp_path)


def test_every_peer_is_in_the_table_of_what_it_leaves_out() -> None:
    lines = (peers.FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    head = next(line for line in lines if line.startswith("| | "))
    assert [cell.strip() for cell in head.strip("| ").split("|")] == list(peers.PEERS)
    assert (peers.FOLDER / "flink" / "pom.xml").exists()
    assert (peers.FOLDER / "benthos" / "go.sum").exists()
