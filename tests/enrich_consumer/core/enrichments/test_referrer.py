"""Who sent the visitor, and GA4's default channel groups as Google documents them."""

from urllib.parse import quote

import pytest

from enrich_consumer.core.enrichments import References
from enrich_consumer.core.parsing.channels import RULES, UNASSIGNED, Traffic, channel_of
from enrich_consumer.core.tables.csv_table import read_table
from tests.support.records import SITE, build, record

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


def _channel(query="", referrer=None, site=SITE):
    page = {"url": f"https://www.loja.example/{query}", "referrer": referrer}
    (row,) = ENRICH(record({"page": page}, site=site))
    assert row["enrich_errors"] == []
    return row.get("channel")


@pytest.mark.parametrize(
    ("query", "channel"),
    [
        ("?utm_source=ig&utm_medium=Instagram_Stories", "Organic Social"),
        ("?utm_source=ig&utm_medium=social_paid_story", "Organic Social"),
        ("?utm_source=fb&utm_medium=paid", "Paid Social"),
        ("?utm_source=FB&utm_medium=paidsocial", "Paid Social"),
        ("?utm_source=IGShopping&utm_medium=Social", "Organic Shopping"),
        ("?utm_source=mercadolibre&utm_medium=cpc", "Paid Shopping"),
        ("?utm_source=shopify&utm_medium=referral", "Organic Shopping"),
        ("?utm_source=googleplus", "Organic Social"),
        ("?utm_source=google-play&utm_medium=cpc", "Paid Search"),
        ("?utm_source=https://www.facebook.com/&utm_medium=cpc", "Paid Social"),
        ("?utm_source=m.facebook.com&utm_medium=x", "Organic Social"),
        ("?utm_source=chatgpt.com", "AI Assistant"),
        ("?utm_source=perplexity", "AI Assistant"),
        ("?utm_source=chatgpt.com&utm_medium=referral", "Referral"),
        ("?utm_source=joana&utm_medium=influencer&utm_campaign=bf", "Unassigned"),  # a campaign, not direct
        ("?gad_source=1&gad_campaignid=21800000001", "Paid Search"),
        ("?gad_source=1", "Paid Search"),
        ("?fbclid=1&gad_source=1", "Paid Search"),
        ("?fbclid=1", "Organic Social"),
        ("?igsh=1", "Organic Social"),
        ("?ysclid=1", "Organic Search"),
        ("?mc_cid=1", "Email"),
        ("?_hsenc=1", "Email"),
        ("?sscid=1", "Affiliates"),
        ("?dclid=1", "Display"),
        ("?bd_vid=1", "Paid Search"),
        ("#utm_source=news&utm_medium=email", "Email"),
        ("#/produto/1?utm_source=news&utm_medium=email", "Email"),
        ("#!/p?gclid=1", "Paid Search"),
        ("?utm_source=google&utm_medium=cpc#utm_source=news&utm_medium=email", "Paid Search"),
        ("?utm_source=news&amp;utm_medium=email&amp;utm_campaign=a", "Email"),
        ("?utm_source=news&amp;amp;utm_medium=email", "Email"),
        ("?utm_source=undefined&utm_medium=null", "Direct"),
    ],
)
def test_channel_of_campaigns(query, channel):
    assert _channel(query) == channel


