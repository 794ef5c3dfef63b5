"""Every view again, in plain Python over the rows as they were delivered. Shares nothing with the SQL."""

from tests.analytics.by_hand.delivered import Row, Rows, as_delivered, events
from tests.analytics.by_hand.money import attribution, revenue
from tests.analytics.by_hand.orders import orders, refunds
from tests.analytics.by_hand.products import baskets, products, search_terms
from tests.analytics.by_hand.quality import data_quality, rejections
from tests.analytics.by_hand.sessions import sessions
from tests.analytics.by_hand.visits import abandonment, devices, entry_exit_pages, funnel, paths, retention

__all__ = [
    "Row",
    "Rows",
    "abandonment",
    "as_delivered",
    "attribution",
    "baskets",
    "data_quality",
    "devices",
    "entry_exit_pages",
    "events",
    "funnel",
    "orders",
    "paths",
    "products",
    "refunds",
    "rejections",
    "retention",
    "revenue",
    "search_terms",
    "sessions",
]
