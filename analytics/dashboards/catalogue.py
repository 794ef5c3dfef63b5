"""The nine dashboards. Their order is the order in which a shop looks at its day."""

from analytics.dashboards.model import (
    Bars,
    Choice,
    Course,
    Dashboard,
    Distinct,
    Flow,
    Grid,
    Latest,
    Listing,
    Number,
    Parts,
    Ratio,
    Steps,
    Total,
)

_SITE = Choice("Site", "site")
_DEVICE = Choice("Device", "device_class")
_CHANNEL = Choice("Channel", "channel")

_SESSIONS, _ORDERS, _REVENUE = Total("sessions"), Total("orders"), Total("revenue")
_CONVERSION = Ratio("orders per session", "orders", "sessions")
_BASKET = Ratio("revenue per order", "revenue", "orders")

OVERVIEW = Dashboard(
    "overview",
    "Overview and revenue",
    (
        Number("Revenue", "sessions", _REVENUE),
        Number("Orders", "sessions", _ORDERS),
        Number("Sessions", "sessions", _SESSIONS),
        Number("Visitors", "sessions", Distinct("visitor_id")),
        Number("Orders per session", "sessions", _CONVERSION),
        Number("Revenue per order", "sessions", _BASKET),
        Course("Revenue and orders", "sessions", (_REVENUE, _ORDERS)),
        Course("Sessions by device", "sessions", (_SESSIONS,), by="device_class"),
        Bars("Revenue by region", "sessions", "geo_region", (_REVENUE,)),
        Bars("Sessions by country", "sessions", "geo_country", (_SESSIONS,), most=10),
    ),
    (_SITE, _DEVICE),
)

ACQUISITION = Dashboard(
    "acquisition",
    "Acquisition",
    (
        Course("Sessions by channel", "sessions", (_SESSIONS,), by="channel"),
        Bars("Orders per session by channel", "sessions", "channel", (_CONVERSION,)),
        Listing(
            "Campaigns",
            "sessions",
            ("campaign", "source", "medium"),
            (_SESSIONS, _ORDERS, _REVENUE, _CONVERSION),
        ),
        Bars("Revenue by the first touch", "attribution", "first_channel", (_REVENUE,)),
        Bars("Revenue by the last touch", "attribution", "last_channel", (_REVENUE,)),
        Grid("Orders: from first to last touch", "attribution", "first_channel", "last_channel", _ORDERS),
        Number("Visits before an order", "attribution", Ratio("visits per order", "touches", "orders")),
    ),
    (_SITE, _CHANNEL, _DEVICE),
)

ENGAGEMENT = Dashboard(
    "engagement",
    "Engagement",
    (
        Number("Pages per session", "sessions", Ratio("pages per session", "page_views", "sessions")),
        Number("Seconds per session", "sessions", Ratio("seconds per session", "seconds", "sessions")),
        Number("Bounces", "sessions", Ratio("bounce rate", "bounces", "sessions")),
        Course("Pages per session", "sessions", (Ratio("pages per session", "page_views", "sessions"),)),
        Bars("Where visits begin", "pages", "page_path", (Total("entries"), Total("bounces"))),
        Bars("Where visits end", "pages", "page_path", (Total("exits"),)),
        Flow("The first five pages", "paths", "page_path", "next_path", Total("steps")),
        Listing(
            "Searches",
            "searches",
            ("search_term",),
            (Total("searches"), Total("sessions_with_cart"), Total("sessions_with_order")),
        ),
    ),
    (_SITE, _DEVICE, _CHANNEL),
)

FUNNEL = Dashboard(
    "funnel",
    "Funnel",
    (
        Steps("From visit to order", "funnel", "step", "step_number", _SESSIONS),
        Bars("Steps by device", "funnel", "step", (_SESSIONS,), by="device_class"),
        Bars("Steps by channel", "funnel", "step", (_SESSIONS,), by="channel"),
        Number("Carts abandoned", "abandonment", Ratio("cart abandonment", "carts_abandoned", "carts")),
        Number(
            "Checkouts abandoned",
            "abandonment",
            Ratio("checkout abandonment", "checkouts_abandoned", "checkouts"),
        ),
        Number("Left in carts", "abandonment", Total("value_abandoned")),
        Course("Left in carts", "abandonment", (Total("value_abandoned"),), by="device_class"),
    ),
    (_SITE, _DEVICE, _CHANNEL),
)

