"""ISO 4217: the codes of money in use, and those that a shop's history may still hold."""

from enrich_consumer.core.tables.csv_table import read_table

CODES = frozenset(row["code"] for row in read_table("currencies"))
