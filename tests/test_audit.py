"""What is said of the pinned packages, for each way the registries may answer."""

import json
from typing import Any

import pytest

from tests import audit

PIP = {
    "dependencies": [
        {"name": "orjson", "version": "3.11.0", "vulns": []},
        {"name": "x", "skip_reason": "not found"},
    ]
}
NPM = {"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {"dependencies": {"total": 31}}}


def answers(monkeypatch: pytest.MonkeyPatch, pip: dict[str, Any], npm: dict[str, Any]) -> None:
    monkeypatch.setattr(audit, "pip_audit", lambda requirements: json.dumps(pip))
    monkeypatch.setattr(audit, "npm_audit", lambda folder: json.dumps(npm))


def test_nothing_known(monkeypatch, capsys):
    answers(monkeypatch, PIP, NPM)
    assert audit.main() == 0
    said = capsys.readouterr().out
    assert "requirements/lambda.txt: 1 of 2 packages audited, 0 vulnerable" in said
    assert "storefront: 31 packages audited, 0 vulnerable" in said


@pytest.mark.parametrize(
    "silent", [{}, {"message": "405 Method Not Allowed"}, {"error": {"code": "ENOAUDIT"}}]
)
def test_a_registry_that_does_not_answer_is_said_and_no_failure(monkeypatch, capsys, silent):
    answers(monkeypatch, silent, silent)
    assert audit.main() == 0
    assert capsys.readouterr().out.count(": not audited: ") == len(audit.PYTHON + audit.NODE)


def test_why_nothing_was_audited():
    assert audit.of_npm('{"message": "405 Method Not Allowed"}') == (
        "not audited: 405 Method Not Allowed",
        False,
    )
    assert audit.of_pip("ERROR: invalid input") == ("not audited: ERROR: invalid input", False)


def test_a_vulnerable_package_fails(monkeypatch, capsys):
    python = {"name": "urllib3", "version": "1.0", "vulns": [{"id": "PYSEC-2021-59"}]}
    answers(monkeypatch, {"dependencies": [python]}, NPM)
    assert audit.main() == 1
    assert "urllib3 1.0: PYSEC-2021-59" in capsys.readouterr().out
    answers(monkeypatch, PIP, NPM | {"vulnerabilities": {"terser": {"severity": "high"}}})
    assert audit.main() == 1
    assert "terser: high" in capsys.readouterr().out


def test_what_is_no_json_object_is_no_answer():
    assert audit._read("") == {}
    assert audit._read("[1]") == {}
