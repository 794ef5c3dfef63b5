"""The page, its language and the size of the screen."""

from functools import lru_cache

from enrich_consumer.core.enrich import urls
from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.spec import Spec, Step
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column

URLS = 8192
_SIZES = (
    ("width", "screen_width"),
    ("height", "screen_height"),
    ("viewport_width", "viewport_width"),
    ("viewport_height", "viewport_height"),
)


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
    return "-".join([parts[0].lower(), *tail])


def _columns(url: str) -> Row:
    url = url[: urls.LONGEST]
    address = urls.split(url)
    return {
        "page_url": url,
        "page_host": address.host,
        "page_path": address.path,
        "page_query": address.query,
    }


def _build(_: References) -> Step:
    columns = lru_cache(URLS)(_columns)
    language = lru_cache(1024)(language_of)

    def per_record(record: Record, row: Row) -> None:
        row["language"] = language(record.headers.get("accept_language"))

    def per_event(record: Record, event: Event, row: Row) -> None:
        page = event.get("page")
        if page:
            url = page.get("url")
            if url:
                row.update(columns(url))
            row["page_title"] = page.get("title")
        if told := event.get("language"):
            row["language"] = language(told) or row["language"]
        screen = event.get("screen")
        if screen:
            for field, column in _SIZES:
                row[column] = screen.get(field)

    return Step(per_record, per_event)


SPEC = Spec(
    name="page",
    description="The page's address in parts, its title, the language and the screen.",
    gives=(
        Column("page_url", "string", "Address of the page, scrubbed of secrets and personal data."),
        Column("page_host", "string", "Host name, lower case."),
        Column("page_path", "string", "Path, from the slash."),
        Column("page_query", "string", "Query without the question mark, scrubbed."),
        Column("page_title", "string", "Title of the page, scrubbed."),
        Column("language", "string", "BCP 47, for example pt-BR: the event's own, else the browser's first."),
        Column("screen_width", "int", "Pixels."),
        Column("screen_height", "int", "Pixels."),
        Column("viewport_width", "int", "Pixels."),
        Column("viewport_height", "int", "Pixels."),
    ),
    needs=(),
    build=_build,
)
