"""`python -m tests.system.faults [NAME ...]`: play scenarios, write results/*.json and docs/faults.md."""

import argparse
import itertools
import shutil
import signal
import sys
import time
from pathlib import Path

from tests.system.faults import alarms, page
from tests.system.faults.play import Lakes, Scenario, one_line, play
from tests.system.faults.result import read, write
from tests.system.faults.scenarios import ALL, named
from tests.system.faults.stage import Stage


def main() -> int:
    """Exit status: 0 all well, 1 something was lost or wrong, or an alarm was silent."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.faults", description=__doc__)
    parser.add_argument("names", nargs="*", help="scenarios by the beginning of their names (all)")
    parser.add_argument(
        "--home", type=Path, default=Path(".rastro/faults"), help="of the stack (%(default)s)"
    )
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--missing", action="store_true", help="only those without a good result")
    parser.add_argument("--seconds", type=float, default=3e6, help="begin no scenario after so many seconds")
    parser.add_argument("--page", action="store_true", help="only write docs/faults.md from the results")
    args = parser.parse_args()
    chosen = named(args.names)
    if args.missing:
        good = {result.name for result in read() if result.good}
        chosen = [one for one in chosen if one.name not in good]
    if args.list:
        print("\n".join(f"{one.name:28} {one.says}" for one in chosen))
        return 0
    failed = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started must end with us
    if not args.page:
        until = time.monotonic() + args.seconds
        templates = alarms.read(alarms.templates())
        by_kind = sorted(chosen, key=lambda one: one.kind)
        for kind, scenarios in itertools.groupby(by_kind, key=lambda one: one.kind):
            left = list(scenarios)
            while left and time.monotonic() < until:
                failed += _on_one_stage(args.home, kind, left, templates, until)
    page.write()
    return 1 if failed else 0


def _on_one_stage(
    home: Path, kind: str, left: list[Scenario], templates: list[alarms.Alarm], until: float
) -> int:
    """Play what is left, up to a scenario after which the stack is not whole; how many had a finding."""
    failed = 0
    shutil.rmtree(home, ignore_errors=True)
    with Stage(home / kind, kind) as stage:
        lakes = Lakes(stage)
        while left and time.monotonic() < until:
            scenario = left.pop(0)
            result = play(stage, scenario, lakes, templates, ALL.index(scenario))
            write(result)
            print(one_line(result), flush=True)
            failed += not result.good
            if not stage.is_whole():
                print("the stack is made anew", flush=True)
                break
    return failed


if __name__ == "__main__":
    sys.exit(main())
