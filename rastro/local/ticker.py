"""`python -m rastro.local.ticker`: puts ticks into the local raw stream until it ends, as on AWS a schedule does."""

import argparse
import sys
import time
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from infra.stacks.pipeline.tick_function.handler import tick
from rastro.local import emulator

EVERY_S = 30.0


def main() -> None:
    """Runs until it is ended; a tick that fails is reported, and the next one comes as ever."""
    parser = argparse.ArgumentParser(prog="python -m rastro.local.ticker", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="of the emulator")
    parser.add_argument("--stream", required=True, help="the raw stream")
    parser.add_argument("--every", type=float, default=EVERY_S, help="seconds between two ticks")
    args = parser.parse_args()
    kinesis = emulator.client(args.endpoint, "kinesis")
    while True:
        try:
            tick(kinesis, args.stream, round(time.time() * 1000))
        except (BotoCoreError, ClientError, RuntimeError) as error:
            print(f"{datetime.now(UTC).isoformat()} no tick: {error}", file=sys.stderr, flush=True)
        time.sleep(args.every)


if __name__ == "__main__":
    main()
