"""The nine dashboards. Their order is the order in which a shop looks at its day."""

from analytics.dashboards.model import (
    BarChart,
    Dashboard,
    Distinct,
    FilterControl,
    FunnelChart,
    HeatMap,
    Kpi,
    Latest,
    LineChart,
    PieChart,
    Ratio,
    Sankey,
    Table,
    Total,
)

_SITE = FilterControl("Site", "site")
_DEVICE = FilterControl("Device", "device_class")
_CHANNEL = FilterControl("Channel", "channel")
_CURRENCY = FilterControl("Currency", "currency")

_SESSIONS, _ORDERS, _REVENUE = Total("sessions"), Total("orders"), Total("revenue")
_GROSS, _REFUNDED = Total("gross_revenue"), Total("refunded")
_CONVERSION = Ratio("orders per session", "orders", "sessions")
_BASKET = Ratio("revenue per order", "revenue", "orders")

_MODELS = ("first", "last", "linear", "position")

OVERVIEW = Dashboard(
    "overview",
    "Overview and revenue",
    (
        Kpi("Orders", "sessions", _ORDERS),
        Kpi("Sessions", "sessions", _SESSIONS),
        Kpi("Visitors", "sessions", Distinct("visitor_id")),
        Kpi("Orders per session", "sessions", _CONVERSION),
        Table(
            "Revenue by currency", "revenue", ("currency",), (_REVENUE, _GROSS, _REFUNDED, _ORDERS, _BASKET)
        ),
        LineChart("Revenue", "revenue", (_REVENUE,), by="currency"),
        LineChart("Orders", "revenue", (_ORDERS,)),
        LineChart("Sessions by device", "sessions", (_SESSIONS,), by="device_class"),
        BarChart("Revenue by region", "revenue", "geo_region", (_REVENUE,), by="currency"),
        BarChart("Sessions by country", "sessions", "geo_country", (_SESSIONS,), most=10),
    ),
    (_SITE, _CURRENCY, _DEVICE),
)

ACQUISITION = Dashboard(
    "acquisition",
    "Acquisition",
    (
        LineChart("Sessions by channel", "sessions", (_SESSIONS,), by="channel"),
        BarChart("Orders per session by channel", "sessions", "channel", (_CONVERSION,)),
        Table(
            "Campaigns",
            "sessions",
            ("campaign", "source", "medium"),
            (_SESSIONS, _ORDERS, _CONVERSION),
        ),
        Table(
            "Revenue by campaign",
            "revenue",
            ("currency", "campaign", "source", "medium"),
            (_REVENUE, _GROSS, _REFUNDED, _ORDERS),
        ),
        BarChart("Revenue by the first touch", "attribution", "first_channel", (_REVENUE,), by="currency"),
        BarChart("Revenue by the last touch", "attribution", "last_channel", (_REVENUE,), by="currency"),
        HeatMap("Orders: from first to last touch", "attribution", "first_channel", "last_channel", _ORDERS),
        Kpi("Visits before an order", "attribution", Ratio("visits per order", "touches", "orders")),
        Table(
            "Orders of people by model",
            "touches",
            ("channel",),
            tuple(Total(f"{model}_share") for model in _MODELS),
        ),
        Table(
            "Revenue of people by model",
            "touches",
            ("currency", "channel"),
            tuple(Total(f"{model}_revenue") for model in _MODELS),
        ),
    ),
    (_SITE, _CURRENCY, _CHANNEL, _DEVICE),
)

