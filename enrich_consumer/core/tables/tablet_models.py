"""Models of Android tablets."""

from enrich_consumer.core.tables.csv_table import read_table

TABLET_MODELS = frozenset(row["model"] for row in read_table("tablet_models"))
"""In lower case."""
