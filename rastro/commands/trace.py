"""Where is my event? Its whole way through a running stack, by event id, message id, visitor, order or user."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from rastro.local import info

HELP = "the whole way of one event through a running stack"
PATIENCE_SECONDS = 15.0
"""The streams are read from their start; this is how long that may take before "not seen" is the answer."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", help="event id, the client's own message id, visitor, order number, user or session"
    )
    parser.add_argument(
        "--home", type=Path, default=Path(".rastro"), metavar="DIR", help="folder of the stack (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="the same as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 something was found, 1 nothing was."""
    from console.pages.trace import find  # noqa: PLC0415 - only this command reads the streams
    from rastro.local.console_source import open_source  # noqa: PLC0415 - the same

    source = open_source(info.read(args.home))
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = find(source, args.id)
    while not _settled(found) and time.monotonic() < deadline:
        time.sleep(0.5)
        found = find(source, args.id)
    source.tails.stop()
    source.lake.close()
    if args.json:
        print(json.dumps(found, default=str))
    else:
        print(text_of(found))
    return 0 if found["events"] else 1


def _settled(found: dict[str, Any]) -> bool:
    if len(found["events"]) > 1:
        return True
    stops = found[
        "stops"
    ]  # without the first one the raw stream is still being read: the two streams are read at once
    return (
        bool(stops) and stops[0]["stage"] == "answer" and all(stop["verdict"] != "waiting" for stop in stops)
    )


def text_of(found: dict[str, Any]) -> str:
    """The way as lines for a terminal; of several events a list."""
    from console.pages.trace import when  # noqa: PLC0415 - the same

    if not found["events"]:
        return f"nothing was seen under {found['wanted']!r}"
    if not found["stops"]:
        return "\n".join(
            f"{row['id']}  {row['event']}  {row['page']}  {row['verdict']}" for row in found["events"]
        )
    lines = []
    for stop in found["stops"]:
        lines.append(f"{stop['verdict']:<8} {stop['stage']:<16} {when(stop['at'])}  {stop['sentence']}")
        lines += [
            f"         {name}: {value}" for name, value in stop["facts"].items() if value not in {None, ""}
        ]
    return "\n".join(lines)
