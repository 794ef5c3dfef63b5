"""`rastro query --env`: what it says before, what it pays, what it leaves in the audit."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.deploy.target import Target
from rastro.__main__ import main
from tests.rastro.deployed import Deployed


class _Athena:
    """Athena, as far as one question is concerned."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.state = "SUCCEEDED"

    def start_query_execution(self, **asked: Any) -> dict[str, str]:
        self.asked.append(asked)
        return {"QueryExecutionId": "1"}

    def get_query_execution(self, **_: Any) -> dict[str, Any]:
        status = {"State": self.state, "StateChangeReason": "COLUMN_NOT_FOUND: nothing"}
        return {
            "QueryExecution": {
                "QueryExecutionId": "1", "Status": status, "Statistics": {"DataScannedInBytes": 20_000_000},
            }
        }  # fmt: skip

    def get_paginator(self, _: str) -> "_Athena":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        rows = [{"Data": [{"VarCharValue": text}]} for text in ("n", "7")]
        return [{"ResultSet": {"Rows": rows}}]


@pytest.fixture
def athena(dev: Deployed, monkeypatch: pytest.MonkeyPatch) -> _Athena:
    made = _Athena()
    real = Target.client
    monkeypatch.setattr(Target, "client", lambda self, name: made if name == "athena" else real(self, name))
    return made


def test_a_question_says_its_cost_and_is_audited(
    dev: Deployed, athena: _Athena, tmp_path: Path, capsys: Any
) -> None:
    ask = ["query", "SELECT count(*) AS n FROM sessions", "--env", "dev", "--home", str(tmp_path), "--json"]
    assert main([*ask, "--dry-run"]) == 0
    assert athena.asked[0]["QueryString"].startswith("EXPLAIN SELECT")
    assert capsys.readouterr().out == ""
    assert main(ask) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"n": "7"}
    assert "the workgroup stops it at" in printed.err
    assert "read 20,000,000 bytes, 0.00018 USD" in printed.err  # 9 dollars a TB in São Paulo
    assert athena.asked[1]["WorkGroup"] == "rastro-dev"
    assert [line["summary"].get("bytes") for line in dev.audited()] == [None, 20_000_000]


def test_what_athena_refuses_is_one_line_with_a_code(athena: _Athena, tmp_path: Path, capsys: Any) -> None:
    athena.state = "FAILED"
    assert main(["query", "SELECT nothing FROM sessions", "--env", "dev", "--home", str(tmp_path)]) == 2
    assert "rastro: query_failed: Athena: COLUMN_NOT_FOUND: nothing" in capsys.readouterr().err
