"""Hold ends of sessions and carts against the oracle: `python -m tests.proofs.closings --count 200000`."""

import argparse
import sys
import time
from collections import Counter

from tests.proofs.closings.check import check
from tests.proofs.closings.histories_with_ticks import with_ticks
from tests.proofs.sessions.check import Names


def main() -> int:
    """Exit status 1 names the seed that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.closings", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=30_000, help="how many histories")
    args = parser.parse_args()
    names, occurred, began = Names(), Counter[str](), time.monotonic()
    for seed in range(args.first, args.first + args.count):
        try:
            occurred += check(with_ticks(seed), seed, names)
        except AssertionError as error:
            for record in with_ticks(seed).records:
                print(record)
            print(f"{error}\npython -m tests.proofs.closings --first {seed} --count 1", file=sys.stderr)
            return 1
    for name, times in sorted(occurred.items()):
        print(f"{times:9d} {name}")
    print(f"{args.count} histories in {time.monotonic() - began:.0f} s agree with the oracle")
    return 0


if __name__ == "__main__":
    sys.exit(main())
