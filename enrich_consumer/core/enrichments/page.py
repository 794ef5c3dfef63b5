"""The page, its language and the size of the screen."""

from enrich_consumer.core.engine.context import Browser, EnrichmentContext, Page
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.parsing import clean_urls, urls
from enrich_consumer.core.record import Event, Row, without_nulls
from reference_data.lookups import References
from schemas import Column

WIDTHS = ((576, "xs"), (768, "sm"), (992, "md"), (1200, "lg"), (1400, "xl"))
"""Classes of width in CSS pixels: the break points of Bootstrap, which most shop themes use."""


def language_of(text: str | None) -> str | None:
    """The first language of `pt-BR,pt;q=0.9` in canonical case: `pt-BR`; None where there is none."""
    if not text:
        return None
    parts = text.partition(",")[0].partition(";")[0].strip().replace("_", "-").split("-")
    if not (parts[0].isascii() and parts[0].isalpha() and 2 <= len(parts[0]) <= 8):
        return None
    tail = [
        part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part for part in parts[1:3]
    ]
    return "-".join([parts[0].lower(), *(part for part in tail if part.isascii() and part.isalnum())])


def width_class(width: int | None) -> str | None:
    """xs, sm, md, lg, xl or xxl."""
    if not width:
        return None
    return next((name for limit, name in WIDTHS if width < limit), "xxl")


def _address(url: str, row: Row) -> None:
    text, parts = clean_urls.find(url)
    if parts is urls.NO_URL:
        row["page_url"] = url[: urls.LONGEST]
        return
    row["page_url"] = text
    if parts.host is not None:
        row["page_host"] = parts.host
    if parts.path is not None:
        row["page_path"] = parts.path
    if parts.query is not None:
        row["page_query"] = parts.query


def screen_columns(wide: int | None, high: int | None, view: int | None, view_high: int | None) -> Row:
    """The columns of a screen and of the window's inside, in pixels."""
    return without_nulls(
        {
            "screen_width": wide,
            "screen_height": high,
            "viewport_width": view,
            "viewport_height": view_high,
            "screen_class": width_class(wide),
            "viewport_class": width_class(view),
        }
    )


def _per_browser(browser: Browser, row: Row) -> None:
    if browser.malformed:
        raise ValueError("`screen` is not an object of numbers")
    if browser.screen:
        row.update(screen_columns(*browser.screen))
    if tag := language_of(browser.language) or language_of(browser.accept_language):
        row["language"] = tag


def _per_page(page: Page, row: Row) -> None:
    if page.malformed:
        raise ValueError("`page` holds other values than texts")
    if page.url:
        _address(page.url, row)


def _per_event(context: EnrichmentContext, _: Event, row: Row) -> None:
    if context.title:
        row["page_title"] = context.title


def _build(_: References) -> Step:
    return Step(
        per_browser=_per_browser, per_page=_per_page, per_event=_per_event, caches={"url": clean_urls.info}
    )


ENRICHMENT: Enrichment = Enrichment(
    name="page",
    description="The page's URL in parts, its title, the language and the screen.",
    provides=(
        Column("page_url", "string", "URL of the page, without secrets and personal data."),
        Column("page_host", "string", "Host name, lower case."),
        Column("page_path", "string", "Path, from the slash."),
        Column("page_query", "string", "Query without the question mark, without secrets and personal data."),
        Column("page_title", "string", "Title of the page, scrubbed of personal data."),
        Column("language", "string", "BCP 47, for example pt-BR: the event's own, else the browser's first."),
        Column("screen_width", "int", "Pixels."),
        Column("screen_height", "int", "Pixels."),
        Column("viewport_width", "int", "Pixels."),
        Column("viewport_height", "int", "Pixels."),
        Column("screen_class", "string", "Width of the screen: xs, sm, md, lg, xl, xxl."),
        Column("viewport_class", "string", "Width of the window's inside, the same classes."),
    ),
    requires=(),
    build=_build,
)
