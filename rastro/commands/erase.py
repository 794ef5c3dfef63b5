"""Erase a person: a visitor, an account with its visitors, or the visitors that sent an e-mail address.

Out of the landing tables, the Iceberg tables with all snapshots, the raw archive, the session log, rejected rows,
Firehose's error prefixes, results of queries, older versions of objects and this machine's copies. A certificate tells
what was touched and proves by a scan that the id is nowhere. Stopped or repeated, it goes on where it was.
"""

import argparse
import getpass
import time
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lake import erased_ids
from rastro.erasure import finding
from rastro.erasure.finding import Found
from rastro.erasure.iceberg_tables import erase as erase_table
from rastro.erasure.shared import sessions_again
from rastro.erasure.sweep import Figures, Notes, sweep
from rastro.privacy import certificate, data_stores
from rastro.privacy.data_stores import DataStores
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress

HELP = "erase a person's data everywhere, with a certificate"

LEFT = 3
"""Exit status where the id still stands somewhere."""
ROUNDS = 3
"""How often everything is done where jobs run meanwhile."""
WAIT_SECONDS, POLL_SECONDS = 1800.0, 10.0
"""Seconds to wait for a job's end."""
SHORTEST = 8
"""Characters of a visitor id, which is looked for in all bytes."""
_OPEN_MINUTES = 90
"""How long the consumer remembers a visitor after the last event."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro erase`."""
    add = parser.add_argument
    whom(parser)
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--dry-run", action="store_true", help="look at everything, say what would be done, change nothing")


def whom(parser: argparse.ArgumentParser) -> None:
    """The options that say who is meant."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--visitor", metavar="ID", help="a visitor_id")
    who.add_argument(
        "--user", metavar="ID", help="a user_id: the account, and the visitors that know no other"
    )
    who.add_argument(
        "--email",
        metavar="EMAIL",
        help="the visitors that sent this e-mail address, and accounts called by it",
    )
    parser.add_argument(
        "--site", help="the account's storefront (all; two shops' customer 42 are two people)"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 2 it could not run, 3 the id still stands somewhere (the certificate says where)."""
    progress = Progress()
    where = open_data_stores(args)
    began = datetime.now(UTC)
    found = find(args, where, progress)
    progress.say(
        f"erase: {len(found.subject.visitors)} visitors whole, {len(found.shared)} that others use too in part"
    )
    with nullcontext() if args.dry_run else where.hold():
        in_tables, swept = _everything(args, where, found, progress, began)
    paper = _paper(args, where, found, in_tables, swept, began)
    if not in_tables and not paper["objects"] and not paper["proof"]["places_with_the_id"]:
        progress.say("erase: nothing of this id stood anywhere; is it written as the shop writes it?")
    summary = {
        "request": paper["request"],
        "removed": {folder["folder"]: folder["rows"] for folder in paper["objects"] if folder["rows"]},
        "tables": {name: figures["rows"] for name, figures in in_tables.items() if figures["rows"]},
        "places_with_the_id": paper["proof"]["places_with_the_id"],
    }
    progress.say(certificate.text(paper) if args.dry_run else "")
    if not args.dry_run:
        path = certificate.write(args.home, paper, where.s3, where.bucket)
        progress.say(f"{path.read_text(encoding='utf-8')}\ncertificate: {path}")
    about = "visitor" if args.visitor else "user" if args.user else "email"
    audit(
        args.home,
        "erase",
        {"about": about, "env": args.env, "dry_run": args.dry_run},
        summary,
        where.s3,
        where.bucket,
    )
    return LEFT if paper["proof"]["places_with_the_id"] and not args.dry_run else 0


def _everything(
    args: argparse.Namespace, where: DataStores, found: Found, progress: Progress, began: datetime
) -> tuple[dict[str, dict[str, int]], list[tuple[str, Figures]]]:
    """List, tables, stores. A job that ran meanwhile may have read rows before they were taken out and written what it
    made of them after that, so then once more: a job that begins after the ids are on the list reads none of them."""
    since = began
    for attempt in range(ROUNDS):
        if not args.dry_run:
            erased_ids.add(where.tables[erased_ids.TABLE], found.subject.hashes(found.shared), began)
        in_tables = _tables(where, found, progress, dry_run=args.dry_run)
        swept = _stores(args, where, found, progress)
        if args.dry_run or not where.job_runs(since):
            return in_tables, swept
        progress.say(f"erase: the tables' job ran meanwhile; once more ({attempt + 1})")
        since = _wait(where, progress)
        for table in where.tables.values():
            table.refresh()
    raise Problem(
        "the tables' job ran each time; the same again between two runs (20 minutes past each hour)",
        "tables_running",
    )


