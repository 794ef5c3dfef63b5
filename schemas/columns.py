"""One column of a table in the lake."""

from typing import NamedTuple


class Column(NamedTuple):
    """A column as Athena sees it.

    `type` is an Athena (Hive) type in lower case, for example `string`, `timestamp`, `decimal(18,4)`,
    `array<string>`. `meaning` is one sentence for the data dictionary. `writer` is the enrichment or
    pipeline stage that fills it; no column has two.
    """

    name: str
    type: str
    meaning: str
    writer: str = ""
