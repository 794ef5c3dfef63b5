"""The bill: each line by hand for a small load, nothing forgotten, the page and the command fresh."""

import json
import math
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from enrich_consumer.edges import metrics as consumer_metrics
from infra.costs import __main__ as page
from infra.costs import jobs, lake, model, picture
from infra.costs.levers import levers, together
from infra.costs.load import TYPICAL, Load
from infra.costs.model import SECONDS, Counts, alarm_counts, bill, prices
from infra.costs.rounding import rounded, shared
from infra.environments import loader
from infra.stacks.consumer.scaling import scales
from infra.stacks.jobs import machines
from infra.stacks.monitoring.alarms import Names, alarms_of
from infra.stacks.pipeline import ingest as ingest_stack
from ingest_lambda import metrics as ingest_metrics
from ingest_lambda.aws.put_all import PutReport
from ingest_lambda.request_log import RequestLog
from rastro.__main__ import main
from schemas import Reason

PROD, DEV = loader.read("prod"), loader.read("dev")
PRICE = prices()["us-east-1"]


def _line(found, service, what):
    (line,) = (line for line in found.lines if (line.service, line.what) == (service, what))
    return line


def test_the_page_and_its_picture_are_fresh():
    hint = "run: python -m infra.costs"
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), hint
    assert page.PICTURE.read_text(encoding="utf-8") == picture.svg(PROD, prices(), 10.0), hint


def test_every_price_has_a_figure_in_both_regions_and_a_use():
    found = prices()
    assert found["us-east-1"].keys() == found["sa-east-1"].keys()
    used = []

    class Noting(dict):
        def __getitem__(self, key):
            used.append(key)
            return super().__getitem__(key)

    edge = replace(PROD, stacks=replace(PROD.stacks, edge=True))
    for environment in (edge, DEV, replace(DEV, streams=replace(DEV.streams, retention_hours=48))):
        bill(environment, Load(10), Noting(PRICE))
    assert set(used) == set(PRICE)
    assert {page._page_of(key) for key in PRICE} == set(
        found["source"]
    )  # each has its page, each page is of use
    assert all(found["seen"][region].keys() <= found[region].keys() for region in page.REGIONS)
    assert found["checked"] is (found["seen"]["sa-east-1"].keys() == PRICE.keys())
    assert all(source.startswith("https://aws.amazon.com/") for source in found["source"].values())


def test_requests_are_counted_once_for_the_api_and_once_for_the_function():
    found = bill(PROD, Load(100, 10), PRICE)
    assert found.events == 100 * 10 * SECONDS
    assert _line(found, "API Gateway", "requests").usd == pytest.approx(100 * SECONDS / 1e6 * 1.00)
    assert _line(found, "Lambda", "requests").usd == pytest.approx(100 * SECONDS / 1e6 * 0.20)


def test_firehose_rounds_each_record_up_to_five_kilobytes():
    one = _line(bill(PROD, Load(1, 1), PRICE), "Firehose", "raw archive").quantity
    assert one == pytest.approx(SECONDS * 5120 / 1e9)  # 1,055 bytes are billed as 5,120
    ten = _line(bill(PROD, Load(1, 10), PRICE), "Firehose", "raw archive").quantity
    assert ten == pytest.approx(SECONDS * 10_240 / 1e9)  # 6,950 as 10,240


def test_kinesis_on_demand_bills_two_readers_of_the_raw_stream():
    alike = TYPICAL._replace(raw_spread=0.0, enriched_spread=0.0)
    found = bill(PROD, Load(1, 1), PRICE, alike)
    raw, enriched = SECONDS * 2048 / 1e9, SECONDS * 2048 / 1e9  # 1,055 and 1,360 bytes, by whole kilobytes
    assert _line(found, "Kinesis", "in").quantity == pytest.approx(raw + enriched, rel=2e-3)
    assert _line(found, "Kinesis", "out").quantity == pytest.approx(2 * raw + enriched, rel=2e-3)


def test_more_load_costs_more_and_less_an_event():
    bills = [bill(PROD, Load(rate), PRICE) for rate in (1, 10, 100, 1000)]
    assert [b.usd for b in bills] == sorted(b.usd for b in bills)
    assert [b.per_million for b in bills] == sorted((b.per_million for b in bills), reverse=True)


def test_tasks_and_shards_grow_with_the_load():
    few, many = (bill(DEV, Load(rate), PRICE) for rate in (1, 2000))
    tasks = lambda b: next(line.what for line in b.lines if line.service == "Fargate")  # noqa: E731 - one word
    shards = lambda b: next(line.what for line in b.lines if line.what.endswith("shards"))  # noqa: E731 - the same
    assert (tasks(few), shards(few)) == ("1 tasks, processors", "2 shards")
    # 28 shards of 256 MB, eight in a task (0.892 processors are busy, twofold): 4 tasks
    # 13.9 MB/s raw and 27.2 MB/s enriched, twofold
    assert (tasks(many), shards(many)) == ("4 tasks, processors", f"{28 + 55} shards")


