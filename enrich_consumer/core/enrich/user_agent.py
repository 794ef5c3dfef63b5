"""Browser, system and device from the User-Agent header.

`ua-parser` with its Rust back end; why: docs/decisions/0010-user-agent-parser.md.
"""

from collections.abc import Callable
from functools import lru_cache

from ua_parser import Domain, PartialResult
from ua_parser.loaders import load_builtins
from ua_parser.regex import Resolver

from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.spec import Spec, Step
from enrich_consumer.core.record import Record, Row
from schemas import Column

AGENTS = 16384
LONGEST = 512
"""Characters that are parsed and kept: real agents are shorter, and the cost of a parse grows with length."""

_WORDS = (
    ("console", ("playstation", "xbox", "nintendo")),
    ("wearable", ("watch", "wear os")),
    (
        "tv",
        ("smart-tv", "smarttv", "hbbtv", "appletv", "googletv", "bravia", "roku", "aft", "crkey", "webos"),
    ),
    ("tablet", ("ipad", "tablet", "kindle", "silk/")),
)
_PHONES = frozenset({"iOS", "Android", "Windows Phone", "KaiOS"})
_DESKTOPS = frozenset({"Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian", "FreeBSD"})


def _version(*parts: str | None) -> str | None:
    known = []
    for part in parts:
        if not part:
            break
        known.append(part)
    return ".".join(known) or None


def device_class(agent: str, found: PartialResult) -> str:
    """One of desktop, mobile, tablet, tv, console, wearable, bot, other."""
    text = agent.lower()
    if found.device and found.device.family == "Spider":
        return "bot"
    for name, words in _WORDS:
        if any(word in text for word in words):
            return name
    system = found.os.family if found.os else ""
    if system == "Android" and "mobile" not in text and "mozilla" in text:
        return "tablet"  # Google's own advice: phones say Mobile, tablets do not
    if "mobi" in text or system in _PHONES:
        return "mobile"
    return "desktop" if system in _DESKTOPS else "other"


def columns_of(parse: Callable[[str, Domain], PartialResult], agent: str) -> Row:
    """The columns of one User-Agent text."""
    agent = agent[:LONGEST]
    found = parse(agent, Domain.ALL)
    browser, system, device = found.user_agent, found.os, found.device
    return {
        "user_agent": agent,
        "browser_name": browser.family if browser else None,
        "browser_version": _version(browser.major, browser.minor, browser.patch) if browser else None,
        "os_name": system.family if system else None,
        "os_version": _version(system.major, system.minor, system.patch) if system else None,
        "device_class": device_class(agent, found),
        "device_brand": device.brand if device else None,
        "device_model": device.model if device else None,
    }


def _build(_: References) -> Step:
    parse = Resolver(load_builtins())
    columns = lru_cache(AGENTS)(lambda agent: columns_of(parse, agent))

    def per_record(record: Record, row: Row) -> None:
        if record.user_agent:
            row.update(columns(record.user_agent))

    return Step(per_record)


SPEC = Spec(
    name="user_agent",
    description="Browser, system and device from the User-Agent header.",
    gives=(
        Column("user_agent", "string", "The header, at most 512 characters."),
        Column("browser_name", "string", "Family, for example Chrome Mobile."),
        Column("browser_version", "string", "As far as it is known, for example 120.0.0."),
        Column("os_name", "string", "Family, for example Android."),
        Column("os_version", "string", "As far as it is known."),
        Column("device_class", "string", "desktop, mobile, tablet, tv, console, wearable, bot or other."),
        Column("device_brand", "string", "For example Samsung."),
        Column("device_model", "string", "For example SM-G991B."),
    ),
    needs=(),
    build=_build,
)
