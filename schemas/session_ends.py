"""The table `session_ends`: ends of sessions, provisional or final. docs/sessions.md says what the rows mean."""

from schemas.columns import Column

COLUMNS = (
    Column("row_id", "string", "UUID from session and revision; a row delivered twice has one id."),
    Column("site", "string", "The storefront."),
    Column("visitor_id", "string", "The visitor of the session."),
    Column("session_id", "string", "The session, as in the enriched table."),
    Column(
        "revision", "int", "The events counted so far; one more in the final row. The highest one counts."
    ),
    Column("is_final", "boolean", "Nothing can change it any more; each session has one such row."),
    Column(
        "closed_by", "string", "gap, length (it would have become too long) or merge (the row retracts it)."
    ),
    Column(
        "closed_at",
        "timestamp",
        "The moment of its end: last arrival and gap; of a final row last arrival, gap and lateness;"
        " of a merge the arrival of the event that caused it.",
    ),
    Column("merged_into", "string", "Only where closed_by is merge: the session that it became part of."),
    Column("started_at", "timestamp", "Its first event."),
    Column("ended_at", "timestamp", "Its last event."),
    Column("seconds", "double", "From its first to its last event."),
    Column("events", "int", "Its events, copies not counted."),
    Column("page_views", "int", "Its page views."),
    Column("is_engaged", "boolean", "As GA4 has it: 10 seconds, two pages or an order."),
    Column("entry_path", "string", "Path of its first page view."),
    Column("exit_path", "string", "Path of its last page view."),
    Column("channel", "string", "Channel group of its first event from outside the shop."),
    Column("source", "string", "Source of that event: utm_source, else the referrer's."),
    Column("medium", "string", "Medium of that event: utm_medium, else the referrer's."),
    Column("campaign", "string", "utm_campaign of that event."),
    Column("device_class", "string", "Of its first event, as the next five."),
    Column("browser_name", "string", "Browser."),
    Column("os_name", "string", "Operating system."),
    Column("geo_country", "string", "Country, ISO 3166-1."),
    Column("geo_region", "string", "Region."),
    Column("geo_city", "string", "City."),
    Column("orders", "int", "Different orders in it, by transaction id; at most 32 are counted."),
    Column(
        "revenue",
        "array<struct<currency:string,value:decimal(18,4)>>",
        "Value of these orders, one entry a currency; refunds are not taken off.",
    ),
    Column(
        "cart_quantity", "int", "Pieces in the visitor's cart after the session's last arrival; null: none."
    ),
    Column("cart_value", "decimal(18,4)", "Their value, where all prices are known and of one currency."),
    Column("cart_currency", "string", "ISO 4217 of cart_value."),
    Column("is_bot", "boolean", "One of its events at least is a bot's."),
    Column("user_id", "string", "The newest user id in it."),
)
