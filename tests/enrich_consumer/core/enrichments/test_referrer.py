"""Who sent the visitor, and GA4's default channel groups as Google documents them."""

import pytest

from enrich_consumer.core.enrichments import References
from enrich_consumer.core.parsing.channels import RULES, UNASSIGNED, Traffic, channel_of
from tests.support.records import build, record

ENRICH = build(References())

# source, medium, campaign, category of the source → channel: at least one line for each part of each rule
# of Google's table of manual traffic.
CHANNELS = [
    ("(direct)", "(none)", "", None, "Direct"),
    ("(direct)", "(not set)", "", None, "Direct"),
    ("(direct)", "cpc", "", None, "Paid Other"),
    ("google", "cpc", "x cross-network y", "search", "Cross-network"),
    ("mercadolivre", "cpc", "", "shopping", "Paid Shopping"),
    ("google", "cpc", "shopping br", "search", "Paid Shopping"),
    ("google", "cpc", "eshop", "search", "Paid Shopping"),  # [^a-df-z] lets an e stand before shop
    ("google", "cpc", "minha shop", "search", "Paid Shopping"),
    ("google", "cpc", "workshop", "search", "Paid Search"),
    ("google", "cpc", "", "search", "Paid Search"),
    ("bing", "ppc", "", "search", "Paid Search"),
    ("google", "paidsearch", "", "search", "Paid Search"),
    ("google", "retargeting", "", "search", "Paid Search"),
    ("facebook", "cpm", "", "social", "Paid Social"),  # .*cp.* comes before Display
    ("facebook", "paid_social", "", "social", "Paid Social"),
    ("youtube", "cpv", "", "video", "Paid Video"),
    ("x", "display", "", None, "Display"),
    ("x", "banner", "", None, "Display"),
    ("x", "expandable", "", None, "Display"),
    ("x", "interstitial", "", None, "Display"),
    ("x", "cpm", "", None, "Display"),
    ("x", "cpc", "", None, "Paid Other"),
    ("x", "paid", "", None, "Paid Other"),
    ("amazon", "referral", "", "shopping", "Organic Shopping"),
    ("x", "link", "shopping", None, "Organic Shopping"),
    ("facebook", "referral", "", "social", "Organic Social"),
    ("x", "social", "", None, "Organic Social"),
    ("x", "social-network", "", None, "Organic Social"),
    ("x", "social-media", "", None, "Organic Social"),
    ("x", "sm", "", None, "Organic Social"),
    ("x", "social network", "", None, "Organic Social"),
    ("x", "social media", "", None, "Organic Social"),
    ("youtube", "referral", "", "video", "Organic Video"),
    ("x", "some-video", "", None, "Organic Video"),
    ("google", "referral", "", "search", "Organic Search"),
    ("x", "organic", "", None, "Organic Search"),
    ("x", "referral", "", None, "Referral"),
    ("x", "app", "", None, "Referral"),
    ("x", "link", "", None, "Referral"),
    ("newsletter", "email", "", None, "Email"),
    ("e-mail", "x", "", None, "Email"),
    ("e_mail", "x", "", None, "Email"),
    ("x", "e mail", "", None, "Email"),
    ("x", "affiliate", "", None, "Affiliates"),
    ("x", "audio", "", None, "Audio"),
    ("sms", "x", "", None, "SMS"),
    ("x", "sms", "", None, "SMS"),
    ("x", "webpush", "", None, "Mobile Push Notifications"),
    ("x", "mobile", "", None, "Mobile Push Notifications"),
    ("x", "app-notification", "", None, "Mobile Push Notifications"),
    ("firebase", "x", "", None, "Mobile Push Notifications"),
    ("chatgpt", "ai-assistant", "(ai-assistant)", "ai", "AI Assistant"),
    ("x", "y", "", None, "Unassigned"),
]


