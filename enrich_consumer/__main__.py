"""`python -m enrich_consumer kcl | record-processor | local | columns | health`."""

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path

from enrich_consumer.settings import Settings, SettingsError, enrichment_names
from reference_data.mmdb import ReferenceDataError
from schemas import SitesError

STALE_SECONDS = 120
"""A shard whose processor was not called for this long is stalled (KCL calls it at least every second)."""


def main() -> int:
    """Run one command; what is wrong with the settings is one line, with exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m enrich_consumer")
    commands = parser.add_subparsers(dest="command", required=True)
    kcl = commands.add_parser("kcl", help="KCL's daemon, which starts a record processor per shard")
    kcl.add_argument("--folder", type=Path, default=Path("/tmp/rastro"), help="for generated files")  # noqa: S108 - the one writable folder of the container
    kcl.add_argument(
        "--no-restart", action="store_true", help="end when the daemon dies; it takes this process's place"
    )
    commands.add_parser("record-processor", help="one shard; started by the daemon")
    local = commands.add_parser("local", help="raw records on stdin, enriched events on stdout")
    local.add_argument("--settings", type=Path, help="a sites document; default: the demo's")
    local.add_argument("--rejected", type=Path, help="where rejected records go")
    columns = commands.add_parser("columns", help="renew the files generated from the enrichments")
    columns.add_argument("--check", action="store_true", help="only say whether they are stale")
    commands.add_parser("health", help="exit status 1 when a shard of this task is stalled")
    args = parser.parse_args()
    try:
        return int(_COMMANDS[args.command](args))
    except (SettingsError, SitesError, ReferenceDataError, FileNotFoundError) as error:
        print(f"rastro consumer: {error}", file=sys.stderr)
        return 2


def _forget_beats(folder: Path) -> None:
    """Shards of an earlier daemon, which may be another task's by now, are not this one's to answer for."""
    for path in folder.glob("*"):
        path.unlink(missing_ok=True)


def _kcl(args: argparse.Namespace) -> int:
    from enrich_consumer import app
    from enrich_consumer.edges.kcl import daemon
    from enrich_consumer.edges.log import open_log

    settings = Settings.from_env(os.environ)
    app.check(settings)  # here a mistake is one clear line; the child's would drown in the daemon's log
    if settings.heartbeat:
        _forget_beats(Path(settings.heartbeat))
    worker = settings.worker_id or daemon.worker_name()
    command = daemon.prepare(settings._replace(worker_id=worker), args.folder)
    env = {**os.environ, "RASTRO_WORKER_ID": worker}  # its processors give back what it holds
    env = daemon.child_environment(env, os.getpid())
    if args.no_restart:
        os.execve(command[0], command, env)  # noqa: S606 - our own words
    from enrich_consumer.edges.kcl.supervisor import supervise

    return supervise(command, env, open_log(settings.log), settings.application)


def _record_processor(_: argparse.Namespace) -> int:
    from enrich_consumer.edges.kcl import protocol

    protocol.leave_signals_to_the_daemon()
    output = protocol.take_stdout()
    from enrich_consumer import app
    from enrich_consumer.edges.log import open_log

    settings = Settings.from_env(os.environ)
    log = open_log(settings.log).bind(application=settings.application, process=os.getpid())
    protocol.run(app.record_processor(settings, log), output)
    return 0


def _local(args: argparse.Namespace) -> int:
    from enrich_consumer import local
    from enrich_consumer.core import enrichments
    from enrich_consumer.edges.sites import load_sites
    from reference_data.databases import open_references
    from schemas.files import FOLDER

    names = enrichment_names(os.environ.get("RASTRO_ENRICHMENTS"))
    sites = load_sites(f"file:{args.settings or FOLDER / 'examples' / 'sites.json'}")
    references = open_references(os.environ.get("RASTRO_GEO_CITY"), os.environ.get("RASTRO_GEO_ASN"))
    rejected = args.rejected.open("wb") if args.rejected else None
    chosen = enrichments.build(references, names)
    counts = local.run(sys.stdin.buffer, sites, chosen, sys.stdout.buffer, rejected)
    if rejected is not None:
        rejected.close()
    sys.stdout.buffer.flush()
    summary = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"rastro consumer: {summary or 'nothing came in'}", file=sys.stderr)
    return 0


def _columns(args: argparse.Namespace) -> int:
    from enrich_consumer import columns

    return columns.main(["--check"] if args.check else [])


def _health(_: argparse.Namespace) -> int:
    folder = os.environ.get("RASTRO_HEARTBEAT")
    if not folder:
        print("rastro consumer: RASTRO_HEARTBEAT is not set, so there is nothing to look at", file=sys.stderr)
        return 2
    now = time.time()
    stalled = []
    for path in sorted(Path(folder).glob("*")):
        with contextlib.suppress(FileNotFoundError):  # the shard ended just now
            if now - path.stat().st_mtime > STALE_SECONDS:
                stalled.append(path.name)
    for name in stalled:
        print(f"rastro consumer: {name} has stood still for over {STALE_SECONDS} s", file=sys.stderr)
    return 1 if stalled else 0


_COMMANDS = {
    "kcl": _kcl,
    "record-processor": _record_processor,
    "local": _local,
    "columns": _columns,
    "health": _health,
}

if __name__ == "__main__":
    sys.exit(main())
