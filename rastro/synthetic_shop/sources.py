"""Where visits come from: referrers, campaigns, click ids."""

import random
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode

from rastro.synthetic_shop.product_catalogue import slug


class Source(NamedTuple):
    """What a landing carries. `query` has no question mark; `referrer` may be empty (direct)."""

    referrer: str
    query: str


def _token(rng: random.Random, length: int) -> str:
    return "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", k=length))


def _organic(rng: random.Random) -> Source:
    hosts = (
        "https://www.google.com.br/",
        "https://www.google.com/",
        "https://www.bing.com/",
        "https://duckduckgo.com/",
    )
    return Source(rng.choices(hosts, (60, 25, 10, 5))[0], "")


def _paid_search(rng: random.Random) -> Source:
    term = rng.choice(("fone bluetooth", "air fryer", "tênis branco", "loja online"))
    fields = {
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": rng.choice(("busca-marca", "busca-produto", "pmax_2026")),
        "utm_term": term,
        "gclid": "Cj0KCQjw" + _token(rng, 48),
    }
    return Source("https://www.google.com/", urlencode(fields))


def _paid_social(rng: random.Random) -> Source:
    fields = {
        "utm_source": rng.choice(("instagram", "facebook")),
        "utm_medium": "paid_social",
        "utm_campaign": "primavera-verão",
        "utm_content": rng.choice(("video_15s", "carrossel", "stories")),
        "fbclid": "IwAR" + _token(rng, 57),
    }
    return Source("https://l.instagram.com/", urlencode(fields))


def _email(rng: random.Random) -> Source:
    week = rng.randint(40, 47)
    return Source(
        "", urlencode({"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": f"semana-{week}"})
    )


def _social(rng: random.Random) -> Source:
    return Source(
        rng.choice(("https://www.instagram.com/", "https://m.facebook.com/", "https://www.youtube.com/")),
        "",
    )


def _partner(rng: random.Random) -> Source:
    host = rng.choice(("www.zoom.com.br", "www.buscape.com.br", "blog.achados.example"))
    return Source(f"https://{host}/", urlencode({"utm_source": slug(host), "utm_medium": "affiliate"}))


def _whatsapp(_: random.Random) -> Source:
    return Source("", urlencode({"utm_source": "whatsapp", "utm_medium": "chat", "utm_campaign": "vitrine"}))


def _direct(_: random.Random) -> Source:
    return Source("", "")


_KINDS: tuple[tuple[int, Callable[[random.Random], Source]], ...] = (
    (24, _direct),
    (28, _organic),
    (16, _paid_search),
    (12, _paid_social),
    (7, _email),
    (5, _social),
    (5, _partner),
    (3, _whatsapp),
)

_IN_APP = {
    "instagram": ("https://l.instagram.com/", "ig"),
    "facebook": ("https://lm.facebook.com/", "fb"),
    "tiktok": ("https://www.tiktok.com/", "tiktok"),
}


def source(rng: random.Random, in_app: str) -> Source:
    """Where one visit comes from; a page opened inside an application comes from that application."""
    if not in_app:
        return rng.choices([make for _, make in _KINDS], [weight for weight, _ in _KINDS])[0](rng)
    referrer, utm_source = _IN_APP[in_app]
    fields = {"utm_source": utm_source, "utm_medium": "social"}
    if in_app == "tiktok":
        fields["ttclid"] = "E.C.P." + _token(rng, 60)
    else:
        fields["fbclid"] = "PAZXh0bgNhZW0" + _token(rng, 50)
    return Source(referrer, urlencode(fields))
