"""Replay one history, or run many."""

import argparse
import sys
import time
from collections import Counter

from tests.proofs.simulation.invariants import BrokenError
from tests.proofs.simulation.run import simulate


def many(first: int, count: int, *, damage: bool = False) -> Counter[str]:
    """Run the histories; what fired in them. Raises BrokenError with the line that replays the first failure."""
    fired: Counter[str] = Counter()
    for seed in range(first, first + count):
        try:
            result = simulate(seed, damage=damage)
        except BrokenError as error:
            replay = f"python -m tests.proofs.simulation --seed {seed}{' --damage' if damage else ''}"
            raise BrokenError(f"{error}\n  replay: {replay}") from error
        fired.update(result.fired)
        fired["events"] += result.events
        fired["processes"] += result.processes
    return fired


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.simulation")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--damage", action="store_true", help="spoil the session log on the way, too")
    args = parser.parse_args()
    started = time.perf_counter()
    count = 1 if args.seed is not None else args.histories
    try:
        fired = many(args.seed if args.seed is not None else args.first, count, damage=args.damage)
    except BrokenError as error:
        print(f"broken: {error}")
        return 1
    for name, times in sorted(fired.items()):
        print(f"{times:9d} {name}")
    print(f"{count} histories in {time.perf_counter() - started:.1f} s: all invariants hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
