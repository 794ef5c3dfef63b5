"""`python -m benchmarks NAME|all [--json FILE|-]`: a benchmark is a module with `HELP`, `arguments`, `run`.

`run(args)` prints a table to stderr and returns a flat dict of figures, which is saved as JSON under
`benchmarks/results/` and, with `--json -`, printed as one line on stdout.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

BENCHMARKS: dict[str, str] = {
    "consumer": "benchmarks.consumer",
    "consumer-stack": "benchmarks.consumer_stack",
    "enrichments": "benchmarks.enrichments",
    "ingest": "benchmarks.ingest",
    "ingest-load": "benchmarks.ingest_load",
    "ingest-throttled": "benchmarks.ingest_throttled",
    "sessions": "benchmarks.sessions",
    "stages": "benchmarks.stages",
    "trackers": "benchmarks.trackers",
}

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run one benchmark or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    everything = commands.add_parser("all", help="every benchmark with its defaults")
    everything.add_argument("--json", metavar="FILE")
    parsers = {}
    for name, module_name in BENCHMARKS.items():
        module = importlib.import_module(module_name)
        sub = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        sub.add_argument("--json", metavar="FILE", help="where to write the figures; - for stdout")
        module.arguments(sub)
        sub.set_defaults(run=module.run)
        parsers[name] = sub
    args = parser.parse_args()
    names = list(BENCHMARKS) if args.name == "all" else [args.name]
    figures = {}
    for name in names:
        print(f"== {name}", file=sys.stderr)
        options = args if args.name != "all" else parsers[name].parse_args([])
        figures[name] = options.run(options)
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(figures[name], indent=2) + "\n", encoding="utf-8")
    result = figures if args.name == "all" else figures[args.name]
    if args.json == "-":
        print(json.dumps(result))
    elif args.json:
        Path(args.json).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
