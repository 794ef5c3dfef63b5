"""Look whether everything is as it should be: this machine, or with --env a deployed environment."""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from enrich_consumer.edges.mmdb import ReferenceDataError, open_database
from enrich_consumer.edges.reference_data import NONE, data_folder, date_of, default_city
from rastro.data import LICENCE
from rastro.local import facts, running
from rastro.problem import Problem

HELP = "look whether everything is as it should be"

OLD_DAYS = 60
"""City databases change monthly; after two months addresses have moved enough to be worth a fetch."""

PACKAGES = (
    "rastro",
    "amazon_kclpy",
    "boto3",
    "crawler-user-agents",
    "jsonschema-rs",
    "maxminddb",
    "orjson",
    "pybase64",
    "ua-parser",
    "ua-parser-rs",
    "ua-parser-builtins",
)


class Finding(NamedTuple):
    """One line. `state`: ok, note (works, but look), missing or wrong."""

    what: str
    state: str
    detail: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--env", metavar="ENV", help="a deployed environment, for example dev")
    parser.add_argument("--json", action="store_true", help="one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the findings; status 1 when something is wrong, or was asked for and is missing."""
    findings = list(_environment(args.env) if args.env else _machine())
    if args.json:
        print(json.dumps([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            print(f"{finding.state:7} {finding.what}: {finding.detail}")
    return int(any(finding.state in {"missing", "wrong"} for finding in findings))


def _machine() -> Iterator[Finding]:
    yield from _versions()
    yield from _tools()
    yield from _databases(dict(os.environ), datetime.now(UTC))
    yield _stack()


def _environment(name: str) -> Iterator[Finding]:
    # Here, because CDK starts a Node process as soon as it is imported.
    from infra import reading  # noqa: PLC0415
    from infra.deploy import check, target  # noqa: PLC0415
    from infra.deploy.stacks import DeployError  # noqa: PLC0415

    try:
        environment = reading.read(name)
        place = target.find(environment)
    except (reading.BadEnvironment, DeployError) as error:
        raise Problem(str(error)) from None
    states = {True: "ok", False: "wrong", None: "note"}
    for what, well, told in check.findings(environment, place):
        yield Finding(what, states[well], told)


def _stack() -> Finding:
    try:
        found = facts.read(facts.HOME)
    except Problem:
        return Finding("local stack", "note", "none runs here; start one with: rastro up")
    alive = running.running(facts.HOME)
    missing = [name for name in found.processes if name not in alive]
    if missing:
        return Finding("local stack", "wrong", f"{found.api_url}; {', '.join(missing)} has ended")
    return Finding("local stack", "ok", found.api_url)


def _versions() -> list[Finding]:
    found = [Finding("python", "ok", sys.version.split()[0])]
    for name in PACKAGES:
        try:
            found.append(Finding(name, "ok", version(name)))
        except PackageNotFoundError:
            found.append(Finding(name, "missing", "not installed; run: make .venv/.ready"))
    return found


def _tools() -> list[Finding]:
    npm = shutil.which("npm")
    return [Finding("npm", "ok", npm or "none of the machine's; the one in the wheel will do")]


def _databases(environment: dict[str, str], now: datetime) -> list[Finding]:
    told = environment.get("RASTRO_GEO_CITY") or None
    city = default_city(environment) if told is None else told
    if city in NONE:
        where = data_folder(environment)
        detail = f"none, geo columns will be null; `rastro data fetch` puts the free one under {where}"
        findings = [Finding("city database", "note", detail)]
    else:
        findings = [_database("city", city, now)]
        if told is None:
            findings.append(Finding("city licence", "note", LICENCE))
    asn = environment.get("RASTRO_GEO_ASN", "")
    if asn in NONE:
        detail = "none: asn and as_organization will be null and data centres unknown; set RASTRO_GEO_ASN"
        return [*findings, Finding("network database", "note", detail)]
    return [*findings, _database("asn", asn, now)]


def _database(kind: str, path: str, now: datetime) -> Finding:
    name = {"city": "city database", "asn": "network database"}[kind]
    try:
        database = open_database(Path(path), kind)
    except ReferenceDataError as error:
        return Finding(name, "missing", str(error))
    age = (now - datetime.fromtimestamp(database.built_at, UTC)).days
    facts: dict[str, Any] = {"built": date_of(database.built_at), "age": f"{age} days", "path": path}
    detail = ", ".join(f"{key} {value}" for key, value in facts.items())
    detail = f"{' + '.join(database.kinds)}, {detail}"
    if age > OLD_DAYS:
        return Finding(name, "note", f"{detail}; older than {OLD_DAYS} days, fetch a newer one")
    return Finding(name, "ok", detail)
