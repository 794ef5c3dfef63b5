"""Browser, system and device from the User-Agent header and the client hints.

`ua-parser` with its Rust back end; why: docs/decisions/0010-user-agent-parser.md.
"""

import re
from collections.abc import Callable
from functools import cache

from ua_parser import Domain, PartialResult
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from enrich_consumer.core.engine.context import NO_HINTS, Agent
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.parsing import client_hints
from enrich_consumer.core.parsing.client_hints import Hints
from enrich_consumer.core.parsing.device_class import class_of, is_tablet
from enrich_consumer.core.record import Row, without_nulls
from reference_data.lookups import References
from schemas import Column

LONGEST = 512
"""Characters that are parsed and kept: real agents are shorter, and the cost of a parse grows with length."""

Parse = Callable[[str, Domain], PartialResult]


def version_of(*parts: str | None) -> str | None:
    """`120.0.6099` of its parts, up to the first that is missing."""
    numbers = []
    for part in parts:
        if not part:
            break
        numbers.append(part)
    return ".".join(numbers) or None


def engine_of(agent: str) -> str | None:
    """The engine that draws the page."""
    if "Trident/" in agent or "MSIE " in agent:
        return "Trident"
    if "Edge/" in agent:
        return "EdgeHTML"
    if "AppleWebKit/" in agent:
        ours = ("Chrome/" in agent or "Chromium/" in agent) and "CriOS" not in agent
        return "Blink" if ours else "WebKit"
    if "Presto/" in agent:
        return "Presto"
    return "Gecko" if "Gecko/" in agent else None


def from_text(parse: Parse, agent: str) -> Row:
    """The columns of one User-Agent text."""
    agent = agent[:LONGEST]
    found = parse(agent, Domain.ALL)
    browser, system, device = found.user_agent, found.os, found.device
    row = {
        "user_agent": agent,
        "browser_name": browser.family if browser else None,
        "browser_version": version_of(browser.major, browser.minor, browser.patch) if browser else None,
        "browser_engine": engine_of(agent),
        "os_name": system.family if system else None,
        "os_version": version_of(system.major, system.minor, system.patch) if system else None,
        "device_class": class_of(agent, found),
        "device_brand": device.brand if device else None,
        "device_model": device.model if device else None,
    }
    if _FROZEN.search(agent):  # the same for every phone: docs/enrichments.md
        row["os_version"] = row["device_brand"] = row["device_model"] = None
    elif row["device_class"] == "tablet" and row["device_model"] == "Mac":
        row["device_model"] = "iPad"
    return row


_FROZEN = re.compile(r"Android 10; K[);]")
"""What Chrome 110 and later say of every Android device, whatever it is."""
_WEBVIEW = "Chrome Mobile WebView"
_NO_APP = frozenset(("", "Chrome", "Chrome Mobile", _WEBVIEW, "Android", "Android WebView", "Other"))
"""Names in an agent that are not an app's."""


def with_hints(row: Row, hints: Hints) -> Row:
    """The columns with the hints in place of what the text says: newer browsers freeze the text."""
    row = dict(row)
    browser = row["browser_name"] or ""
    is_app = (
        hints.browser == _WEBVIEW and browser not in _NO_APP
    )  # the hint is about the engine that the app is drawn by
    if hints.browser and hints.browser != "Chromium" and not is_app:
        if not browser.startswith(hints.browser):
            row["browser_name"] = hints.browser
        row["browser_version"] = hints.version
        row["browser_engine"] = "Blink"
    if hints.system:
        if row["os_name"] != hints.system:
            row["os_version"] = None
        row["os_name"] = hints.system
        row["os_version"] = hints.system_version or row["os_version"]
    if hints.model:
        if row["device_model"] != hints.model:
            row["device_brand"] = row["device_brand"] if hints.model in (row["user_agent"] or "") else None
        row["device_model"] = hints.model
    if hints.model and row["device_class"] in {"mobile", "tablet", "other", None} and is_tablet(hints.model):
        row["device_class"] = "tablet"
    elif hints.mobile and row["device_class"] in {"desktop", "tablet", "other", None}:
        row["device_class"] = "mobile"
    return row


_NO_TEXT: Row = dict.fromkeys(
    (
        "user_agent",
        "browser_name",
        "browser_version",
        "browser_engine",
        "os_name",
        "os_version",
        "device_class",
        "device_brand",
        "device_model",
    )
)


@cache
def _parser() -> Parse:
    """The patterns of ua-parser, compiled: 0.2 s and some megabytes, so one for all that are built in a process."""
    return Resolver(load_lazy_builtins())


def _build(_: References) -> Step:
    parse = _parser()

    def per_agent(agent: Agent, row: Row) -> None:
        text, hints = agent.user_agent, agent.hints
        if not text and hints == NO_HINTS:
            return
        found = from_text(parse, text) if text else _NO_TEXT
        row.update(without_nulls(found if hints == NO_HINTS else with_hints(found, client_hints.read(hints))))

    return Step(per_agent=per_agent)


ENRICHMENT: Enrichment = Enrichment(
    name="user_agent",
    description="Browser, system and device from the User-Agent header and the client hints.",
    provides=(
        Column("user_agent", "string", "The User-Agent header, at most 512 characters."),
        Column("browser_name", "string", "Family, for example Chrome Mobile."),
        Column("browser_version", "string", "As many parts as the client gives, for example 120.0.0."),
        Column("browser_engine", "string", "Blink, WebKit, Gecko, Trident, EdgeHTML or Presto."),
        Column("os_name", "string", "Family, for example Android."),
        Column("os_version", "string", "As many parts as the client gives."),
        Column("device_class", "string", "desktop, mobile, tablet, tv, console, wearable, bot or other."),
        Column("device_brand", "string", "For example Samsung."),
        Column("device_model", "string", "For example SM-G991B."),
    ),
    requires=(),
    build=_build,
)
