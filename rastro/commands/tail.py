"""The live stream of a running stack: one line an event as it reaches the enriched stream, refusals too."""

import argparse
import json
import time
from pathlib import Path

from rastro.local import info

HELP = "print events of a running stack as they happen"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home", type=Path, default=Path(".rastro"), metavar="DIR", help="folder of the stack (%(default)s)"
    )
    parser.add_argument("--filter", default="", metavar="TEXT", help="only rows in which this text stands")
    parser.add_argument("--seconds", type=float, metavar="N", help="end after N seconds (default: at Ctrl-C)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    from console.pages.live import snapshot  # noqa: PLC0415 - only this command reads the streams
    from rastro.local.console_source import open_source  # noqa: PLC0415 - the same

    source = open_source(info.read(args.home))
    deadline = time.monotonic() + args.seconds if args.seconds else None
    seen = 0
    try:
        while deadline is None or time.monotonic() < deadline:
            document, seen = snapshot(source, seen)
            for row in reversed(document["rows"]):
                if args.filter.lower() not in json.dumps(row, default=str, ensure_ascii=False).lower():
                    continue
                print(json.dumps(row, default=str) if args.json else line_of(row), flush=True)
            time.sleep(1.0)
    except KeyboardInterrupt:
        pass
    finally:
        source.tails.stop()
        source.lake.close()
    return 0


def line_of(row: dict[str, object]) -> str:
    """One row as text."""
    names = ("verdict", "event", "page", "channel", "country", "device", "visitor", "id")
    return "  ".join(str(row[name] or "-") for name in names)
