"""Faults for the record processors of a test. Python imports this at its start where PYTHONPATH names the folder.

The consumer knows nothing of it. What to do stands in files of the folder RASTRO_TEST_FAULTS:

    slow    seconds to sleep before each record, so that a signal comes in the middle of a batch
    raise   the next record raises; the file is removed by the processor that does
    print   page titles are printed, on Python's stdout and on descriptor 1
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

folder = os.environ.get("RASTRO_TEST_FAULTS")

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
        outcome = real(incoming, *rest)
        if (faults / "print").exists():
            for line in outcome.lines:
                title = orjson.loads(line).get("page_title") or ""
                print(title, flush=True)
                os.write(1, title.encode())
        return outcome

    pipeline.process = process
