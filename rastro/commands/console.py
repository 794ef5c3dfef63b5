"""The console of a running stack: every event, session and refusal as it happens, dashboards, health."""

import argparse
import contextlib
import ctypes
import secrets
import time
from pathlib import Path
from typing import Any

from rastro.commands.up import curl
from rastro.local import info
from rastro.terminal.errors import Problem

HELP = "web pages of a running stack: live events, one event's way, dashboards"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
DEFAULT_PORT = 8791
_ARENAS, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
"""Of mallopt(3)."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home", type=Path, default=Path(".rastro"), metavar="DIR", help="folder of the stack (%(default)s)"
    )
    parser.add_argument("--env", metavar="ENV", help="a deployed environment, read-only, for example prod")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="IP address to listen on (%(default)s); on any other than loopback a token is needed",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port to listen on (%(default)s)")
    parser.add_argument(
        "--wait",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="for the stack to be up (default: not at all)",
    )


def run(args: argparse.Namespace) -> int:
    import uvicorn  # noqa: PLC0415 - only this command serves

    from console.app import application  # noqa: PLC0415 - the same

    _return_memory()
    source = _deployed(args.env) if args.env else _local(args.home, args.wait)
    token = None if args.host in LOOPBACK else secrets.token_urlsafe(24)
    suffix = f"/?token={token}" if token else "/"
    print(f"console   http://{args.host}:{args.port}{suffix}", flush=True)
    print("Ctrl-C stops it.", flush=True)
    config = uvicorn.Config(
        application(source, token),
        host=args.host,
        port=args.port,
        log_level="warning",
        ws="none",
        http="h11",
        lifespan="off",
        timeout_graceful_shutdown=2,  # the live page's stream never ends by itself
    )
    try:
        uvicorn.Server(config).run()
    except SystemExit:
        raise Problem(
            f"port {args.port} of {args.host} cannot be opened; choose another: rastro console --port N"
        ) from None
    finally:
        source.tails.stop()
        source.lake.close()
    return 0


def _return_memory() -> None:
    """Have the C library give memory back: a read of a shard takes megabytes for a moment, in four threads."""
    with contextlib.suppress(OSError, AttributeError):  # another C library than GNU's
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in ((_ARENAS, 1), (_MMAP_THRESHOLD, 1 << 16), (_TRIM_THRESHOLD, 1 << 17)):
            mallopt(option, value)


def _local(home: Path, wait: float) -> Any:
    from rastro.local.console_source import open_source  # noqa: PLC0415 - only this command reads the streams

    deadline = time.monotonic() + wait
    while not info.path_of(home).exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    facts = info.read(home)
    return open_source(facts, curl(facts))


def _deployed(name: str) -> Any:
    from rastro.deployed.console_source import find, open_source  # noqa: PLC0415 - imports what deploys

    source = open_source(find(name))
    if source.hourly is not None:
        print(f"reads only; {source.hourly()} (grows with the events; the health page says it anew)")
    return source
