"""`python -m tests.system.drill [NAME ...]`: destroy, build again, compare, measure; writes the table of the page."""

import argparse
import json
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.system.drill import exercises
from tests.system.drill.exercises import Drill, Outcome
from tests.system.drill.page import PAGE
from tests.system.faults.stage import Stage

RESULTS = Path(__file__).parent / "results.json"
MARK = "## The drill\n"
PLAYED = ("lake", "one day's partition", "session state", "wrong columns", "streams", "everything")
"""What the outcomes call themselves."""
EXERCISES = {
    "lake": exercises.lake_lost,
    "day": exercises.day_deleted,
    "state": exercises.state_lost,
    "wrong": exercises.wrong_columns,
    "streams": exercises.streams_lost,
}


def main() -> int:
    """Exit status: 0 everything came back as it was, 1 something did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.drill", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join([*EXERCISES, 'all'])} (every one)")
    parser.add_argument(
        "--home", type=Path, default=Path(".rastro/drill"), help="of the stacks (%(default)s)"
    )
    args = parser.parse_args()
    wanted = args.names or [*EXERCISES, "all"]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started must end with us
    shutil.rmtree(args.home, ignore_errors=True)
    outcomes: list[Outcome] = []
    with _stage(args.home / "first") as stage:
        drill = Drill(stage)
        drill.start()
        for name in wanted:
            began = time.time()
            if name == "all":
                outcome = exercises.all_lost(drill, lambda: _stage(args.home / "second"))
            else:
                outcome = EXERCISES[name](drill)
            outcomes.append(outcome)
            print(
                f"{outcome.name}: {outcome.events} events, recovery time {outcome.rto} s, recovery point "
                f"{outcome.rpo} events, rows {'identical' if outcome.same else 'DIFFERENT'} "
                f"({outcome.after[:16]}), {time.time() - began:.0f} s in all",
                flush=True,
            )
    _write(outcomes)
    return 0 if all(outcome.same and not outcome.rpo for outcome in outcomes) else 1


def _stage(home: Path) -> Stage:
    """With the reference data of this machine, as the tools that rebuild use them."""
    stage = Stage(home)
    stage.extra = {"RASTRO_GEO_CITY": "", "RASTRO_GEO_ASN": ""}
    return stage


def _write(outcomes: Sequence[Outcome]) -> None:
    results = {one["name"]: one for one in _results()}
    at = f"{datetime.now(UTC):%Y-%m-%d}"
    results |= {one.name: one._asdict() | {"at": at} for one in outcomes}
    RESULTS.write_text(json.dumps(list(results.values()), indent=1) + "\n", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.partition(MARK)[0] + MARK + table(), encoding="utf-8")


NOT_PROMISED = """\
The archive has no sequence numbers. Where a client repeats a request before it was answered, both may stand in the
stream in another order than they were received in; rebuilt, the other of the two copies then counts as the first.
Nothing is gone, but its row differs. (One of ten drills of *everything*, beside heavy other work, brought every event
back with rows that differed; its list of differences was not kept, it is printed now.)"""


def _results() -> list[dict[str, object]]:
    found: list[dict[str, object]] = (
        json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    )
    return found


def table() -> str:
    """The last results, as the page shows them."""
    lines = [
        "",
        "Written by `make drill`: a shop's load over HTTP, the loss (that of lake and day behind it, the others in its",
        "middle), the commands above, then every row",
        "of the view `events` compared with those before the loss (all columns but `raw_sequence`, the number in a",
        "stream that may be gone). Two cores, busy with other work: the times tell the order of size.",
        "",
        "| lost | events accepted | recovery time, s | events gone | rows | SHA-256 of the sorted rows |",
        "| --- | ---: | ---: | ---: | --- | --- |",
    ]
    lines += [
        f"| {one['name']} | {one['events']} | {one['rto']} | {one['rpo']} |"
        f" {'identical' if one['same'] else '**different**'} | `{str(one['after'])[:16]}…` |"
        for one in _results()
    ]
    lines += ["", *NOT_PROMISED.splitlines()]
    left = [what for what in PLAYED if what not in {one["name"] for one in _results()}]
    if left:
        lines += [
            "",
            f"Not played to its end yet: {', '.join(left)}. The commands of those sections exist, no more is shown.",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
