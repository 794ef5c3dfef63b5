"""What enrichments share about rows."""

from enrich_consumer.core.record import Row


def known(row: Row) -> Row:
    """The columns that are not null."""
    return {name: value for name, value in row.items() if value is not None}
