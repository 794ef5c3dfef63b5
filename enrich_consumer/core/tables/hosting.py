"""Networks of data centres: their clients are machines, hardly people."""

import re

from enrich_consumer.core.tables.csv_table import read_table

NUMBERS = frozenset(int(row["asn"]) for row in read_table("hosting"))
_WORDS = re.compile(
    r"hosting|data ?cent(?:er|re)|\bcloud\b|dedicated server|\bvps\b|colocation|\bcolo\b|\bservers?\b"
    r"|digitalocean|hetzner|\bovh\b|linode|vultr|contabo|leaseweb|scaleway|choopa|amazon|locaweb",
    re.IGNORECASE,
)


def is_hosting(number: int | None, organization: str | None) -> bool:
    """Whether the autonomous system rents out machines, by its number or by its name."""
    return number in NUMBERS or (organization is not None and _WORDS.search(organization) is not None)
