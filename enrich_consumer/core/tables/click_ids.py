"""Click ids: parameters that advertising networks add to the address of the page."""

from typing import NamedTuple

from enrich_consumer.core.tables.csv_table import read_table


class Network(NamedTuple):
    """An advertising network, and the source and medium that its click id implies where no utm says so."""

    name: str
    source: str
    medium: str


CLICK_IDS = {
    row["parameter"]: Network(row["network"], row["source"], row["medium"]) for row in read_table("click_ids")
}
"""By parameter in lower case; the first one present, in this order, is taken: paid before unpaid."""
