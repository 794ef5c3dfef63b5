"""`python -m infra.costs`: write docs/costs.md and its picture anew from the model and the prices."""

import sys
from pathlib import Path
from typing import Any

from infra.costs import lake, levers, picture
from infra.costs.load import TYPICAL, Load
from infra.costs.model import bill, prices
from infra.environments import loader

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "costs.md"
PICTURE = ROOT / "docs" / "images" / "cost.svg"
LOADS = (("dev", Load(1)), ("prod", Load(10)), ("prod", Load(100)), ("prod", Load(1000)))
REGIONS = ("us-east-1", "sa-east-1")
GUIDANCE = {10.0: 1.27, 100.0: 0.37, 1000.0: 0.21}
"""Dollars a million of AWS's own clickstream guidance at requests a second of ten events, us-east-1."""


def page() -> str:
    """The page's text."""
    price = prices()
    parts = [_HEAD.format(date=price["date"]), _summary(price)]
    for name, load in LOADS:
        parts.append(_table(name, load, price))
    parts += [_lake(price), _PER_EVENT + _per_event(), _sources(price)]
    return "\n".join(parts)


_HEAD = """# What it costs

Written by `python -m infra.costs` from the model in `infra/costs/` and the list prices in `infra/costs/prices.toml`
({date}); a test holds it fresh. A load of your own: `rastro cost --env prod --rate 100`, or from your web server's log:
`rastro cost --access-log access.log`.

A month has 730 hours. Prices are on demand, without free tiers, discounts and taxes. **They are AWS's pages as
remembered on that date and could not be compared with the pages where this was written; those of sa-east-1 are the
less sure.** Where another public source has the same figure, [the table](#prices) names it and its date. Compare
before you decide; `--prices FILE` takes better ones. Not in it: QuickSight (billed by user),
support, traffic to the internet, CloudFront's bytes.

![dollars a million against the rate](images/cost.svg)
"""
_PER_EVENT = """## What one event costs in bytes and time

Reckoned from the events of the benchmarks (`benchmarks/README.md`), not measured on AWS (`infra/costs/load.py`).
`python -m benchmarks cost-counts` measures them on the local stack, and counts there what the model reckons; its file
goes into `rastro cost --measured FILE`.

| figure | value |
| --- | ---: |
"""


