"""Finds the known program that a user agent names."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import re2
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from enrich_consumer.core.tables.csv_table import read_table


class Crawler(NamedTuple):
    """A known program. `reasons`: crawler, ai_agent, http_library, headless; the first two for an AI's crawler.
    `words`: finds its name in an agent; None: the pattern is the name."""

    pattern: str
    reasons: tuple[str, ...]
    words: re.Pattern[str] | None = None

    def name(self, agent: str) -> str:
        r"""A name for people: `Googlebot` of the pattern `Googlebot\/`."""
        if self.words is not None:
            found = self.words.search(agent)
            return found.group().strip(" /;:-") if found else self.pattern
        text = re.sub(r"\\(.)", r"\1", self.pattern)
        text = re.sub(r"\(\?[:i]+\)?|\[\^?(.)[^\]]*\]|[\^$()|*?+]", lambda m: m.group(1) or "", text)
        return text.strip(" /;:-") or self.pattern


Find = Callable[[str], Crawler | None]

_REASONS_OF_TAG = {
    "ai-crawler": ("crawler", "ai_agent"),
    "http-library": ("http_library",),
    "browser-automation": ("headless",),
}
_PEOPLE = {row["pattern"]: re.compile(row["people"], re.IGNORECASE) for row in read_table("bot_exceptions")}
_MODEL = re.compile(
    r"(?<=android )([\d.]+; ?(?:[a-z]{2}[-_][a-z]{2}; ?)?)(?![^;)]*catchpoint)[^;)/]+(?: build/[^;)]*)?(?=[;)])",
    re.IGNORECASE,
)
"""The model of an Android device behind the system's version."""


def without_model(agent: str) -> str:
    """The agent without the model of an Android device: makers name phones Gemini, Spider and M bot."""
    return _MODEL.sub(r"\1", agent) if "ndroid" in agent else agent


def is_of_people(pattern: str, agent: str) -> bool:
    """Whether a person's agent matches this pattern of the list."""
    people = _PEOPLE.get(pattern)
    return people is not None and people.search(agent) is not None


def crawler_finder() -> Find:
    """A function that finds the program an agent names, with all patterns in one RE2 set."""
    crawlers = [
        Crawler(entry["pattern"], _reasons(entry.get("tags") or ())) for entry in CRAWLER_USER_AGENTS_DATA
    ]
    ours = [
        Crawler(row["pattern"], (row["reason"],), re.compile(row["pattern"], re.IGNORECASE))
        for row in read_table("bot_patterns")
    ]
    patterns = re2.Set.SearchSet()
    for crawler in crawlers:
        patterns.Add(crawler.pattern)
    for crawler in ours:
        patterns.Add(f"(?i){crawler.pattern}")
    patterns.Compile()
    crawlers += ours

    def find(agent: str) -> Crawler | None:
        found = [crawlers[index] for index in patterns.Match(agent) or ()]
        found = [crawler for crawler in found if not is_of_people(crawler.pattern, agent)]
        # The list names it better than our words, and the longest pattern best: Googlebot-Image before Googlebot.
        return max(found, key=lambda crawler: (crawler.words is None, len(crawler.pattern)), default=None)

    return find


def _reasons(tags: Sequence[str]) -> tuple[str, ...]:
    found = [reason for tag in tags for reason in _REASONS_OF_TAG.get(tag, ())]
    return tuple(dict.fromkeys(found)) or ("crawler",)
