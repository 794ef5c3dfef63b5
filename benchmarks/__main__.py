"""`python -m benchmarks NAME|all|compare|table`: a benchmark is a module with `HELP`, `arguments`, `run`.

`run(args)` prints a table to stderr and returns its figures. They are kept with commit, machine, Python and load
average as JSON under `benchmarks/results/`, and `results/README.md` is written anew: one table of all. `--json -`
prints them as one line on stdout, too. `compare A B NAME` says what changed beyond noise.
"""

import argparse
import importlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

from benchmarks import compare, results_file
from rastro.terminal.errors import Problem

BENCHMARKS: dict[str, str] = {
    "caches": "benchmarks.caches",
    "closings": "benchmarks.closings",
    "console": "benchmarks.console",
    "consumer": "benchmarks.consumer",
    "consumer-stack": "benchmarks.consumer_stack",
    "cost-counts": "benchmarks.cost_counts",
    "enrichments": "benchmarks.enrichments",
    "erasure": "benchmarks.erasure",
    "hot-shards": "benchmarks.hot_shards",
    "ingest": "benchmarks.ingest",
    "ingest-load": "benchmarks.ingest_load",
    "ingest-throttled": "benchmarks.ingest_throttled",
    "latency": "benchmarks.latency",
    "leases": "benchmarks.leases",
    "peers": "benchmarks.peers",
    "scaling": "benchmarks.scaling",
    "lake": "benchmarks.lake",
    "sessions": "benchmarks.sessions",
    "stages": "benchmarks.stages",
    "trackers": "benchmarks.trackers",
}


def main() -> int:
    """Run one benchmark or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    everything = commands.add_parser("all", help="every benchmark with its defaults")
    _common(everything)
    compare.arguments(
        commands.add_parser("compare", help="what changed beyond noise", description=compare.__doc__)
    )
    commands.add_parser("table", help="write benchmarks/results/README.md anew from what is kept")
    parsers = {}
    for name, module_name in BENCHMARKS.items():
        module = importlib.import_module(module_name)
        sub = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        _common(sub)
        module.arguments(sub)
        sub.set_defaults(run=module.run)
        parsers[name] = sub
    args = parser.parse_args()
    # A polite kill must end what a benchmark started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(args, parsers)
    except Problem as problem:
        print(f"benchmarks: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _run(args: argparse.Namespace, parsers: dict[str, argparse.ArgumentParser]) -> int:
    if args.name == "compare":
        found = compare.run(
            args.a, args.b, args.benchmark, args.pairs, [one for one in args.options if one != "--"]
        )
        print(json.dumps([one._asdict() for one in found]))
        return 0
    if args.name == "table":
        results_file.TABLE.write_text(results_file.table(), encoding="utf-8")
        print(results_file.TABLE)
        return 0
    names = list(BENCHMARKS) if args.name == "all" else [args.name]
    figures: dict[str, Any] = {}
    for name in names:
        print(f"== {name}", file=sys.stderr)
        options = args if args.name != "all" else parsers[name].parse_args([])
        before = results_file.conditions()
        runs = [options.run(options) for _ in range(args.repeat)]
        figures[name] = runs[-1]
        if not args.no_results:
            print(f"kept: {results_file.write(name, runs, before)}", file=sys.stderr)
    result = figures if args.name == "all" else figures[args.name]
    if args.json == "-":
        print(json.dumps(result))
    elif args.json:
        Path(args.json).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", metavar="FILE", help="where to write the figures, too; - for stdout")
    parser.add_argument(
        "--repeat", type=int, default=1, metavar="N", help="so often; all are kept (default 1)"
    )
    parser.add_argument("--no-results", action="store_true", help="leave benchmarks/results/ as it is")


if __name__ == "__main__":
    sys.exit(main())