ENGAGEMENT = Dashboard(
    "engagement",
    "Engagement",
    (
        Kpi("Pages per session", "sessions", Ratio("pages per session", "page_views", "sessions")),
        Kpi("Seconds per session", "sessions", Ratio("seconds per session", "seconds", "sessions")),
        Kpi("Bounces", "sessions", Ratio("bounce rate", "bounces", "sessions")),
        LineChart("Pages per session", "sessions", (Ratio("pages per session", "page_views", "sessions"),)),
        BarChart("Where visits begin", "pages", "page_path", (Total("entries"), Total("bounces"))),
        BarChart("Where visits end", "pages", "page_path", (Total("exits"),)),
        Sankey("The first five pages", "paths", "page_path", "next_path", Total("steps")),
        Table(
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
        FunnelChart("From visit to order", "funnel", "step", "step_number", _SESSIONS),
        BarChart("Funnel by device", "funnel", "step", (_SESSIONS,), by="device_class"),
        BarChart("Funnel by channel", "funnel", "step", (_SESSIONS,), by="channel"),
        Kpi("Carts abandoned", "abandonment", Ratio("cart abandonment", "carts_abandoned", "carts")),
        Kpi(
            "Checkouts abandoned",
            "abandonment",
            Ratio("checkout abandonment", "checkouts_abandoned", "checkouts"),
        ),
        LineChart("Left in carts", "abandonment", (Total("value_abandoned"),), by="currency"),
        Table(
            "Left in carts by device",
            "abandonment",
            ("currency", "device_class"),
            (Total("value_abandoned"), Total("carts_abandoned")),
        ),
    ),
    (_SITE, _CURRENCY, _DEVICE, _CHANNEL),
)

RETENTION = Dashboard(
    "retention",
    "Retention",
    (
        LineChart("Sessions of new and returning visitors", "newcomers", (_SESSIONS,), by="visitor"),
        BarChart("Orders per session, new and returning", "newcomers", "visitor", (_CONVERSION,)),
        Table(
            "Revenue of new and returning visitors",
            "newcomers",
            ("currency", "visitor"),
            (_REVENUE, _ORDERS, _SESSIONS),
        ),
        HeatMap(
            "Visitors who came back, by week",
            "retention",
            "cohort_week",
            "weeks_later",
            Ratio("share that came back", "visitors", "cohort_visitors"),
        ),
        HeatMap(
            "Visitors who bought, by week",
            "retention",
            "cohort_week",
            "weeks_later",
            Ratio("share that bought", "buyers", "cohort_visitors"),
        ),
        Table(
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
        BarChart("Revenue by product", "products", "item_name", (_REVENUE,), by="currency"),
        BarChart("Revenue by category", "products", "item_category", (_REVENUE,), by="currency"),
        LineChart("Pieces sold by category", "products", (Total("pieces_sold"),), by="item_category"),
        Table(
            "From view to order",
            "products",
            ("currency", "item_name", "item_brand", "item_category"),
            (
                Total("item_views"),
                Total("pieces_to_cart"),
                Total("pieces_sold"),
                Total("pieces_refunded"),
                _REVENUE,
                _GROSS,
                Ratio("pieces sold per view", "pieces_sold", "item_views"),
            ),
        ),
        Table("Bought together", "baskets", ("name_a", "name_b"), (_ORDERS, Latest("share_of_a"))),
    ),
    (_SITE, _CURRENCY, FilterControl("Category", "item_category")),
)

DEVICES = Dashboard(
    "devices",
    "Devices and bots",
    (
        PieChart("Sessions by device", "devices", "device_class", _SESSIONS),
        PieChart("People and bots", "devices", "who", _SESSIONS),
        BarChart("Browsers", "devices", "browser_name", (_SESSIONS,)),
        BarChart("Operating systems", "devices", "os_name", (_SESSIONS,)),
        BarChart("Bots", "devices", "bot_name", (Total("events"),)),
        LineChart("People and bots by day", "devices", (_SESSIONS,), by="who"),
        BarChart("Orders per session by browser", "devices", "browser_name", (_CONVERSION,), most=10),
    ),
    (_SITE, FilterControl("Who", "who"), _DEVICE),
)

QUALITY = Dashboard(
    "quality",
    "Data quality",
    (
        Kpi("Rejected", "quality", Ratio("rejected share", "rejected", "received")),
        Kpi("Copies", "quality", Ratio("copies per row", "copies", "rows_written")),
        Kpi("Late", "quality", Ratio("late share", "late", "events")),
        Kpi("Without country", "quality", Ratio("share without country", "without_country", "events")),
        LineChart(
            "Events, copies, rejected", "quality", (Total("events"), Total("copies"), Total("rejected"))
        ),
        LineChart(
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
        Table("Why events were rejected", "rejections", ("reason", "stage", "example"), (Total("rejected"),)),
        LineChart("Merges", "quality", (Total("merges"),)),
    ),
    (_SITE,),
)

REAL_TIME = Dashboard(
    "real_time",
    "Real time",
    (
        Kpi("Minutes behind", "freshness", Latest("minutes_behind")),
        Kpi("Events in the last hour", "real_time", Total("events")),
        Kpi("Orders in the last hour", "real_time", _ORDERS),
        LineChart("Events by minute", "real_time", (Total("events"),), grain="MINUTE"),
        LineChart("Visitors by minute", "real_time", (Total("visitors"),), grain="MINUTE"),
        Table("Sites", "freshness", ("site",), (Latest("minutes_behind"), Total("rows_of_two_days"))),
    ),
    (_SITE,),
    days=None,
)

DASHBOARDS = (OVERVIEW, ACQUISITION, ENGAGEMENT, FUNNEL, RETENTION, PRODUCTS, DEVICES, QUALITY, REAL_TIME)
