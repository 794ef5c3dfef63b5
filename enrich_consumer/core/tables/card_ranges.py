"""First digits and lengths of payment card numbers."""

from typing import NamedTuple

from enrich_consumer.core.tables.csv_table import read_table


class CardRange(NamedTuple):
    """Prefixes from `low` to `high`, both included and equally long. `bare`: also without blanks between groups."""

    low: str
    high: str
    lengths: frozenset[int]
    bare: bool


def _range(row: dict[str, str]) -> CardRange:
    low, _, high = row["first"].partition("-")
    return CardRange(low, high or low, frozenset(map(int, row["lengths"].split())), row["bare"] == "yes")


CARD_RANGES = tuple(_range(row) for row in read_table("card_ranges"))


def is_of_a_network(digits: str, *, bare: bool) -> bool:
    """Whether a network issues numbers of this length with these first digits; `bare`: written without groups."""
    return any(
        len(digits) in row.lengths
        and row.low <= digits[: len(row.low)] <= row.high
        and (row.bare or not bare)
        for row in CARD_RANGES
    )
