"""Keep a visitor and an account apart, or take that back: no join of the two is made any more (docs/identity.md).

Nothing is rewritten. The pair goes into the table `separations`, and the views look there.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
from pyiceberg.expressions import And, BooleanExpression, EqualTo

from lake.iceberg import IcebergTables
from rastro.privacy.data_stores import only_writer
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress

HELP = "keep a visitor and an account apart"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro separate`."""
    add = parser.add_argument
    add("--site", required=True, help="the storefront")
    add("--visitor", required=True, metavar="ID", help="visitor_id")
    add("--user", required=True, metavar="ID", help="user_id of the account")
    add("--reason", default="", help="why, for whoever reads the table later")
    add("--undo", action="store_true", help="take the separation back: the rules join the two again")
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--dry-run", action="store_true", help="say what would be written, no more")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 2 it could not run."""
    done = "nothing written" if args.dry_run else (_on_aws if args.env else _here)(args)
    what = "joined again" if args.undo else "kept apart"
    Progress().say(f"separate: visitor {args.visitor} and account {args.user} of {args.site} {what}: {done}")
    options = {name: getattr(args, name) for name in ("site", "visitor", "user", "undo", "env", "dry_run")}
    audit(args.home, "separate", options, {"done": done})
    return 0


def _pair(args: argparse.Namespace) -> BooleanExpression:
    equal = cast(
        "Any", EqualTo
    )  # its annotations know bound terms only; a name is what its documentation shows
    return And(equal("site", args.site), equal("visitor_id", args.visitor), equal("user_id", args.user))


def _here(args: argparse.Namespace) -> str:
    if not (args.home / "tables" / "catalog.db").exists():
        raise Problem(f"no tables under {args.home}; make demo leaves some, or name another --home")
    with only_writer(args.home, "separate"):
        return _write(args, IcebergTables(args.home / "tables").table("separations"))


def _write(args: argparse.Namespace, table: Any) -> str:
    found = table.scan(row_filter=_pair(args)).to_arrow().num_rows
    if args.undo:
        if found:
            table.delete(_pair(args))
        return "taken back" if found else "they were not apart"
    if found:
        return "they were apart already"
    row = {
        "site": args.site,
        "visitor_id": args.visitor,
        "user_id": args.user,
        "separated_at": datetime.now(UTC).replace(tzinfo=None),
        "reason": args.reason,
    }
    table.append(pa.Table.from_pylist([row], schema=table.schema().as_arrow()))
    return "written"


def statement(args: argparse.Namespace) -> str:
    """What Athena runs; it may be repeated."""
    site, visitor, user, reason = (
        "'" + value.replace("'", "''") + "'" for value in (args.site, args.visitor, args.user, args.reason)
    )
    if args.undo:
        return f"DELETE FROM separations WHERE site = {site} AND visitor_id = {visitor} AND user_id = {user}"  # noqa: S608 - values are quoted above
    return f"""MERGE INTO separations AS t
USING (SELECT {site} AS site, {visitor} AS visitor_id, {user} AS user_id) AS n
ON t.site = n.site AND t.visitor_id = n.visitor_id AND t.user_id = n.user_id
WHEN NOT MATCHED THEN INSERT (site, visitor_id, user_id, separated_at, reason)
  VALUES (n.site, n.visitor_id, n.user_id, CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp), {reason})"""  # noqa: S608 - values are quoted above


def _on_aws(args: argparse.Namespace) -> str:
    from infra.deploy.athena import run as ask  # noqa: PLC0415 - takes a while to import
    from infra.deploy.target import find_target  # noqa: PLC0415 - slow to import, needed here alone
    from infra.environments import loader  # noqa: PLC0415 - slow to import, needed here alone

    environment = loader.read(args.env)
    ask(find_target(environment).client("athena"), environment, "separations", statement(args))
    return "taken back" if args.undo else "written"
