"""The data sets of the dashboards: what QuickSight reads of the views.

QuickSight takes no arrays, no true and false from Athena, and of dates only time stamps: the queries give texts,
numbers and time stamps.
"""

from analytics.dashboards.model import DataSet, Kind

_T, _W, _N, _D = Kind.TEXT, Kind.WHOLE, Kind.NUMBER, Kind.TIME

_SETS = (
    DataSet(
        "sessions",
        "SELECT CAST(session_date AS timestamp) AS day, site, visitor_id, visitor_kind, channel, source, medium,"
        " campaign, device_class, geo_country, geo_region, geo_city, 1 AS sessions, events, page_views,"
        " CAST(seconds AS double) AS seconds, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounces, orders"
        " FROM sessions WHERE NOT is_bot",
        {
            "day": _D, "site": _T, "visitor_id": _T, "visitor_kind": _T, "channel": _T, "source": _T, "medium": _T,
            "campaign": _T, "device_class": _T, "geo_country": _T, "geo_region": _T, "geo_city": _T, "sessions": _W,
            "events": _W, "page_views": _W, "seconds": _N, "bounces": _W, "orders": _W,
        },
    ),
    DataSet(
        "revenue",
        "SELECT CAST(order_date AS timestamp) AS day, site, currency, channel, source, medium, campaign, device_class,"
        " geo_country, geo_region, orders, CAST(gross_revenue AS double) AS gross_revenue,"
        " CAST(refunded AS double) AS refunded, CAST(revenue AS double) AS revenue FROM revenue",
        {
            "day": _D, "site": _T, "currency": _T, "channel": _T, "source": _T, "medium": _T, "campaign": _T,
            "device_class": _T, "geo_country": _T, "geo_region": _T, "orders": _W, "gross_revenue": _N,
            "refunded": _N, "revenue": _N,
        },
    ),
    DataSet(
        "attribution",
        "SELECT CAST(order_date AS timestamp) AS day, site, order_id, currency, 1 AS orders,"
        " CAST(revenue AS double) AS revenue, touches, first_channel, first_source, first_campaign, last_channel,"
        " last_source, last_campaign FROM attribution WHERE NOT is_bot",
        {
            "day": _D, "site": _T, "order_id": _T, "currency": _T, "orders": _W, "revenue": _N, "touches": _W,
            "first_channel": _T,
            "first_source": _T, "first_campaign": _T, "last_channel": _T, "last_source": _T, "last_campaign": _T,
        },
    ),
    DataSet(
        "funnel",
        "SELECT CAST(session_date AS timestamp) AS day, site, channel, device_class, step_number, step, sessions"
        " FROM funnel",
        {"day": _D, "site": _T, "channel": _T, "device_class": _T, "step_number": _W, "step": _T, "sessions": _W},
    ),
    DataSet(
        "abandonment",
        "SELECT CAST(session_date AS timestamp) AS day, site, channel, device_class, currency, carts, carts_abandoned,"
        " checkouts, checkouts_abandoned, CAST(value_abandoned AS double) AS value_abandoned FROM abandonment",
        {
            "day": _D, "site": _T, "channel": _T, "device_class": _T, "currency": _T, "carts": _W,
            "carts_abandoned": _W,
            "checkouts": _W, "checkouts_abandoned": _W, "value_abandoned": _N,
        },
    ),
    DataSet(
        "retention",
        "SELECT CAST(cohort_week AS timestamp) AS cohort, site, CAST(cohort_week AS varchar) AS cohort_week,"
        " weeks_later, cohort_visitors, visitors, buyers FROM retention",
        {
            "cohort": _D, "site": _T, "cohort_week": _T, "weeks_later": _W, "cohort_visitors": _W, "visitors": _W,
            "buyers": _W,
        },
    ),
    DataSet(
        "newcomers",
        "SELECT CAST(session_date AS timestamp) AS visit_day, site, channel, device_class, currency, visitor, sessions,"
        " orders, CAST(revenue AS double) AS revenue FROM new_and_returning",
        {
            "visit_day": _D, "site": _T, "channel": _T, "device_class": _T, "currency": _T, "visitor": _T,
            "sessions": _W, "orders": _W, "revenue": _N,
        },
    ),
    DataSet(
        "touches",
        "SELECT CAST(order_date AS timestamp) AS ordered_on, site, currency, channel, source, medium, campaign,"
        " position, days_before, first_share, last_share, linear_share, position_share, first_revenue, last_revenue,"
        " linear_revenue, position_revenue FROM touches",
        {
            "ordered_on": _D, "site": _T, "currency": _T, "channel": _T, "source": _T, "medium": _T, "campaign": _T,
            "position": _W, "days_before": _N, "first_share": _N, "last_share": _N, "linear_share": _N,
            "position_share": _N, "first_revenue": _N, "last_revenue": _N, "linear_revenue": _N,
            "position_revenue": _N,
        },
    ),
    DataSet(
        "pages",
        "SELECT CAST(session_date AS timestamp) AS day, site, page_path, entries, bounces, exits FROM entry_exit_pages",
        {"day": _D, "site": _T, "page_path": _T, "entries": _W, "bounces": _W, "exits": _W},
    ),
    DataSet(
        "paths",
        "SELECT CAST(event_date AS timestamp) AS day, site, step_number, page_path, next_path, steps FROM paths"
        " WHERE step_number <= 5",
        {"day": _D, "site": _T, "step_number": _W, "page_path": _T, "next_path": _T, "steps": _W},
    ),
    DataSet(
        "products",
        "SELECT CAST(event_date AS timestamp) AS day, site, item_id, currency, item_name, item_brand, item_category,"
        " list_views, selections, item_views, pieces_to_cart, orders, pieces_sold, pieces_refunded,"
        " CAST(gross_revenue AS double) AS gross_revenue, CAST(revenue AS double) AS revenue FROM products",
        {
            "day": _D, "site": _T, "item_id": _T, "currency": _T, "item_name": _T, "item_brand": _T,
            "item_category": _T, "list_views": _W, "selections": _W, "item_views": _W, "pieces_to_cart": _W,
            "orders": _W,
            "pieces_sold": _W, "pieces_refunded": _W, "gross_revenue": _N, "revenue": _N,
        },
    ),
    DataSet(
        "baskets",
        "SELECT site, name_a, name_b, orders, share_of_a FROM baskets",
        {"site": _T, "name_a": _T, "name_b": _T, "orders": _W, "share_of_a": _N},
    ),
    DataSet(
        "searches",
        "SELECT CAST(event_date AS timestamp) AS day, site, search_term, searches, sessions, sessions_with_cart,"
        " sessions_with_order FROM search_terms",
        {
            "day": _D, "site": _T, "search_term": _T, "searches": _W, "sessions": _W, "sessions_with_cart": _W,
            "sessions_with_order": _W,
        },
    ),
    DataSet(
        "devices",
        "SELECT CAST(session_date AS timestamp) AS day, site, device_class, browser_name, os_name,"
        " CASE WHEN is_bot THEN 'bot' ELSE 'person' END AS who, bot_name, sessions, visitors, events, orders"
        " FROM devices",
        {
            "day": _D, "site": _T, "device_class": _T, "browser_name": _T, "os_name": _T, "who": _T, "bot_name": _T,
            "sessions": _W, "visitors": _W, "events": _W, "orders": _W,
        },
    ),
    DataSet(
        "quality",
        "SELECT CAST(CAST(dt AS date) AS timestamp) AS day, site, rows_written, events, copies, merges, late,"
        " time_suspect, cookieless, bots, with_enrich_errors, without_page, without_country, orders_without_id,"
        " orders_without_value, rejected, events + rejected AS received FROM data_quality",
        {
            "day": _D, "site": _T, "rows_written": _W, "events": _W, "copies": _W, "merges": _W, "late": _W,
            "time_suspect": _W, "cookieless": _W, "bots": _W, "with_enrich_errors": _W, "without_page": _W,
            "without_country": _W, "orders_without_id": _W, "orders_without_value": _W, "rejected": _W,
            "received": _W,
        },
    ),
    DataSet(
        "rejections",
        "SELECT CAST(CAST(dt AS date) AS timestamp) AS day, site, stage, reason, rejected, example FROM rejections",
        {"day": _D, "site": _T, "stage": _T, "reason": _T, "rejected": _W, "example": _T},
    ),
    DataSet(
        "freshness",
        "SELECT site, newest_received_at, minutes_behind, rows_of_two_days FROM freshness",
        {"site": _T, "newest_received_at": _D, "minutes_behind": _N, "rows_of_two_days": _W},
        live=True,
    ),
    DataSet(
        "real_time",
        "SELECT minute, site, events, visitors, orders FROM real_time",
        {"minute": _D, "site": _T, "events": _W, "visitors": _W, "orders": _W},
        live=True,
    ),
)  # fmt: skip

DATA_SETS = {data.name: data for data in _SETS}