def _wait(where: DataStores, progress: Progress) -> datetime:
    """Until no job runs. When that was seen."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        at = datetime.now(UTC)
        if not where.job_runs(None):
            return at
        if time.monotonic() > deadline:
            raise Problem("the tables' job goes on; the same again when it has ended", "tables_running")
        progress.note("waits for the tables' job")
        time.sleep(POLL_SECONDS)


def open_data_stores(args: argparse.Namespace) -> DataStores:
    """The stores that the options name."""
    return data_stores.on_aws(args.env, args.home) if args.env else data_stores.here(args.home)


def find(args: argparse.Namespace, where: DataStores, progress: Progress) -> Found:
    """The person that the options name.

    Raises:
        Problem: nobody; the id is too short to be one.
    """
    asked = (args.visitor or args.user or args.email).strip()
    if not asked:
        raise Problem("whom? The id is empty", "empty_id")
    if args.visitor:
        if len(asked) < SHORTEST:
            raise Problem(
                f"{asked!r} is too short for a visitor id: it would be found in other people's data",
                "id_too_short",
            )
        return finding.of_visitor(asked)
    progress.note("whose visitors these are")
    scanned = [where.tables[name] for name in ("events",) if name in where.tables]
    if args.email and "@" not in asked:
        raise Problem(f"{asked!r} is no e-mail address", "no_email")
    look = finding.of_account if args.user else finding.of_email
    return look(where.stores, scanned, asked, args.site)


def _tables(
    where: DataStores, found: Found, progress: Progress, *, dry_run: bool
) -> dict[str, dict[str, int]]:
    """Each table's step. Sessions last: those of shared visitors are computed from what is left."""
    done = {}
    names = sorted(where.tables, key=lambda name: name == "sessions")
    for name in names:
        table = where.tables[name]
        progress.note(f"table {name}")
        again = 0
        if name == "sessions" and found.shared and not dry_run:
            again = sessions_again(where.tables, found.subject, found.shared)
            table.refresh()
        made = erase_table(table, found.subject, where.files_of, dry_run=dry_run)
        figures = {
            "rows": made.rows,
            "files": made.files,
            "snapshots": made.snapshots,
            "deleted": made.deleted,
        }
        if again:
            figures["computed again"] = again
        if any(figures.values()):
            done[name] = figures | {"computed again": again}
    return done


def _stores(
    args: argparse.Namespace, where: DataStores, found: Found, progress: Progress
) -> list[tuple[str, Figures]]:
    digest = found.subject.digest()
    notes = Notes(
        args.home / certificate.FOLDER / f".{where.name}-{digest[:16]}{'-dry' if args.dry_run else ''}"
    )
    swept = [
        (
            store.name,
            sweep(
                store,
                found.subject,
                notes,
                dry_run=args.dry_run,
                only_look=("",) if store in where.looked_at else (),
                report=progress.note,
            ),
        )
        for store in (*where.stores, *where.looked_at)
    ]
    notes.forget()
    return swept


def _paper(
    args: argparse.Namespace,
    where: DataStores,
    found: Found,
    in_tables: dict[str, dict[str, int]],
    swept: list[tuple[str, Figures]],
    began: datetime,
) -> dict[str, Any]:
    objects = []
    for store, figures in swept:
        folders = sorted({folder for _, folder in figures.counts})
        for folder in folders:
            counts = Counter({what: n for (what, at), n in figures.counts.items() if at == folder})
            if counts.keys() - {"clean", "gone"}:
                objects.append(
                    {
                        "store": store,
                        "folder": folder,
                        "rows": figures.removed[folder],
                        **{
                            what: counts[what] for what in ("rewritten", "deleted", "version_deleted", "left")
                        },
                    }
                )
    left = [(store, look) for store, figures in swept for look in figures.left]
    ended = datetime.now(UTC)
    return {
        "environment": where.name,
        "request": found.subject.digest(),
        "about": "a visitor" if args.visitor else "an account" if args.user else "an e-mail address",
        "dry_run": args.dry_run,
        "who": getpass.getuser(),
        "visitors": len(found.subject.visitors),
        "visitor_hashes": sorted(found.subject.hashes(found.shared)),
        "shared_visitors": len(found.shared),
        "began_at": began.isoformat(timespec="seconds"),
        "ended_at": ended.isoformat(timespec="seconds"),
        "tables": in_tables,
        "objects": objects,
        "proof": {
            "objects": sum(figures.objects for _, figures in swept),
            "bytes": sum(figures.bytes_scanned for _, figures in swept),
            "bytes_with_the_id": sum(look.hits for _, look in left),
            "places_with_the_id": len(left),
            "left": [f"{store}{look.entry.key}: {look.why}" for store, look in left],
        },
        "pending": _pending(where, objects, ended),
    }


def _pending(where: DataStores, objects: list[dict[str, Any]], ended: datetime) -> list[str]:
    streams = ended + timedelta(hours=where.stream_hours)
    found = [
        f"the streams, forgotten by {streams:%Y-%m-%d %H:%M} UTC: their rows come into no table; run again after",
        "dashboards keep their own copy: the last three days are renewed each hour, all of it on Sunday",
        "what the shop exported or sent on by itself",
    ]
    if any(one["folder"] == "state" for one in objects):
        again = ended + timedelta(minutes=_OPEN_MINUTES)
        found.insert(
            0,
            f"the consumer may remember the visitor until {again:%H:%M} UTC and save it again: run the same after that",
        )
    return found
