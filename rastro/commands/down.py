"""Stop the local stack that `rastro up` or `rastro demo` started."""

import argparse
from pathlib import Path

from rastro.local import stack

HELP = "stop the local stack"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(".rastro"),
        metavar="DIR",
        help="folder of the stack (default: .rastro)",
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0 whether or not something ran: afterwards nothing does."""
    stopped = stack.stop(args.home)
    print("stopped" if stopped else f"nothing runs under {args.home}")
    return 0