def test_levers_are_the_best_first_and_each_saves():
    found = levers(PROD, Load(100), PRICE)
    assert len(found) == 3
    assert [lever.usd for lever in found] == sorted((lever.usd for lever in found), reverse=True)
    assert found[0].name == "streams.mode = 'provisioned'"
    changed = replace(PROD, streams=replace(PROD.streams, mode="provisioned"))
    assert found[0].usd == pytest.approx(
        bill(PROD, Load(100), PRICE).usd - bill(changed, Load(100), PRICE).usd
    )


def test_the_command_prints_the_bill(capsys, tmp_path: Path):
    drawing = tmp_path / "cost.svg"
    assert main(["cost", "--env", "dev", "--rate", "1", "--picture", str(drawing)]) == 0
    out = capsys.readouterr().out
    assert "dev in sa-east-1, 1 requests a second of 10 events" in out
    expected = bill(DEV, Load(1), prices()["sa-east-1"])
    assert f"{expected.usd:,.2f} dollars a month, {expected.per_million:.2f} for a million events" in out
    assert drawing.read_text(encoding="utf-8").startswith("<svg")


def test_a_log_is_a_load(capsys, tmp_path: Path):
    log = tmp_path / "access.log"
    request = '1.2.3.4 - - [21/Nov/2026:10:{:02d}:00 +0000] "GET /p/{} HTTP/1.1" 200 5 "-" "Mozilla/5.0"'
    log.write_text("\n".join(request.format(minute, minute) for minute in range(11)) + "\n")
    assert main(["cost", "--access-log", str(log), "--per-request", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["load"]["requests_per_second"] == pytest.approx(11 / 600)
    assert found["usd"] > 0
    assert len(found["levers"]) <= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate", "0"], "it must be more than 0"),
        (["--rate", "nan"], "it must be more than 0"),
        (["--rate", "1", "--per-request", "0"], "--per-request is 0"),
        (
            ["--rate", "1", "--region", "mars-1"],
            "no prices for region 'mars-1'; there are us-east-1, sa-east-1",
        ),
        (["--rate", "1", "--env", "nowhere"], "no environment 'nowhere'"),
        (["--access-log", "/nonexistent"], "cannot read the log"),
    ],
)
def test_a_wrong_question_is_refused(arguments, message, capsys):
    assert main(["cost", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("environment", [DEV, PROD], ids=["dev", "prod"])
def test_every_alarm_and_every_metric_that_one_looks_at_is_billed(environment):
    found = alarms_of(environment, Names(*"abcdefg"))
    looked_at = sum(len(getattr(alarm.metric, "using_metrics", None) or "1") for alarm in found)
    scaling = 3 if scales(environment) else 0
    assert alarm_counts(environment) == (len(found) + scaling, looked_at + scaling)


def test_metrics_and_log_bytes_of_the_bill_are_those_that_the_code_writes():
    """Each name in each set of dimensions is billed as one metric: a request that is taken, one that is refused, and a
    minute of the consumer."""
    taken = RequestLog(
        "Abc1234567890aE=", route="/v1/events", site="loja", status=202, accepted=10, body_bytes=6543
    )
    taken.raw_put = PutReport(size=6950, seconds=0.0123)
    refused = RequestLog("1", status=401, refused=Reason.UNKNOWN_KEY)
    line = ingest_metrics.request_line(taken, "prod", 1795311000000)
    consumer = consumer_metrics.embedded(Counter(), {"VisitorsOpen": 1, "MillisBehindLatest": 2}, {}, 0)
    billed = Counter(
        (directive["Namespace"], *directive["Dimensions"][0])
        for document in (
            json.loads(line),
            json.loads(ingest_metrics.request_line(refused, "prod", 0)),
            consumer,
        )
        for directive in document["_aws"]["CloudWatchMetrics"]
        for _ in directive["Metrics"]
    )
    assert billed == {
        ("Rastro/Ingest", "Environment"): model._INGEST_METRICS,
        ("Rastro/Ingest", "Environment", "Site"): model._SITE_METRICS,
        ("Rastro", "Application"): model._CONSUMER_METRICS,
        ("Rastro", "Application", "Shard"): model._SHARD_METRICS,
    }
    values = {
        "requestId": "Abc1234567890aE=",
        "time": "1795311000000",
        "route": "POST /v1/events",
        "status": "202",
    }
    access = json.dumps({name: values.get(name, "15") for name in ingest_stack._ACCESS_LOG})
    assert pytest.approx(len(line) + len(access) + 2 * 26, rel=0.03) == TYPICAL.log_bytes


def test_the_table_of_scale_is_the_models():
    text = (page.ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    for events in (10_000, 100_000, 1_000_000):
        for per in (10, 1):
            load = Load(events / per, per)
            found, counts = bill(PROD, load, PRICE), Counts(PROD, load, TYPICAL)
            shards = " + ".join(f"{number:,}" for number in counts.shards)
            usd = f"{found.usd:,.0f} | {found.per_million:.2f} | {together(PROD, load, PRICE):.2f}"
            assert f"| {events:,} | {per} | {shards} | {counts.tasks} | {usd} |" in text


def test_transitions_of_the_jobs_are_those_of_their_machines():
    window = machines.window("workgroup", "database")["States"]
    tables = machines.fill_tables("workgroup", "database", "arn")["States"]
    of = jobs._machines()
    assert of.window == len(window)
    ways = {"hour": "hour_windows", "night": "day_of_night", "week": "day_of_copies"}
    for name, first in ways.items():
        state, steps = first, 1  # the choice
        while state:
            steps += 1
            state = tables[state].get("Next", "")
        assert getattr(of, name) == steps, name
    few, many = jobs.month(1e6, TYPICAL), jobs.month(1e10, TYPICAL)
    assert few.transitions == many.transitions
    assert few.athena_bytes < many.athena_bytes


def test_records_are_rounded_one_by_one():
    rng = random.Random(1)
    for mean, spread, unit in (
        (1055, 300, 1024),
        (6950, 800, 5120),
        (300, 50, 1024),
        (26_000, 4_000, 25_600),
    ):
        sizes = [max(1.0, rng.gauss(mean, spread)) for _ in range(20_000)]
        counted = sum(math.ceil(size / unit) * unit for size in sizes) / len(sizes)
        assert rounded(mean, spread, unit) == pytest.approx(counted, rel=0.01)
    assert rounded(1055, 0, 1024) == 2048


def test_requests_of_one_put_share_records_by_their_buckets():
    rng = random.Random(1)
    rate, buckets, puts = 90.0, 64, 2_000
    records = requests = 0
    for _ in range(puts):
        number = sum(1 for _ in range(1000) if rng.random() < rate / 1000)
        requests += number
        records += len({rng.randrange(buckets) for _ in range(number)})
    found = list(shared(rate, buckets))
    assert sum(held for _, held in found) * puts == pytest.approx(records, rel=0.01)
    assert sum(number * held for number, held in found) * puts == pytest.approx(requests, rel=0.01)


def test_levers_together_change_no_load_and_save_more_than_one():
    load = Load(100)
    alone = levers(PROD, load, PRICE)[0]
    assert (
        together(PROD, load, PRICE)
        < (bill(PROD, load, PRICE).usd - alone.usd) / bill(PROD, load, PRICE).events * 1e6
    )


def test_measured_bytes_replace_the_typical_ones(capsys, tmp_path: Path):
    file = tmp_path / "measured.json"
    file.write_text(json.dumps({"measured": {"enriched_bytes": 2720.0}}))
    ask = ["cost", "--rate", "100", "--json"]
    assert main(ask) == 0
    before = json.loads(capsys.readouterr().out)["usd"]
    assert main([*ask, "--measured", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["usd"] > before * 1.1
    for text, message in (
        ('{"nothing": 1}', "unexpected field"),
        ("no json", "cannot use"),
        ('{"raw_bytes": -1}', "0 or more"),
    ):
        file.write_text(text)
        assert main([*ask, "--measured", str(file)]) == 2
        assert message in capsys.readouterr().err


def test_the_lakes_bill_by_hand():
    each = lake.PerRow(
        before_refresh=1000, after_refresh=100, fill=10, night=0.5, table_bytes=100, nightly_sets=1, joined=2
    )
    found = lake.bill(1e6, history_days=100, each=each)
    assert found.before_tb == pytest.approx(1e8 * 1000 * 24 * 30.4 / 1e12)
    hourly, weekly, nightly = 3e6 * 100 * 24 * 30.4, 1e8 * 100 * 30.4 / 7, 1e8 * 30.4
    assert found.dashboards_tb == pytest.approx((hourly + weekly + nightly) / 1e12)
    assert found.jobs_tb == pytest.approx((1e6 * 30.4 * 10 * 2 + 1e6 * 9 * 50 * 30.4) / 1e12)
    assert found.stored_gb == pytest.approx(10)
    assert found.most_tb == pytest.approx(1e8 * 2 * 24 * 30.4 / 1e12)
    before, after = found.usd({"athena_tb": 5.0, "s3_gb_month": 0.023})
    assert before == pytest.approx(found.before_tb * 5)
    assert after == pytest.approx((found.dashboards_tb + found.jobs_tb) * 5 + 0.23)