RETENTION = Dashboard(
    "retention",
    "Retention",
    (
        Grid(
            "Visitors who came back, by week",
            "retention",
            "cohort_week",
            "weeks_later",
            Ratio("share that came back", "visitors", "cohort_visitors"),
        ),
        Grid(
            "Visitors who bought, by week",
            "retention",
            "cohort_week",
            "weeks_later",
            Ratio("share that bought", "buyers", "cohort_visitors"),
        ),
        Listing(
            "Cohorts",
            "retention",
            ("cohort_week", "weeks_later"),
            (Total("visitors"), Total("buyers"), Total("cohort_visitors")),
        ),
    ),
    (_SITE,),
    days=90,
)

PRODUCTS = Dashboard(
    "products",
    "Products",
    (
        Bars("Revenue by product", "products", "item_name", (_REVENUE,)),
        Bars("Revenue by category", "products", "item_category", (_REVENUE,)),
        Course("Pieces sold by category", "products", (Total("pieces_sold"),), by="item_category"),
        Listing(
            "From view to order",
            "products",
            ("item_name", "item_brand", "item_category"),
            (
                Total("item_views"),
                Total("pieces_to_cart"),
                Total("pieces_sold"),
                _REVENUE,
                Ratio("pieces sold per view", "pieces_sold", "item_views"),
            ),
        ),
        Listing("Bought together", "baskets", ("name_a", "name_b"), (_ORDERS, Latest("share_of_a"))),
    ),
    (_SITE, Choice("Category", "item_category")),
)

DEVICES = Dashboard(
    "devices",
    "Devices and bots",
    (
        Parts("Sessions by device", "devices", "device_class", _SESSIONS),
        Parts("People and bots", "devices", "who", _SESSIONS),
        Bars("Browsers", "devices", "browser_name", (_SESSIONS,)),
        Bars("Operating systems", "devices", "os_name", (_SESSIONS,)),
        Bars("Bots", "devices", "bot_name", (Total("events"),)),
        Course("People and bots by day", "devices", (_SESSIONS,), by="who"),
        Bars("Orders per session by browser", "devices", "browser_name", (_CONVERSION,), most=10),
    ),
    (_SITE, Choice("Who", "who"), _DEVICE),
)

QUALITY = Dashboard(
    "quality",
    "Data quality",
    (
        Number("Rejected", "quality", Ratio("rejected share", "rejected", "received")),
        Number("Copies", "quality", Ratio("copies per row", "copies", "rows_written")),
        Number("Late", "quality", Ratio("late share", "late", "events")),
        Number("Without country", "quality", Ratio("share without country", "without_country", "events")),
        Course("Events, copies, rejected", "quality", (Total("events"), Total("copies"), Total("rejected"))),
        Course(
            "What is missing",
            "quality",
            (
                Total("with_enrich_errors"),
                Total("without_page"),
                Total("orders_without_id"),
                Total("orders_without_value"),
                Total("time_suspect"),
            ),
        ),
        Listing(
            "Why events were rejected", "rejections", ("reason", "stage", "example"), (Total("rejected"),)
        ),
        Course("Merges", "quality", (Total("merges"),)),
    ),
    (_SITE,),
)

REAL_TIME = Dashboard(
    "real_time",
    "Real time",
    (
        Number("Minutes behind", "freshness", Latest("minutes_behind")),
        Number("Events in the last hour", "real_time", Total("events")),
        Number("Orders in the last hour", "real_time", _ORDERS),
        Course("Events by minute", "real_time", (Total("events"),), grain="MINUTE"),
        Course("Visitors by minute", "real_time", (Total("visitors"),), grain="MINUTE"),
        Listing("Sites", "freshness", ("site",), (Latest("minutes_behind"), Total("rows_of_two_days"))),
    ),
    (_SITE,),
    days=None,
)

DASHBOARDS = (OVERVIEW, ACQUISITION, ENGAGEMENT, FUNNEL, RETENTION, PRODUCTS, DEVICES, QUALITY, REAL_TIME)
