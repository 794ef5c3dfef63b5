"""Plausible's and Umami's events → ours: each row of the mapping tables in docs/clients.md."""

from typing import Any

import pytest

from ingest_lambda.adapters import plausible, umami


def counted(**fields: Any) -> dict[str, Any]:
    (one,) = plausible.events_of({"n": "pageview", "u": "https://l/", "d": "loja.example"} | fields)
    assert one.rejection is None
    assert isinstance(one.event, dict)
    return one.event


def sent(kind: str = "event", **payload: Any) -> dict[str, Any]:
    (one,) = umami.events_of({"type": kind, "payload": {"website": "w", "url": "/a"} | payload})
    assert one.rejection is None
    assert isinstance(one.event, dict)
    return one.event


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({}, "event", "page_view"),
        ({"n": "Purchase"}, "event", "Purchase"),
        ({"r": "https://r/"}, "page", {"url": "https://l/", "referrer": "https://r/"}),
        ({"$": {"amount": 22.5, "currency": "BRL"}}, "ecommerce", {"value": 22.5, "currency": "BRL"}),
        ({"p": {"method": "pix"}}, "properties", {"method": "pix"}),
        ({"m": {"a": 1}}, "properties", {"meta": {"a": 1}}),
        ({"e": 5085, "sd": 100}, "properties", {"engagement_time": 5085, "scroll_depth": 100}),
        ({"w": 1280}, "screen", {"width": 1280}),
        ({"v": 36, "h": 1}, "properties", None),
    ],
)
def test_a_field_of_plausible_has_its_place(fields: dict[str, Any], name: str, value: Any) -> None:
    assert counted(**fields).get(name) == value


def test_long_names_are_the_short_ones() -> None:
    given = {
        "name": "pageview",
        "url": "https://l/",
        "domain": "l",
        "referrer": "https://r/",
        "props": {"a": 1},
    }

    assert plausible.events_of(given)[0].event == {
        "event": "page_view",
        "page": {"url": "https://l/", "referrer": "https://r/"},
        "properties": {"a": 1},
    }


@pytest.mark.parametrize(
    ("document", "domain"),
    [({"d": "a.br, b.br"}, "a.br"), ({"domain": "a.br"}, "a.br"), ({}, None), ([], None), ({"d": 5}, None)],
)
def test_the_domain_is_the_key(document: Any, domain: str | None) -> None:
    assert plausible.domain_of(document) == domain


@pytest.mark.parametrize(
    ("kind", "payload", "name", "value"),
    [
        ("event", {}, "event", "page_view"),
        ("event", {"name": "add to cart"}, "event", "add to cart"),
        ("identify", {"data": {"a": 1}}, "event", "identify"),
        ("performance", {"lcp": 5}, "properties", {"lcp": 5}),
        ("event", {"hostname": "loja.example", "title": "T", "referrer": "https://r/"}, "page",
         {"url": "https://loja.example/a", "title": "T", "referrer": "https://r/"}),
        ("event", {"url": "https://l/b", "hostname": "x"}, "page", {"url": "https://l/b"}),
        ("event", {"screen": "800x600"}, "screen", {"width": 800, "height": 600}),
        ("event", {"language": "pt-BR"}, "language", "pt-BR"),
        ("event", {"data": {"v": 1}, "tag": "t"}, "properties", {"v": 1, "tag": "t"}),
        ("event", {"id": "u1"}, "user_id", "u1"),
        ("event", {"timestamp": 1_795_603_348}, "ts", 1_795_603_348_000),
        ("event", {"ip": "200.1.2.3", "userAgent": "UA"}, "properties", None),
    ],
)  # fmt: skip
def test_a_field_of_umami_has_its_place(kind: str, payload: dict[str, Any], name: str, value: Any) -> None:
    assert sent(kind, **payload).get(name) == value


@pytest.mark.parametrize(
    "bad",
    [{}, {"type": "x", "payload": {"url": "/"}}, {"type": "event"}, {"type": "event", "payload": 5}, 5, None],
)
def test_a_bad_body_of_umami_is_rejected(bad: Any) -> None:
    (one,) = umami.events_of(bad)

    assert one.rejection is not None
    assert one.original == bad


@pytest.mark.parametrize("bad", [{}, {"n": ""}, {"n": {}}, 5, None, []])
def test_a_bad_body_of_plausible_is_rejected(bad: Any) -> None:
    assert plausible.events_of(bad)[0].rejection is not None


def test_the_website_is_the_key() -> None:
    assert umami.website_of({"payload": {"website": "w"}}) == "w"
    assert umami.website_of({"payload": 5}) is None
    assert umami.website_of([]) is None