@pytest.mark.parametrize(
    ("referrer", "channel"),
    [
        ("https://docs.google.com/document/d/1", "Referral"),
        ("https://drive.google.com/", "Referral"),
        ("https://translate.google.com/", "Referral"),
        ("https://sites.google.com/view/x", "Organic Social"),
        ("https://groups.google.com/g/x", "Organic Social"),
        ("https://messages.google.com/web", "Organic Social"),
        ("https://www.google.com.br/", "Organic Search"),
        ("https://images.google.de/", "Organic Search"),
        ("https://gemini.google.com/", "AI Assistant"),
        ("https://news.yahoo.com/", "Referral"),
        ("https://br.search.yahoo.com/", "Organic Search"),
        ("https://r.search.yahoo.com/", "Organic Search"),
        ("https://answers.yahoo.com/", "Organic Social"),
        ("https://cr.shopping.naver.com/", "Organic Shopping"),
        ("https://m.search.naver.com/", "Organic Search"),
        ("https://mail.yandex.ru/", "Email"),
        ("https://bit.ly/x", "Organic Social"),
        ("android-app://com.whatsapp.w4b/", "Organic Social"),
        ("android-app://com.google.android.gm/", "Email"),
        ("https://l.instagram.com/?u=x", "Organic Social"),
        ("https://l.wl.co/l?u=x", "Organic Social"),
        ("https://away.vk.com/away.php", "Organic Social"),
        ("https://nam02.safelinks.protection.outlook.com/?url=x", "Email"),
        ("https://urldefense.com/v3/x", "Email"),
        ("https://deref-gmx.net/", "Email"),
        ("https://webmail.empresa.com.br/", "Email"),
        ("https://blog.example/", "Referral"),
    ],
)
def test_channel_of_referrers(referrer, channel):
    assert _channel(referrer=referrer) == channel


@pytest.mark.parametrize(
    "host",
    [
        "www.paypal.com", "checkout.stripe.com", "hooks.stripe.com", "pagseguro.uol.com.br", "www.mercadopago.com.br",
        "app.picpay.com", "cieloecommerce.cielo.com.br", "pix.bcb.gov.br", "shopline.itau.com.br", "www.asaas.com",
        "acs2.3dsecure.io", "centinelapi.cardinalcommerce.com", "accounts.google.com", "appleid.apple.com",
        "login.microsoftonline.com", "pay.google.com", "loja.us.auth0.com", "googleads.g.doubleclick.net",
        "tpc.googlesyndication.com", "www-loja-example.translate.goog", "sso.acesso.gov.br",
    ],
)  # fmt: skip
def test_a_host_that_is_no_source_has_no_channel(host):
    """Nobody was sent from there: the visit had been in the shop before."""
    page = {"url": "https://www.loja.example/obrigado", "referrer": f"https://{host}/x?y=1"}
    (row,) = ENRICH(record({"page": page}))
    assert (row["referrer_medium"], row["referrer_host"], row.get("channel")) == ("no_source", host, None)
    assert "referrer_source" not in row


def test_a_campaign_speaks_on_the_way_back_too():
    assert _channel("?gclid=1", "https://www.paypal.com/") == "Paid Search"


def test_a_site_names_more_hosts_that_are_no_source():
    site = SITE._replace(no_source_hosts=("crm.exemplo.com.br",))
    assert _channel(referrer="https://app.crm.exemplo.com.br/x") == "Referral"
    assert _channel(referrer="https://app.crm.exemplo.com.br/x", site=site) is None


def test_google_s_list_of_sources():
    """819 sources; where we differ the table says why."""
    rows = read_table("ga4_sources")
    assert len(rows) == 819
    for row in rows:
        wanted = row["ours"] or row["category"]
        assert bool(row["ours"]) == bool(row["reason"])
        assert (
            _channel(f"?utm_source={quote(row['source'])}&utm_medium=x")
            == {
                "search": "Organic Search",
                "social": "Organic Social",
                "video": "Organic Video",
                "shopping": "Organic Shopping",
                "email": "Unassigned",  # GA4 knows e-mail by the medium alone
            }[wanted]
        )


def test_letters_that_are_no_utf_8_are_latin_1():
    (row,) = ENRICH(
        record(
            {
                "page": {
                    "url": "https://l.example/?utm_source=n&utm_campaign=promo%E7%E3o+de+ver%E3o&utm_term=%C3%AA"
                }
            }
        )
    )
    assert (row["utm_campaign"], row["utm_term"]) == ("promoção de verão", "ê")
