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

from rastro.local import info, running
from rastro.terminal.errors import Problem
from reference_data import licences
from reference_data.databases import NONE, data_folder, date_of, default_asn, default_city, free_city_path
from reference_data.mmdb import ReferenceDataError, open_database

HELP = "look whether everything is as it should be"

OLD_DAYS = 60
"""City databases change monthly; after two months IP addresses have moved enough to be worth a fetch."""

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
    parser.add_argument(
        "--no-event", action="store_true", help="with --env: do not post an event and follow it to the lake"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the findings; status 1 when something is wrong, or was asked for and is missing."""
    findings = list(_environment(args.env, follow=not args.no_event) if args.env else _machine())
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


def _environment(name: str, *, follow: bool) -> Iterator[Finding]:
    # Here, because CDK starts a Node process as soon as it is imported.
    from infra.deploy import check  # noqa: PLC0415 - as said
    from infra.deploy.stacks import DeployError  # noqa: PLC0415 - as said
    from infra.deploy.target import find_target  # noqa: PLC0415 - as said
    from infra.environments import loader  # noqa: PLC0415 - as said

    try:
        environment = loader.read(name)
        target = find_target(environment)
    except (loader.BadEnvironment, DeployError) as error:
        raise Problem(str(error)) from None
    states = {True: "ok", False: "wrong", None: "note"}
    for what, well, detail in check.findings(environment, target):
        yield Finding(what, states[well], detail)
    for what, well, detail in check.journey(environment, target) if follow else ():
        yield Finding(what, states[well], detail)


def _stack() -> Finding:
    try:
        found = info.read(info.HOME)
    except Problem:
        return Finding("local stack", "note", "none runs here; start one with: rastro up")
    alive = running.running(info.HOME)
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


def _databases(environment: dict[str, str], now: datetime) -> Iterator[Finding]:
    setting = environment.get("RASTRO_GEO_CITY") or None
    city = default_city(environment) if setting is None else setting
    if city in NONE:
        where = data_folder(environment)
        detail = f"none, geo columns will be null; `rastro data fetch` puts the free one under {where}"
        yield Finding("city database", "note", detail)
    else:
        ours = licences.DB_IP if city == str(free_city_path(environment)) else None
        yield from _database("city", city, now, fetched=setting is None, licence=ours)
    setting = environment.get("RASTRO_GEO_ASN") or None
    asn = default_asn(environment) if setting is None else setting
    if asn in NONE:
        detail = (
            "none: asn and as_organization will be null and data centres unknown; "
            "`rastro data fetch --maxmind`, or set RASTRO_GEO_ASN"
        )
        yield Finding("network database", "note", detail)
    else:
        yield from _database("asn", asn, now, fetched=setting is None)


def _database(
    kind: str, path: str, now: datetime, *, fetched: bool, licence: str | None = None
) -> Iterator[Finding]:
    """The database, then its licence if we fetched it. Without a `licence`, it is MaxMind's."""
    name = {"city": "city", "asn": "network"}[kind]
    try:
        database = open_database(Path(path), kind)
    except ReferenceDataError as error:
        yield Finding(f"{name} database", "missing", str(error))
        return
    age = (now - datetime.fromtimestamp(database.built_at, UTC)).days
    facts: dict[str, Any] = {"built": date_of(database.built_at), "age": f"{age} days", "path": path}
    detail = ", ".join(f"{key} {value}" for key, value in facts.items())
    detail = f"{' + '.join(database.kinds)}, {detail}"
    old = licences.GEOLITE_DAYS if licences.is_geolite(database.kinds) else OLD_DAYS
    if age > old:
        yield Finding(f"{name} database", "note", f"{detail}; older than {old} days, fetch a newer one")
    else:
        yield Finding(f"{name} database", "ok", detail)
    if fetched:
        yield Finding(f"{name} licence", "note", licence or licences.of_maxmind(database.kinds))
