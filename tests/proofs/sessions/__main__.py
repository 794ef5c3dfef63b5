"""Hold the stream against the oracles: `python -m tests.proofs.sessions --first 0 --count 200000`."""

import argparse
import sys
import time

from tests.proofs.sessions.check import Names, check
from tests.proofs.sessions.histories import many, seeded


def main() -> int:
    """Exit status 1 names the seed that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.sessions", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=200_000, help="how many histories")
    args = parser.parse_args()
    names = Names()
    began = time.monotonic()
    for seed, one in many(args.count, args.first):
        try:
            check(one, seed, names)
        except AssertionError as error:
            for record in seeded(seed).records:
                print(record)
            print(f"{error}\npython -m tests.proofs.sessions --first {seed} --count 1", file=sys.stderr)
            return 1
        if (seed - args.first + 1) % 10_000 == 0:
            print(f"{seed - args.first + 1} histories, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{args.count} histories from seed {args.first} on agree with both oracles")
    return 0


if __name__ == "__main__":
    sys.exit(main())