@pytest.mark.parametrize(("source", "medium", "campaign", "category", "expected"), CHANNELS)
def test_default_channel_groups(source, medium, campaign, category, expected):
    assert channel_of(Traffic(source, medium, campaign, category)) == expected


def test_every_channel_is_in_the_table():
    assert {name for name, _ in RULES} | {UNASSIGNED} == {line[-1] for line in CHANNELS}


@pytest.mark.parametrize(
    ("referrer", "medium", "source", "channel"),
    [
        ("https://www.google.com.br/", "search", "google", "Organic Search"),
        ("https://www.google.com/search?q=t%C3%AAnis", "search", "google", "Organic Search"),
        ("android-app://com.google.android.googlequicksearchbox/", "search", "google", "Organic Search"),
        ("https://mail.google.com/mail/u/0", "email", "gmail", "Email"),
        ("https://br.search.yahoo.com/search?p=x", "search", "yahoo", "Organic Search"),
        ("https://l.facebook.com/l.php?u=x", "social", "facebook", "Organic Social"),
        ("https://t.co/abc", "social", "twitter", "Organic Social"),
        ("https://www.youtube.com/watch?v=1", "video", "youtube", "Organic Video"),
        ("https://produto.mercadolivre.com.br/x", "shopping", "mercadolivre", "Organic Shopping"),
        ("https://www.amazon.com.br/x", "shopping", "amazon", "Organic Shopping"),
        ("https://chatgpt.com/", "ai", "chatgpt", "AI Assistant"),
        ("https://gemini.google.com/app", "ai", "gemini", "AI Assistant"),
        ("https://www.perplexity.ai/search/x", "ai", "perplexity", "AI Assistant"),
        ("https://www.blog.example/post", "referral", "blog.example", "Referral"),
        ("https://notgoogle.com/", "referral", "notgoogle.com", "Referral"),
        ("https://google.evil.example/", "referral", "google.evil.example", "Referral"),
        ("https://www.loja.example/outra", "internal", None, None),
        ("https://checkout.loja.example/", "internal", None, None),
        ("", None, None, "Direct"),
        ("lixo", None, None, "Direct"),
    ],
)
def test_referrers(referrer, medium, source, channel):
    (row,) = ENRICH(record({"page": {"url": "https://www.loja.example/", "referrer": referrer}}))
    assert (row.get("referrer_medium"), row.get("referrer_source"), row.get("channel")) == (
        medium,
        source,
        channel,
    )


@pytest.mark.parametrize(
    ("query", "referrer", "channel"),
    [
        ("gclid=1", "https://www.google.com/", "Paid Search"),
        ("gclid=1&utm_source=google&utm_medium=cpc&utm_campaign=cross-network", "", "Cross-network"),
        ("fbclid=1", "", "Organic Social"),
        ("fbclid=1&utm_source=facebook&utm_medium=cpc", "https://l.facebook.com/", "Paid Social"),
        ("dclid=1", "", "Display"),
        ("msclkid=1", "https://www.bing.com/", "Paid Search"),
        ("ttclid=1", "", "Paid Social"),
        (
            "utm_source=news&utm_medium=email",
            "https://www.loja.example/x",
            "Email",
        ),  # a campaign inside the shop
        ("utm_medium=affiliate", "https://www.google.com/", "Affiliates"),
        ("utm_source=Facebook", "", "Organic Social"),
        ("utm_source=m.facebook.com&utm_medium=Paid", "", "Paid Social"),
    ],
)
def test_campaign_before_click_before_referrer(query, referrer, channel):
    page = {"url": f"https://www.loja.example/?{query}", "referrer": referrer}
    assert ENRICH(record({"page": page}))[0]["channel"] == channel


def test_search_term():
    page = {"url": "https://www.loja.example/", "referrer": "https://duckduckgo.com/?t=h_&q=t%C3%AAnis+azul"}
    assert ENRICH(record({"page": page}))[0]["referrer_term"] == "tênis azul"
