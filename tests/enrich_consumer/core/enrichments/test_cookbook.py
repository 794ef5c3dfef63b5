"""The cookbook's example is run as it is printed."""

import re
from pathlib import Path

from enrich_consumer.core.engine.registry import select
from enrich_consumer.core.engine.runner import Runner
from enrich_consumer.core.enrichments import ENRICHMENTS, References
from tests.support.records import record, rows_of

PAGE = Path(__file__).parents[4] / "docs" / "cookbook" / "add-an-enrichment.md"


def test_add_an_enrichment():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    module = {}
    exec(compile(code, str(PAGE), "exec"), module)
    specs = (ENRICHMENTS[0], module["ENRICHMENT"], *ENRICHMENTS[1:])
    made = Runner(select(None, specs), References())
    (row,) = rows_of(made.enrich)(record(received_at=1_795_296_000_000))  # 21:20 in UTC
    assert row["shop_hour"] == 18
    assert row["enrich_errors"] == []
    assert made.caches["shop_hour"]().misses >= 1
