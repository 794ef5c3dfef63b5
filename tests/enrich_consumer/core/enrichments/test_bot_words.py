"""The quick look over an agent sees whatever one of the patterns behind it matches."""

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from enrich_consumer.core.enrichments import bot

PATTERNS = (bot._LIBRARY, bot._HEADLESS, bot._AI, bot._SAYS_SO, bot._OPERATOR_URL)
ODD = (
    "GOT (https://x)",
    "a \u017fplash page",
    "bot",
    "ubot/1",
    "cubot; x",
    "ro-bot-",
    "see +HTTPS://x",
    "splashé splash",
    "WebDriver",
)


def test_no_pattern_matches_where_the_quick_look_sees_nothing() -> None:
    agents = [agent for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]] + list(ODD)
    matched = [agent for agent in agents if any(pattern.search(agent) for pattern in PATTERNS)]
    assert len(matched) > 500
    assert [agent for agent in matched if not bot._QUICK.Match(agent)] == []
