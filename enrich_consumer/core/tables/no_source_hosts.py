"""Hosts that a visit comes back from but that did not send it: payment, sign-in, 3-D Secure, ad frames."""

from enrich_consumer.core.tables.csv_table import read_table

NO_SOURCE_HOSTS = frozenset(row["host"] for row in read_table("no_source_hosts"))


def is_no_source(host: str, more: tuple[str, ...]) -> bool:
    """Whether the host or one that it is a sub-domain of is in the table or among `more` (lower case)."""
    name = host
    while name:
        if name in NO_SOURCE_HOSTS or name in more:
            return True
        name = name.partition(".")[2]
    return False
