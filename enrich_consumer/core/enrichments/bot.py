"""Decides whether a client is a bot, with the reasons. docs/decisions/0013-bots.md says what counts and why."""

import re
from typing import NamedTuple

import re2

from enrich_consumer.core.engine.context import Agent
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.parsing.crawlers import Find, crawler_finder, is_of_people, without_model
from enrich_consumer.core.record import Row
from reference_data.lookups import References
from schemas import Column

_AI = re.compile(
    r"gptbot|chatgpt-user|chatgpt agent|oai-(?:search|ads)bot|claude-?(?:bot|web|user|searchbot|code)|anthropic-ai"
    r"|perplexity(?:bot|-user)|google-extended|gemini-deep|google-cloudvertex|bytespider|ccbot|cohere-(?:ai|training)"
    r"|mistralai|meta-external(?:agent|fetcher)|amazonbot|amzn-(?:user|searchbot)|applebot-extended|deepseekbot|youbot"
    r"|duckassist|diffbot|ai2bot|imagesift|omgili|timpibot|petalbot|novaact",
    re.IGNORECASE,
)
"""Agents of AI companies; their names alone (Claude, Gemini) are apps and phones of people too."""
_LIBRARY = re.compile(
    r"^(?:python|curl|wget|libwww|java/|go-http|axios|node|undici|ruby|php|guzzle|perl|lwp|aiohttp|httpx|scrapy"
    r"|postman|insomnia|restsharp|apache-httpclient|rest-client|faraday|typhoeus|reqwest|hyper/|ureq|deno/|bun/"
    r"|powershell|winhttp|mechanize|got |superagent|k6/|wrk|jmeter|vegeta|hey/|ab/|siege|artillery|locust)"
    r"|python-requests|python-urllib|go-http-client|node-fetch|windowspowershell",
    re.IGNORECASE,
)
_HEADLESS = re.compile(
    r"headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|cypress|htmlunit|\bsplash\b|nightmare"
    r"|zombie\.js|electron/.*(?:nightmare|cypress)|rendertron|prerender|lighthouse|pagespeed|gtmetrix",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(r"(?<!cu)bot\b|(?<!cu)bot[/;)_-]|crawl|spider|scrap(?:er|y)", re.IGNORECASE)
_OPERATOR_URL = re.compile(r"\+https?://", re.IGNORECASE)
"""The URL in which a crawler names its operator."""
_APP = re.compile(r"^(?!mozilla).*(?:android|iphone|ipad|\bios\b|darwin|podder|bullhorn)", re.IGNORECASE)
"""Apps that name their maker's page the same way."""
_SHORTEST, _SHORT = 4, 12
"""Letters: some apps send their name alone, so short is suspicious only beside another reason."""
_TOO_NEW = 400  # Chrome and Firefox come to about 150 in 2026 and add a dozen a year
_MAJOR = re.compile(r"\b(?:Chrome|Firefox|Version)/(\d+)")


_QUICK = re2.Set.SearchSet()
"""One look for all of the above: for most agents it says that none of the patterns can match. RE2 has no look-behind,
and its word boundary knows ASCII alone, so these match wherever the patterns do, and a little more."""
for _pattern in (_LIBRARY, _HEADLESS, _AI):
    _QUICK.Add("(?i)" + _pattern.pattern.replace(r"\b", ""))
_QUICK.Add(r"(?i)bot|crawl|spider|scrap|\+https?://")
_QUICK.Compile()


class Verdict(NamedTuple):
    """What follows from the User-Agent alone."""

    name: str | None
    reasons: tuple[str, ...]


def impossible(agent: str) -> bool:
    """What no browser says of itself: next to nothing, a version from the far future, two systems."""
    text = agent.strip()
    if len(text) < _SHORTEST or text in {"Mozilla/5.0", "Mozilla/4.0", "Mozilla"}:
        return True
    if not any(letter.isalpha() for letter in text):
        return True
    if any(int(major[:9]) > _TOO_NEW for major in _MAJOR.findall(text)):
        return True
    if "Windows NT" in text and ("iPhone;" in text or "Android " in text or "Macintosh;" in text):
        return True
    return ("MSIE " in text and "Chrome/" in text) or (text.startswith(("'", '"', "<", "${", "() {")))


def verdict_of(find: Find, agent: str, *, is_spider: bool) -> Verdict:
    """What follows from one User-Agent text."""
    reasons = []
    bare = without_model(agent)
    crawler = find(bare)
    crawler_reasons = crawler.reasons if crawler else ()
    suspicious = bool(_QUICK.Match(bare))
    library = _LIBRARY.search(bare) if suspicious else None
    headless = _HEADLESS.search(bare) if suspicious else None
    is_spider = is_spider and not is_of_people("Spider", agent)
    if (
        "crawler" in crawler_reasons
        or is_spider
        or (suspicious and (_SAYS_SO.search(bare) or (_OPERATOR_URL.search(bare) and not _APP.match(bare))))
    ):
        reasons.append("crawler")
    if "ai_agent" in crawler_reasons or (suspicious and _AI.search(bare)):
        reasons.append("ai_agent")
    if "http_library" in crawler_reasons or library:
        reasons.append("http_library")
    if "headless" in crawler_reasons or headless:
        reasons.append("headless")
    if (
        "impossible_agent" in crawler_reasons
        or impossible(agent)
        or (reasons and len(agent.strip()) < _SHORT)
    ):
        reasons.append("impossible_agent")
    match = library or headless
    name = crawler.name(bare) if crawler else match.group(0).strip("/ ") if match else None
    return Verdict(name, tuple(reasons))


def _build(_: References) -> Step:
    find = crawler_finder()

    def per_agent(agent: Agent, row: Row) -> None:
        if agent.of_server:
            row["is_bot"] = False
            return
        text = row.get("user_agent")
        if text:
            name, found = verdict_of(find, text, is_spider=row.get("device_class") == "bot")
        else:  # a browser that hides its agent may still send hints
            name, found = None, () if "browser_name" in row else ("no_user_agent",)
        reasons = list(found)
        if "HeadlessChrome" in (agent.hints[0] or "") and "headless" not in reasons:
            reasons.append("headless")
            name = name or "HeadlessChrome"
        # A machine's network is a hint, never the verdict: people come through VPNs and offices in clouds.
        row["is_bot"] = bool(reasons)
        if name:
            row["bot_name"] = name
        if agent.in_data_centre:
            reasons.append("data_centre")
        if reasons:
            row["bot_reasons"] = reasons

    return Step(per_agent=per_agent)


ENRICHMENT: Enrichment = Enrichment(
    name="bot",
    description="Whether a machine sent the event, with the reasons.",
    provides=(
        Column(
            "is_bot",
            "boolean",
            "True if a bot reason was found; a data-centre network alone is not enough.",
        ),
        Column("bot_name", "string", "Name of the bot, where its user agent gives one."),
        Column(
            "bot_reasons",
            "array<string>",
            "crawler, ai_agent, http_library, headless, impossible_agent, no_user_agent, data_centre.",
        ),
    ),
    requires=("user_agent", "device_class", "asn", "as_organization"),
    build=_build,
)
