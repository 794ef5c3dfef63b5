"""What this machine has for the pipeline: versions, the reference data in use, what is missing."""

import argparse
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from enrich_consumer.edges.mmdb import ReferenceDataError, open_database
from enrich_consumer.edges.reference_data import NONE, data_folder, date_of, default_city
from rastro.data import LICENCE

HELP = "versions, reference data in use, and what is missing"

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
    """One line. `state`: ok, note (works, but look) or missing."""

    what: str
    state: str
    detail: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the findings; status 1 when something that was asked for is missing."""
    findings = [*_versions(), *_tools(), *_databases(dict(os.environ), datetime.now(UTC))]
    if args.json:
        print(json.dumps([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            print(f"{finding.state:8} {finding.what:22} {finding.detail}")
    return int(any(finding.state == "missing" for finding in findings))


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
