"""`rastro <command>`: the operator's tool. Each command is one module with `HELP`, `arguments`, `run`."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem, of_aws
from reference_data.errors import FetchError

COMMANDS = {
    "up": "rastro.commands.up",
    "down": "rastro.commands.down",
    "demo": "rastro.commands.demo",
    "load": "rastro.commands.load",
    "data": "rastro.commands.data",
    "console": "rastro.commands.console",
    "trace": "rastro.commands.trace",
    "tail": "rastro.commands.tail",
    "doctor": "rastro.commands.doctor",
    "cost": "rastro.commands.cost",
    "query": "rastro.commands.query",
    "replay": "rastro.commands.replay",
    "recover": "rastro.commands.recover",
    "backfill": "rastro.commands.backfill",
    "rebuild": "rastro.commands.rebuild",
    "tables": "rastro.commands.tables",
    "curso": "rastro.commands.curso",
    "separate": "rastro.commands.separate",
    "state": "rastro.commands.state",
    "reset": "rastro.commands.reset",
    "erase": "rastro.commands.erase",
    "access": "rastro.commands.access",
}

GO_ON = ("replay", "recover", "backfill", "rebuild", "reset", "erase")
"""Tools that change something and go on where they were stopped."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a `Problem` or `FetchError` is one line on stderr, with exit status 2."""
    try:
        args = _given(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:  # nothing was begun
        return 130
    try:
        return int(args.run(args))
    except (Problem, FetchError) as problem:
        print(f"rastro: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if args.command in GO_ON:
            print("rastro: stopped; the same command goes on where it was", file=sys.stderr)
            if args.home.is_dir():
                audit(args.home, args.command, {"env": args.env, "dry_run": args.dry_run}, {"stopped": True})
        return 130
    except Exception as error:
        if (text := of_aws(error)) is None:
            raise
        print(f"rastro: {text}", file=sys.stderr)
        return 2


def _given(arguments: list[str]) -> argparse.Namespace:
    """The command and its options; only the module of that command is imported."""
    parser = argparse.ArgumentParser(prog="rastro", description="Operate a Rastro pipeline.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module_name in COMMANDS.items():
        wanted = name in arguments[:1] or not arguments or arguments[0].startswith("-")
        if not wanted:
            commands.add_parser(name)
            continue
        module = importlib.import_module(module_name)
        sub = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        module.arguments(sub)
        sub.set_defaults(run=module.run)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
