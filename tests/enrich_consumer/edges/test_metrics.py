"""Metrics in CloudWatch's embedded format, and the log they go through."""

import io
import re
from collections import Counter
from pathlib import Path

import orjson

from enrich_consumer.edges import metrics
from enrich_consumer.edges.log import Log, open_log
from enrich_consumer.edges.metrics import COUNTS, NAMES, Metrics, embedded

GAUGES = {"VisitorsOpen": 3, "MillisBehindLatest": 40}
ROOT = Path(__file__).resolve().parents[3]


def test_every_name_is_declared_and_has_a_value():
    line = embedded(Counter(records=2, rejected=1), GAUGES, {"Application": "shop", "Shard": "s"}, 1_000)
    declared, by_shard = line["_aws"]["CloudWatchMetrics"]
    assert declared["Dimensions"] == [["Application"]]
    names = [metric["Name"] for metric in declared["Metrics"]]
    assert sorted(names) == sorted(NAMES)
    assert all(isinstance(line[name], int) for name in names)
    assert (line["RecordsIn"], line["EventsRejected"], line["EventsIn"]) == (2, 1, 0)
    assert {metric["Unit"] for metric in declared["Metrics"]} == {"Count", "Milliseconds"}
    assert line["_aws"]["Timestamp"] == 1_000
    assert by_shard["Dimensions"] == [["Application", "Shard"]]
    assert by_shard["Metrics"] == [{"Name": "MillisBehindLatest", "Unit": "Milliseconds"}]
    assert line["Application"]
    assert line["Shard"]


def test_reasons_of_rejection_are_counted_apart():
    line = embedded(Counter({"rejected": 2, "rejected.unknown_site": 2}), GAUGES, {}, 0)
    assert line["rejected.unknown_site"] == 2


def test_every_count_of_the_code_is_a_metric_and_none_is_dead():
    """A count that nobody sends, or a metric that nothing counts, is a blind alarm."""
    sources = [
        *(ROOT / "enrich_consumer").glob("*.py"),
        *(ROOT / "enrich_consumer" / "core").rglob("*.py"),
        ROOT / "enrich_consumer" / "edges" / "aws" / "sinks.py",
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    counted = set(re.findall(r'counts\["(\w+)"\]', text)) | {"records", "events", "rejected"}
    for literal in re.findall(r"^ +counts = \{([^}]*)\}", text, re.MULTILINE):
        counted |= set(re.findall(r'"(\w+)":', literal))
    assert counted - {"lease_lost"} == set(COUNTS)
    assert set(NAMES) == set(COUNTS.values()) | {"VisitorsOpen", "MillisBehindLatest"}
    assert metrics.NAMESPACE == "Rastro"


def test_a_line_a_period_and_counts_start_over():
    file = io.StringIO()
    report = Metrics(Log(file), "shop", "s", period=60).report
    counts = Counter(records=1)
    report(counts, GAUGES, 100.0, 5)
    assert not counts
    counts["records"] = 7
    report(counts, GAUGES, 159.9, 6)
    assert counts["records"] == 7
    report(counts, GAUGES, 160.0, 7)
    assert [orjson.loads(line)["RecordsIn"] for line in file.getvalue().splitlines()] == [1, 7]


def test_a_log_line_is_one_line_with_its_fields():
    file = io.StringIO()
    bound = Log(file, application="shop").bind(shard="s")
    bound.info("a\nb", detail=Path("/x"))
    bound.warn("c")
    bound.fail("d")
    found = [orjson.loads(line) for line in file.getvalue().splitlines()]
    assert [line["level"] for line in found] == ["INFO", "WARN", "ERROR"]
    assert found[0]["message"] == "a\nb"
    assert found[0]["detail"] == "/x"
    assert all(line["shard"] == "s" and line["application"] == "shop" and line["at"] > 0 for line in found)


def test_a_log_that_cannot_be_opened_is_stderr(tmp_path: Path, capsys):
    open_log(str(tmp_path / "none" / "log")).info("here")
    open_log(None).info("there")
    assert [orjson.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == [
        "here",
        "there",
    ]
