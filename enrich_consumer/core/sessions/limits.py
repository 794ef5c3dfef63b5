"""Limits that facts and carts share: how much of a text is remembered, and the unit of money."""

MOST_TEXT = 256
"""Characters of a text that are remembered."""
TEN_THOUSANDTHS = 10_000
"""Money is summed in whole parts of this size, so that no cent gets lost."""
