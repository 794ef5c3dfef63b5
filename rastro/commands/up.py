"""Start the local stack: the emulator, the pipeline as AWS would get it, the consumer."""

import argparse
import signal
import time
from pathlib import Path
from types import FrameType

from rastro.local import stack
from rastro.local.info import LocalStackInfo, path_of

HELP = "start the local stack and stay until Ctrl-C"
_LOOK_SECONDS = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(".rastro"),
        metavar="DIR",
        help="folder of the stack (default: .rastro)",
    )
    parser.add_argument("--port", type=int, help="port of the emulator (default: a free one)")
    parser.add_argument("--detach", action="store_true", help="leave it running; stop it with: rastro down")
    parser.add_argument("--no-shop", action="store_true", help="without the demo shop")
    parser.add_argument("--no-console", action="store_true", help="without the console")
    parser.add_argument("--webhook", metavar="URL", help="post cart events there, as they happen")
    parser.add_argument("--no-consumer", action="store_true", help="streams and delivery only")


def run(args: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    running = stack.start(
        args.home,
        consumer=not args.no_consumer,
        shop=not args.no_shop,
        console=not args.no_console,
        port=args.port,
        webhook=args.webhook,
    )
    print(describe(running.facts))
    if args.detach:
        print(f"stop it with: rastro down --home {args.home}")
        return 0
    print("Ctrl-C stops it.", flush=True)
    with running:
        try:
            while True:
                time.sleep(_LOOK_SECONDS)
                running.check()
        except KeyboardInterrupt:
            print("\nstopping: the consumer hands over, then the emulator ends", flush=True)
    return 0


def describe(facts: LocalStackInfo) -> str:
    """Addresses, and a request that works as it stands."""
    shop = f"shop     {facts.shop_url}  open this in a browser\n" if facts.shop_url else ""
    console = (
        f"console  {facts.console_url}  every event, session and refusal as it happens\n"
        if facts.console_url
        else ""
    )
    return f"""
{console}{shop}events   POST {facts.api_url}/v1/events
AWS      {facts.aws_endpoint} (region {facts.region}, any credentials)
rows     s3://{facts.bucket}/{facts.enriched_prefix}
logs     {facts.logs}
facts    {path_of(Path(facts.home))}

try      {curl(facts)}
"""


def curl(facts: LocalStackInfo) -> str:
    """One page view as a shell command."""
    body = '{"event":"page_view","visitor_id":"me","page":{"url":"https://www.loja.example/"}}'
    return (
        f"curl -i '{facts.api_url}/v1/events' -H 'X-Rastro-Key: {facts.site_key}' "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A polite kill is a Ctrl-C: everything we started must end with us."""
    raise KeyboardInterrupt
