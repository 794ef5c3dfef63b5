"""Click ids: parameters that advertising networks add to the URL of the page."""

from typing import NamedTuple

from enrich_consumer.core.tables.csv_table import read_table


class Network(NamedTuple):
    """An advertising network, and the source and medium that its click id implies where no utm says so."""

    name: str
    source: str
    medium: str


_ROWS = read_table("click_ids")

CLICK_PARAMETERS = {row["parameter"]: Network(row["network"], row["source"], row["medium"]) for row in _ROWS}
"""Networks by parameter in lower case; the first one present, in this order, is taken: paid before unpaid."""

CLICK_IDS = {row["parameter"]: CLICK_PARAMETERS[row["parameter"]] for row in _ROWS if row["is_id"] == "yes"}
"""Those of them that are the id of one click, which is not kept without consent; the others only name the network."""
