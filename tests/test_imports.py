"""Imports point one way: ingest_lambda → schemas ← enrich_consumer, edges → core, never back; the core is pure."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {
    "schemas",
    "ingest_lambda",
    "enrich_consumer",
    "infra",
    "analytics",
    "rastro",
    "benchmarks",
    "tests",
    "reference_data",
    "lake",
    "console",
}

ALLOWED = {
    "schemas": {"schemas"},
    "ingest_lambda": {"ingest_lambda", "schemas"},
    "enrich_consumer": {"enrich_consumer", "reference_data", "schemas"},
    "enrich_consumer/core": {"enrich_consumer.core", "reference_data.lookups", "schemas"},
    "reference_data": {"reference_data", "schemas"},
    "lake": {"lake", "analytics", "schemas"},
    "analytics": {"analytics", "schemas"},
    "console": {"console", "analytics", "lake", "schemas"},
}
"""Folder → what of ours its modules may import."""

NOT_IN_CORE = {
    "asyncio", "boto3", "botocore", "amazon_kclpy", "http", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "shutil", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib3", "uuid",
}  # fmt: skip


def imported(text: str) -> Iterator[str]:
    """Every module that a source imports, wherever in it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they lead"
            module = node.module or ""
            yield from (f"{module}.{name.name}" for name in node.names)


def wrong_ways(text: str, allowed: set[str]) -> list[str]:
    """What of ours a source imports though it may not."""
    return [
        name
        for name in imported(text)
        if name.split(".")[0] in OURS
        if not any(name == ours or name.startswith(f"{ours}.") for ours in allowed)
    ]


@pytest.mark.parametrize("folder", ALLOWED)
def test_imports_point_one_way(folder: str):
    for path in sorted((ROOT / folder).rglob("*.py")):
        deepest = max((f for f in ALLOWED if path.is_relative_to(ROOT / f)), key=len)
        assert wrong_ways(path.read_text(encoding="utf-8"), ALLOWED[deepest]) == [], path


def test_the_core_imports_nothing_of_the_world():
    for path in (ROOT / "enrich_consumer" / "core").rglob("*.py"):
        found = {name.split(".")[0] for name in imported(path.read_text(encoding="utf-8"))}
        assert not found & NOT_IN_CORE, path


def test_quick_tests_start_no_cdk(request: pytest.FixtureRequest):
    """Importing it starts a Node.js process of 15 s of processor time, in each worker."""
    if "not slow" not in request.config.option.markexpr:
        pytest.skip("only of `make quick`")
    assert "aws_cdk" not in sys.modules


def test_a_wrong_import_is_noticed():
    text = "def f():\n    from enrich_consumer.edges.aws.sinks import KinesisSink\n"
    text += "    import ingest_lambda.aws.senders, schemas\n"
    assert wrong_ways(text, ALLOWED["enrich_consumer/core"]) == [
        "enrich_consumer.edges.aws.sinks.KinesisSink",
        "ingest_lambda.aws.senders",
    ]
    assert wrong_ways("from enrich_consumer import worker", ALLOWED["enrich_consumer/core"])
    assert not wrong_ways("from schemas import Reason\nimport schemas.sites", ALLOWED["schemas"])


IMPURE = {
    "boto3": "import boto3\n\nboto3.client('s3')\n",
    "os.environ": "import os\n\nX = os.environ['X']\n",
    "os.getenv": "import os\n\nX = os.getenv('X')\n",
    "time.time": "from time import time\n\nX = time()\n",
    "time.monotonic": "import time\n\nX = time.monotonic()\n",
    "datetime.datetime.now": "from datetime import UTC, datetime\n\nX = datetime.now(UTC)\n",
    "datetime.datetime.utcnow": "import datetime\n\nX = datetime.datetime.utcnow()\n",
    "datetime.date.today": "from datetime import date\n\nX = date.today()\n",
    "uuid.uuid4": "import uuid\n\nX = uuid.uuid4()\n",
    "random.random": "from random import random\n\nX = random()\n",
    "secrets": "import secrets\n\nX = secrets.token_bytes(8)\n",
    "random.choice": "import random\n\nX = random.choice([1])\n",
    "logging": "import logging\n\nlogging.info('x')\n",
}


@pytest.mark.parametrize("what", IMPURE)
def test_lint_refuses_impure_code_in_the_core_only(what: str):
    def lint(folder: str) -> str:
        command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251"]
        path = ROOT / "enrich_consumer" / folder / "example_of_lint.py"
        return subprocess.run(
            [*command, "--stdin-filename", str(path), "-"],
            cwd=ROOT,
            input=IMPURE[what],
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    assert "TID251" in lint("core")
    assert "TID251" in lint("core/enrichments")
    assert "TID251" not in lint("edges")