def _summary(price: dict[str, Any]) -> str:
    lines = [
        "## In one table",
        "",
        "Dollars a month, and for a million events. Guidance: AWS's own clickstream guidance at the same load.",
        "The last column: the same with the three best levers of settings pulled one after the other.",
        "",
        "| environment | requests/s of 10 events | "
        + " | ".join(f"{r} | a million" for r in REGIONS)
        + f" | guidance | with levers, {REGIONS[0]} |",
        "| --- | ---: | " + "---: | " * (2 * len(REGIONS) + 2),
    ]
    for name, load in LOADS:
        cells = []
        for region in REGIONS:
            found = bill(loader.read(name), load, price[region])
            cells += [f"{found.usd:,.0f}", f"{found.per_million:.2f}"]
        guidance = GUIDANCE.get(load.requests_per_second, 0.0) if name == "prod" else 0.0
        cells.append(f"{guidance:.2f}" if guidance else "")
        cells.append(f"{levers.together(loader.read(name), load, price[REGIONS[0]]):.2f}")
        lines.append(f"| {name} | {load.requests_per_second:g} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _why(price), _shares(price)])


def _shares(price: dict[str, Any]) -> str:
    """What each service is of a million events, and what it would be for a single buffer."""
    region = REGIONS[0]
    bills = [bill(loader.read("prod"), load, price[region]) for name, load in LOADS if name == "prod"]
    services = list(dict.fromkeys(line.service for found in bills for line in found.lines))
    rates = [f"{load.requests_per_second:g} requests/s" for name, load in LOADS if name == "prod"]
    lines = [
        "| service, dollars a million | " + " | ".join(rates) + " |",
        "| --- | " + "---: | " * len(rates),
    ]
    for service in services:
        cells = [
            sum(line.usd for line in found.lines if line.service == service) / found.events * 1e6
            for found in bills
        ]
        lines.append(f"| {service} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")
    return "\n".join([f"Where prod's dollars go ({region}):", "", *lines, ""])


_WHY = """As delivered, prod is above that guidance at every rate. Its figures are for one buffer before a sink and
batch processing behind. This has a second stream and a week of memory in both, a function before the first one, a
consumer that is always there twice, a raw archive, a log line of each request, private links, and tables that are
merged every hour. The levers are, by what they save: streams in shards instead of on demand, a NAT gateway instead of
private links, a day of memory, one task at least. With three of them prod is at {with_levers} dollars a million
at 10, 100 and 1,000 requests a second: {against}.
What stays is the front and the way to the lake: API Gateway, Lambda and Firehose alone are {front:.2f} dollars a
million at {most:,.0f} requests a second, whatever is set. Only more events a request make that less,
or another front (a load balancer and tasks of one's own, as the guidance has), which is not offered.
"""


def _why(price: dict[str, Any]) -> str:
    """With the figures of the model, so that the reasons stay true."""
    us = price[REGIONS[0]]
    loads = [load for name, load in LOADS if name == "prod"]
    reached = [levers.together(loader.read("prod"), load, us) for load in loads]
    ratios = [found / GUIDANCE[load.requests_per_second] for found, load in zip(reached, loads, strict=True)]
    largest = bill(loader.read("prod"), loads[-1], us)
    front = sum(line.usd for line in largest.lines if line.service in {"API Gateway", "Lambda", "Firehose"})
    return _WHY.format(
        with_levers=", ".join(f"{found:.2f}" for found in reached),
        against=", ".join(f"{ratio:.2f} times" for ratio in ratios) + " the guidance",
        front=front / largest.events * 1e6,
        most=loads[-1].requests_per_second,
    )


def _table(name: str, load: Load, price: dict[str, Any]) -> str:
    environment = loader.read(name)
    bills = [bill(environment, load, price[region]) for region in REGIONS]
    lines = [
        f"## {name}, {load.requests_per_second:g} requests a second",
        "",
        "| service | what | quantity | " + " | ".join(REGIONS) + " |",
        "| --- | --- | ---: | " + "---: | " * len(REGIONS),
    ]
    for first, second in zip(*(found.lines for found in bills), strict=True):
        what = first.what + (" (whatever flows)" if first.fixed else "")
        quantity = f"{first.quantity:,.2f} {first.unit}"
        lines.append(f"| {first.service} | {what} | {quantity} | {first.usd:,.2f} | {second.usd:,.2f} |")
    totals = " | ".join(f"**{found.usd:,.2f}**" for found in bills)
    lines += [f"| **month** | | | {totals} |", "", f"Levers in {REGIONS[1]}:", ""]
    best = levers.levers(environment, load, price[REGIONS[1]])
    return "\n".join([*lines, *(f"- {lever.usd:,.2f} less: {lever.name}" for lever in best), ""])


_LAKE = """## The questions: views over landing, and over the tables

A month of hourly refreshed dashboards after a year of history, and the jobs of the [tables](tables.md). Before: every
refresh reads the whole history, often several times. Now: incremental, three days back each hour, everything once a
week, `retention` and `baskets` each night. The figures before are what Athena would bill if its limits let the
questions pass; they end out of memory long before. Bytes for each row, on a Trino and in `python -m benchmarks lake`:
{each}.

"""
_LAKE_MOST = """
The last column comes on top if the engine cuts no days of `sessions` where a view joins them: Trino does so by dynamic
filters, DuckDB does not, Athena was not asked. Look at the bytes of the refreshes of `touches`, `newcomers` and
`products` first, and refresh them each night if they read the whole history.
"""


def _lake(price: dict[str, Any]) -> str:
    each = lake.MEASURED
    measured = (
        f"{each.before_refresh:,.0f} for one refresh of all data sets over landing, {each.after_refresh:,.0f} over the"
        f" tables, {each.fill:,.0f} for each landed row through the hourly statements, {each.table_bytes:,.0f} stored"
    )
    lines = [
        "| events a day | before, TB | " + " | ".join(f"{r}" for r in REGIONS)
        + " | now: dashboards, TB | jobs, TB | stored, GB | " + " | ".join(f"{r}" for r in REGIONS)
        + " | at most, more TB |",
        "| ---: | ---: | " + "---: | " * len(REGIONS) + "---: | ---: | ---: | " + "---: | " * len(REGIONS)
        + "---: |",
    ]  # fmt: skip
    for load in lake.LOADS:
        found = lake.bill(load)
        usd = [found.usd(price[region]) for region in REGIONS]
        cells = [
            f"{load / 1e6:g} million", f"{found.before_tb:,.0f}", *(f"{before:,.0f}" for before, _ in usd),
            f"{found.dashboards_tb:,.2f}", f"{found.jobs_tb:,.2f}", f"{found.stored_gb:,.0f}",
            *(f"**{after:,.0f}**" for _, after in usd), f"{found.most_tb:,.0f}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return _LAKE.format(each=measured) + "\n".join([*lines, ""]) + _LAKE_MOST


def _per_event() -> str:
    return "\n".join(f"| `{name}` | {value:g} |" for name, value in TYPICAL._asdict().items()) + "\n"


def _sources(price: dict[str, Any]) -> str:
    lines = ["## Prices", "", f"Of {price['date']}. Sources:", ""]
    lines += [f"- {name}: {page}" for name, page in price["source"].items()]
    lines += [
        "",
        "| price | " + " | ".join(REGIONS) + " | page | seen elsewhere |",
        "| --- | " + "---: | " * len(REGIONS) + "--- | --- |",
    ]
    for key in price[REGIONS[0]]:
        figures = " | ".join(f"{price[region][key]:g}" for region in REGIONS)
        seen = [
            f"{region}: {price['seen'][region][key]}" for region in REGIONS if key in price["seen"][region]
        ]
        lines.append(f"| `{key}` | {figures} | {_page_of(key)} | {'; '.join(seen)} |")
    return "\n".join([*lines, ""])


def _page_of(key: str) -> str:
    """Name of the source of a price, by the first word of its key."""
    service = key.partition("_")[0]
    shared = {
        "nat": "network", "endpoint": "network", "logs": "cloudwatch", "metric": "cloudwatch",
        "alarm": "cloudwatch", "waf": "edge", "cloudfront": "edge",
    }  # fmt: skip
    return shared.get(service, service)


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    PICTURE.write_text(picture.svg(loader.read("prod"), prices(), 10.0), encoding="utf-8")
    print(PAGE, PICTURE, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
