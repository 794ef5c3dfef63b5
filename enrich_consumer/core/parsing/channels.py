"""Google Analytics 4's default channel groups, rule by rule in the documented order.

Source: Google's help page "[GA4] Default channel group", the table of manual traffic, with the AI Assistant
channel of May 2026. ChatGPT adds utm_source to its links and no medium, which is the same as its referrer. Where a
rule needs the advertising account (Google Ads' network type, DV360's creative), only what the URL says counts:
see tables/click_ids.csv.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

_PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$")
_SHOPPING = re.compile(r"^(.*(([^a-df-z]|^)shop|shopping).*)$")
_DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_SOCIAL = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})
_MAIL = frozenset({"email", "e-mail", "e_mail", "e mail"})
_REFERRAL = frozenset({"referral", "app", "link"})

LONGEST = 512


class Traffic(NamedTuple):
    """The source of a visit, all lower case.

    `category`: search, social, video, shopping, ai or email; None for a source of no known kind.
    """

    source: str
    medium: str
    campaign: str
    category: str | None

    @property
    def paid(self) -> bool:
        """The medium says that somebody paid for the click."""
        return _PAID.match(self.medium) is not None

    @property
    def shopping(self) -> bool:
        """The source is a shopping site, or the campaign's name says so."""
        return self.category == "shopping" or _SHOPPING.match(self.campaign) is not None


Rule = tuple[str, Callable[[Traffic], bool]]

RULES: tuple[Rule, ...] = (
    ("Direct", lambda t: t.source == "(direct)" and t.medium in {"(not set)", "(none)"}),
    ("Cross-network", lambda t: "cross-network" in t.campaign),
    ("Paid Shopping", lambda t: t.shopping and t.paid),
    ("Paid Search", lambda t: t.category == "search" and t.paid),
    ("Paid Social", lambda t: t.category == "social" and t.paid),
    ("Paid Video", lambda t: t.category == "video" and t.paid),
    ("Display", lambda t: t.medium in _DISPLAY),
    ("Paid Other", lambda t: t.paid),
    ("Organic Shopping", lambda t: t.shopping),
    ("Organic Social", lambda t: t.category == "social" or t.medium in _SOCIAL),
    ("Organic Video", lambda t: t.category == "video" or "video" in t.medium),
    ("Organic Search", lambda t: t.category == "search" or t.medium == "organic"),
    ("Referral", lambda t: t.medium in _REFERRAL),
    ("Email", lambda t: t.source in _MAIL or t.medium in _MAIL),
    ("Affiliates", lambda t: t.medium == "affiliate"),
    ("Audio", lambda t: t.medium == "audio"),
    ("SMS", lambda t: t.source == "sms" or t.medium == "sms"),
    (
        "Mobile Push Notifications",
        lambda t: (
            t.medium.endswith("push")
            or "mobile" in t.medium
            or "notification" in t.medium
            or t.source == "firebase"
        ),
    ),
    (
        "AI Assistant",
        lambda t: t.medium == "ai-assistant" or (t.category == "ai" and t.medium == "(not set)"),
    ),
)
UNASSIGNED = "Unassigned"


def channel_of(traffic: Traffic) -> str:
    """The channel group; Unassigned when no rule matches."""
    return next((name for name, matches in RULES if matches(traffic)), UNASSIGNED)
