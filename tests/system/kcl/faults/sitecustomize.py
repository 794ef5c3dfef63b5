"""Faults for the record processors of a test. Python imports this at its start where PYTHONPATH names the folder.

The consumer knows nothing of it. What to do stands in files of the folder RASTRO_TEST_FAULTS:

    slow    seconds to sleep before each record, so that a signal comes in the middle of a batch
    raise   the next record raises; the file is removed by the processor that does
    print   page titles are printed, on Python's stdout and on descriptor 1
    poison  a record that holds this text kills the processor that takes it
    memory  bytes of address space that a processor may have

RASTRO_TEST_SPOIL: this column of every row is wrong.
RASTRO_TEST_STATE_LATER: this processor's state format is the one after ours.
RASTRO_TEST_METRICS_SECONDS: metrics are written so often, not once a minute.
RASTRO_TEST_CLOCK: seconds by which the processor's clock is ahead.
"""

import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

folder = os.environ.get("RASTRO_TEST_FAULTS")
ahead = int(os.environ.get("RASTRO_TEST_CLOCK", "0"))

if ahead and "record-processor" in sys.orig_argv:
    true_time, true_time_ns = time.time, time.time_ns
    time.time = lambda: true_time() + ahead
    time.time_ns = lambda: true_time_ns() + ahead * 1_000_000_000

if folder and "record-processor" in sys.orig_argv:
    import orjson

    from enrich_consumer.core import pipeline

    faults = Path(folder)
    real = pipeline.process

    def process(incoming: Any, *rest: Any) -> Any:
        slow = faults / "slow"
        if slow.exists():
            time.sleep(float(slow.read_text() or 0))
        try:
            (faults / "raise").unlink()
        except FileNotFoundError:
            pass
        else:
            raise RuntimeError("thrown by a test")
        poison = faults / "poison"
        if poison.exists() and poison.read_bytes() in incoming.data:
            os.kill(os.getpid(), signal.SIGKILL)
        memory = faults / "memory"
        if memory.exists():
            bytes_ = int(memory.read_text())
            resource.setrlimit(resource.RLIMIT_AS, (bytes_, bytes_))
        outcome = real(incoming, *rest)
        spoiled = os.environ.get("RASTRO_TEST_SPOIL")
        if spoiled:
            rows = [
                orjson.dumps({**orjson.loads(line), spoiled: "SPOILED"}) + b"\n" for line in outcome.lines
            ]
            outcome = outcome._replace(lines=rows)
        if (faults / "print").exists():
            for line in outcome.lines:
                title = orjson.loads(line).get("page_title") or ""
                print(title, flush=True)
                os.write(1, title.encode())
        return outcome

    pipeline.process = process  # type: ignore[assignment] # what this file is for

    seconds = os.environ.get("RASTRO_TEST_METRICS_SECONDS")
    if seconds:
        from enrich_consumer.edges.metrics import Metrics

        Metrics.__init__.__defaults__ = (float(seconds),)

    if os.environ.get("RASTRO_TEST_STATE_LATER"):
        from enrich_consumer.session_log import format as entries

        later = entries.STATE_VERSION + 1
        entries.UPGRADES[entries.STATE_VERSION] = lambda packed: packed
        entries.STATE_VERSION = later
        entries.Header.__new__.__defaults__ = (*entries.Header.__new__.__defaults__[:-1], later)
