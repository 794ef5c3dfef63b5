"""The kind of a source by Google's list for GA4's default channel group."""

from enrich_consumer.core.tables.csv_table import read_table

KIND_OF_SOURCE = {row["source"]: row["ours"] or row["category"] for row in read_table("ga4_sources")}
"""search, social, video or shopping, and email where we differ; by source in lower case."""
