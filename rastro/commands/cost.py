"""What an environment costs under a load: a month's bill line by line, dollars for a million events, the best levers.

The load is a rate or a web server's own log, whose page views are taken for events. Figures are list prices
(infra/costs/prices.toml, with source and date) times what AWS would count; see docs/costs.md.
"""

import argparse
import json
import math
from pathlib import Path
from typing import Any

from rastro.access_log.source import Log
from rastro.terminal.errors import Problem
from rastro.terminal.tables import table

HELP = "a month's bill for a load, at list prices"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--env", default="prod", metavar="ENV", help="whose settings (%(default)s)")
    add("--region", help="whose prices (the environment's)")
    load = parser.add_mutually_exclusive_group(required=True)
    load.add_argument("--rate", type=float, metavar="R", help="requests a second to the API, on average")
    load.add_argument("--access-log", metavar="FILE", help="take the load from this log; - for stdin")
    add("--per-request", type=float, default=10.0, metavar="N", help="events in one request (%(default)g)")
    add(
        "--scanned-gb", type=float, default=100.0, metavar="GB", help="read by people's queries (%(default)g)"
    )
    add(
        "--measured",
        type=Path,
        metavar="FILE",
        help="bytes and times of your events (benchmarks cost-counts)",
    )
    add("--prices", type=Path, metavar="FILE", help="other prices, of the same form")
    add("--picture", type=Path, metavar="FILE", help="write dollars a million against the rate as SVG")
    add("--json", action="store_true", help="one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the bill."""
    from infra.costs import levers, model, picture  # noqa: PLC0415 - infra starts slowly
    from infra.costs.load import TYPICAL, Load  # noqa: PLC0415 - the same
    from infra.environments import loader  # noqa: PLC0415 - the same

    try:
        environment = loader.read(args.env)
        prices = model.prices(args.prices) if args.prices else model.prices()
    except (loader.BadEnvironment, OSError, ValueError) as error:
        raise Problem(str(error)) from None
    region = args.region or environment.account.region
    regions = [
        name for name, value in prices.items() if isinstance(value, dict) and name not in {"source", "seen"}
    ]
    if region not in regions:
        raise Problem(f"no prices for region {region!r}; there are {', '.join(regions)}")
    if args.per_request <= 0 or not math.isfinite(args.per_request):
        raise Problem(f"--per-request is {args.per_request:g}; it must be more than 0")
    rate = args.rate if args.rate is not None else _rate_of(args.access_log, args.per_request)
    if rate <= 0 or not math.isfinite(rate):
        raise Problem(f"the rate is {rate:g} requests a second; it must be more than 0")
    load = Load(rate, args.per_request, args.scanned_gb)
    each = _measured(args.measured) if args.measured else TYPICAL
    bill = model.bill(environment, load, prices[region], each)
    best = levers.levers(environment, load, prices[region], each=each)
    if args.picture:
        args.picture.write_text(picture.svg(environment, prices, args.per_request), encoding="utf-8")
    if args.json:
        print(json.dumps(_document(args.env, region, load, bill, best, prices)))
        return 0
    print(
        f"{args.env} in {region}, {rate:g} requests a second of {args.per_request:g} events, a month of 730 hours\n"
    )
    print(table([_row(line) for line in bill.lines]))
    print(f"{bill.usd:,.2f} dollars a month, {bill.per_million:.2f} for a million events")
    fixed = sum(line.usd for line in bill.lines if line.fixed)
    print(f"{fixed:,.2f} of them whatever flows")
    print("levers:", *(f"  {lever.usd:10,.2f} less: {lever.name}" for lever in best), sep="\n")
    print(
        f"list prices of {prices['date']}"
        + ("" if prices["checked"] else ", not compared with AWS's pages since")
    )
    return 0


def _measured(file: Path) -> Any:
    from infra.costs.load import TYPICAL, PerEvent  # noqa: PLC0415 - as above

    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        figures = found.get("measured", found)
        each: PerEvent = TYPICAL._replace(**{name: float(value) for name, value in figures.items()})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Problem(f"cannot use {file}: {error}; it holds numbers by the names of docs/costs.md") from None
    wrong = [name for name, value in each._asdict().items() if not (value >= 0 and math.isfinite(value))]
    if wrong:
        raise Problem(f"{file}: {', '.join(wrong)} must be 0 or more")
    return each


def _rate_of(name: str, per_request: float) -> float:
    """Requests a second that the page views of a log would make, averaged over its time."""
    log = Log(name)
    try:
        survey = log.survey()
    finally:
        log.close()
    seconds = (survey.newest - survey.oldest) / 1000
    if survey.page_views < 2 or seconds < 60:
        raise Problem(f"{name}: {survey.page_views} page views in {seconds:.0f} s are too few for a rate")
    return survey.page_views / seconds / per_request


def _row(line: Any) -> dict[str, Any]:
    return {
        "service": line.service,
        "what": line.what,
        "quantity": f"{line.quantity:,.2f} {line.unit}",
        "dollars": round(line.usd, 2),
    }


def _document(env: str, region: str, load: Any, bill: Any, best: Any, prices: Any) -> dict[str, Any]:
    return {
        "environment": env,
        "region": region,
        "load": load._asdict(),
        "usd": round(bill.usd, 2),
        "usd_per_million": round(bill.per_million, 4),
        "lines": [line._asdict() for line in bill.lines],
        "levers": [lever._asdict() for lever in best],
        "prices_of": str(prices["date"]),
    }
