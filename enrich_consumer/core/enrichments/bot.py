"""Is it a person? One verdict, with the reasons; what counts and why: docs/decisions/0013-bots.md."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import re2
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from enrich_consumer.core.engine.context import Client
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.engine.lookups import References
from enrich_consumer.core.record import Row
from enrich_consumer.core.tables.hosting import is_hosting
from schemas import Column

AGENTS = 16384
LONGEST = 512

APPS = frozenset({"okhttp", "^okhttp", "Dalvik", "CFNetwork"})
"""Patterns of the crawler list that a shop's own app sends too: not a reason."""

_TAGS = {"ai-crawler": "ai_agent", "http-library": "http_library", "browser-automation": "headless"}
_AI = re.compile(
    r"gptbot|chatgpt|oai-search|claude|anthropic|perplexity|google-extended|gemini|bytespider|ccbot|cohere|mistral"
    r"|meta-externalagent|meta-externalfetcher|amazonbot|applebot-extended|deepseek|youbot|duckassist|diffbot"
    r"|ai2bot|imagesift|omgili|timpibot|petalbot",
    re.IGNORECASE,
)
_LIBRARY = re.compile(
    r"^(?:python|curl|wget|libwww|java/|go-http|axios|node|undici|ruby|php|guzzle|perl|lwp|aiohttp|httpx|scrapy"
    r"|postman|insomnia|restsharp|apache-httpclient|rest-client|faraday|typhoeus|reqwest|hyper/|ureq|deno/|bun/"
    r"|powershell|winhttp|mechanize|got |superagent|k6/|wrk|jmeter|vegeta|hey/|ab/|siege|artillery|locust)"
    r"|python-requests|python-urllib|go-http-client|node-fetch|windowspowershell",
    re.IGNORECASE,
)
_HEADLESS = re.compile(
    r"headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|cypress|htmlunit|splash|nightmare"
    r"|zombie\.js|electron/.*(?:nightmare|cypress)|rendertron|prerender|lighthouse|pagespeed|gtmetrix",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(r"bot\b|bot[/;)_-]|crawl|spider|scrap(?:er|y)|\+https?://", re.IGNORECASE)
_TOO_NEW = 400  # Chrome and Firefox come to about 150 in 2026 and add a dozen a year
_MAJOR = re.compile(r"(?:Chrome|Firefox|Version)/(\d+)")


class Verdict(NamedTuple):
    """What the User-Agent alone tells."""

    name: str | None
    reasons: tuple[str, ...]


def crawler_finder() -> Callable[[str], dict[str, Any] | None]:
    """A function that finds the crawler list's entry for an agent, with all patterns in one RE2 set."""
    patterns = re2.Set.SearchSet()
    entries = [entry for entry in CRAWLER_USER_AGENTS_DATA if entry["pattern"] not in APPS]
    for entry in entries:
        patterns.Add(entry["pattern"])
    patterns.Compile()

    def find(agent: str) -> dict[str, Any] | None:
        found = patterns.Match(agent)
        # The longest pattern is the most telling: Googlebot-Image before Googlebot.
        return max((entries[place] for place in found), key=lambda e: len(e["pattern"])) if found else None

    return find


def name_of(pattern: str) -> str:
    r"""A name for people out of a pattern: `Googlebot\/` is Googlebot."""
    text = re.sub(r"\\(.)", r"\1", pattern)
    text = re.sub(r"\(\?[:i]+\)?|\[\^?(.)[^\]]*\]|[\^$()|*?+]", lambda m: m.group(1) or "", text)
    return text.strip(" /;:-") or pattern


def impossible(agent: str) -> bool:
    """What no browser says of itself: next to nothing, a version from the far future, two systems."""
    text = agent.strip()
    if len(text) < 12 or text in {"Mozilla/5.0", "Mozilla/4.0", "Mozilla"}:
        return True
    if not any(letter.isalpha() for letter in text):
        return True
    if any(int(major[:9]) > _TOO_NEW for major in _MAJOR.findall(text)):
        return True
    if "Windows NT" in text and ("iPhone;" in text or "Android " in text or "Macintosh;" in text):
        return True
    return ("MSIE " in text and "Chrome/" in text) or (text.startswith(("'", '"', "<", "${", "() {")))


def verdict_of(find: Callable[[str], dict[str, Any] | None], agent: str, *, is_spider: bool) -> Verdict:
    """What one User-Agent text tells."""
    reasons = []
    entry = find(agent)
    tags = (entry.get("tags") or ()) if entry else ()
    told = {_TAGS[tag] for tag in tags if tag in _TAGS}
    library = _LIBRARY.search(agent)
    headless = _HEADLESS.search(agent)
    if (entry and not told & {"http_library", "headless"}) or is_spider or _SAYS_SO.search(agent):
        reasons.append("crawler")
    if "ai_agent" in told or _AI.search(agent):
        reasons.append("ai_agent")
    if "http_library" in told or library:
        reasons.append("http_library")
    if "headless" in told or headless:
        reasons.append("headless")
    if impossible(agent):
        reasons.append("impossible_agent")
    match = library or headless
    name = name_of(entry["pattern"]) if entry else match.group(0).strip("/ ") if match else None
    return Verdict(name, tuple(reasons))


def _build(_: References) -> Step:
    find = crawler_finder()

    def of(agent: str, is_spider: bool) -> Verdict:
        return verdict_of(find, agent, is_spider=is_spider)

    cached = lru_cache(AGENTS)(of)
    hosting = lru_cache(8192)(is_hosting)

    def per_client(_: Client, row: Row) -> None:
        agent = row.get("user_agent")
        if agent:
            name, found = cached(agent, row.get("device_class") == "bot")
        else:
            name, found = None, ("no_user_agent",)
        reasons = list(found)
        # A machine's network is a hint, never the verdict: people come through VPNs and offices in clouds.
        row["is_bot"] = bool(reasons)
        if name:
            row["bot_name"] = name
        if "asn" in row and hosting(row["asn"], row.get("as_organization")):
            reasons.append("data_centre")
        if reasons:
            row["bot_reasons"] = reasons

    return Step(per_client, caches={"bot": cached.cache_info})


ENRICHMENT = Enrichment(
    name="bot",
    description="One verdict whether a machine sent it, with the reasons.",
    provides=(
        Column("is_bot", "boolean", "Any reason but data_centre alone."),
        Column("bot_name", "string", "Which one, where it is known."),
        Column(
            "bot_reasons",
            "array<string>",
            "crawler, ai_agent, http_library, headless, impossible_agent, no_user_agent, data_centre.",
        ),
    ),
    requires=("user_agent", "device_class", "asn", "as_organization"),
    build=_build,
)
