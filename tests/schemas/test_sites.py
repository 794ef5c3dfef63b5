"""The sites document: what it may say, and what a person reads when it is wrong."""

import hashlib
import json
from typing import Any

import pytest

from schemas import Session, Site, SitesError, json_file, parse_sites

KEY = "pk_test_key"


def parse(**fields: Any) -> Site:
    document = {"version": 1, "sites": {"loja": {"keys": [KEY]} | fields}}
    return parse_sites(json.dumps(document)).by_name["loja"]


def test_the_least_site_has_every_default() -> None:
    assert parse() == Site("loja", (KEY,))
    assert parse().session == Session(1_800_000, 86_400_000, 3_600_000)
    assert parse().session.retention_ms == 5_400_000


def test_every_field_arrives() -> None:
    site = parse(
        keys=[KEY, "pk_test_key_2"],
        origins=["https://Shop.example", "https://shop.example:8443"],
        hosts=["shop.example"],
        time_zone="Europe/Lisbon",
        currency="EUR",
        session={"gap_minutes": 1.5, "max_length_minutes": 60, "lateness_minutes": 0},
        ip_policy="none",
        cookieless=False,
        honour_dnt=True,
        honour_gpc=False,
        allow_credentials=True,
        max_events=10,
        max_body_bytes=2048,
        max_event_bytes=1024,
    )

    assert site == Site(
        "loja",
        (KEY, "pk_test_key_2"),
        ("https://shop.example", "https://shop.example:8443"),
        ("shop.example",),
        "Europe/Lisbon",
        "EUR",
        Session(90_000, 3_600_000, 0),
        "none",
        cookieless=False,
        honour_dnt=True,
        honour_gpc=False,
        allow_credentials=True,
        max_events=10,
        max_body_bytes=2048,
        max_event_bytes=1024,
    )


def test_the_schema_and_the_site_have_the_same_fields() -> None:
    """A field that only one of them knows would be refused or ignored in silence."""
    fields = set(json_file("sites.schema.json")["$defs"]["site"]["properties"])
    assert fields - {"cart"} == set(Site._fields) - {"name"}  # the cart is part of the session rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "wrong at the top level"),
        ("{}", "wrong at the top level"),
        ('{"version": 0, "sites": {}}', "wrong at "),
        ('{"version": 1, "sites": {}}', "wrong at sites"),
        ('{"version": 1, "sites": {"Loja": {"keys": ["pk_test_key"]}}}', "wrong at sites"),
    ],
)
def test_a_wrong_document_is_refused_with_its_path(text: str, message: str) -> None:
    with pytest.raises(SitesError, match=message):
        parse_sites(text)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"keys": []}, "sites/loja/keys"),
        ({"keys": ["short"]}, "sites/loja/keys/0"),
        ({"keys": ["has a blank in"]}, "sites/loja/keys/0"),
        ({"origins": ["shop.example"]}, "sites/loja/origins/0"),
        ({"origins": ["https://shop.example/"]}, "sites/loja/origins/0"),
        ({"origins": ["https://*.example"]}, "sites/loja/origins/0"),
        ({"ip_policy": "some"}, "sites/loja/ip_policy"),
        ({"session": {"gap_minutes": 0.5}}, "sites/loja/session/gap_minutes"),
        ({"session": {"gap": 30}}, "sites/loja/session"),
        ({"max_events": 501}, "sites/loja/max_events"),
        ({"max_body_bytes": 2_000_000}, "sites/loja/max_body_bytes"),
        ({"currency": "brl"}, "sites/loja/currency"),
        ({"colour": "red"}, "sites/loja"),
        ({"time_zone": "America/Sao Paulo"}, "unknown time zone at loja"),
        ({"time_zone": "../../etc/passwd"}, "unknown time zone at loja"),
        ({"allow_credentials": True}, "allows credentials at loja without naming its origins"),
    ],
)
def test_a_wrong_site_is_refused_with_its_path(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SitesError, match=message):
        parse(**fields)


def test_no_key_is_in_a_message() -> None:
    """Messages reach logs."""
    for key in ("pk_secret_key with a blank", "tinykey"):
        with pytest.raises(SitesError) as raised:
            parse(keys=[key])
        assert key not in str(raised.value)
    twice = {"version": 1, "sites": {"a": {"keys": ["pk_secret_key"]}, "b": {"keys": ["pk_secret_key"]}}}
    with pytest.raises(SitesError, match="one key to both a and b") as raised:
        parse_sites(json.dumps(twice))
    assert "pk_secret_key" not in str(raised.value)


def test_the_example_is_a_good_document() -> None:
    assert parse_sites(json.dumps(json_file("examples/sites.json"))).by_name


def test_keys_of_other_makers_lead_to_their_site() -> None:
    document = {
        "version": 1,
        "sites": {
            "loja": {
                "keys": [KEY],
                "aliases": ["G-ABC123", "loja.example"],
                "secret_keys": ["sk_test_loja_00001"],
            },
            "outra": {"keys": ["pk_test_outra"], "aliases": ["shop"], "post_paths": ["/com.shop/track"]},
        },
    }
    sites = parse_sites(json.dumps(document))

    found = {
        key: sites.holder_of(key)
        for key in (KEY, "G-ABC123", "loja.example", "sk_test_loja_00001", "shop", "no")
    }

    assert {key: holder and (holder.site.name, holder.is_secret) for key, holder in found.items()} == {
        KEY: ("loja", False),
        "G-ABC123": ("loja", False),
        "loja.example": ("loja", False),
        "sk_test_loja_00001": ("loja", True),
        "shop": ("outra", False),
        "no": None,
    }
    assert sites.by_name["outra"].post_paths == ("/com.shop/track",)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"aliases": ["shop"]}, {"aliases": ["shop"]}),
        ({"aliases": ["pk_test_outra"]}, {}),
        ({"secret_keys": ["sk_test_loja_00001"]}, {"aliases": ["sk_test_loja_00001"]}),
    ],
)
def test_no_key_of_any_kind_is_of_two_sites(first: dict[str, Any], second: dict[str, Any]) -> None:
    sites = {"loja": {"keys": [KEY]} | first, "outra": {"keys": ["pk_test_outra"]} | second}

    with pytest.raises(SitesError, match="one key to both"):
        parse_sites(json.dumps({"version": 1, "sites": sites}))


def test_a_secret_key_of_one_site_is_no_public_one_of_the_same() -> None:
    with pytest.raises(SitesError, match="one key to both loja and loja"):
        parse(keys=["sk_test_loja_00001"], secret_keys=["sk_test_loja_00001"])


@pytest.mark.parametrize("path", ["track", "/", "/a b", "/a//b", "/a?b", "/a/b/c/d/e"])
def test_a_post_path_is_a_plain_path(path: str) -> None:
    with pytest.raises(SitesError, match="post_paths"):
        parse(post_paths=[path])


def test_keys_are_looked_up_by_their_digest_alone() -> None:
    """So the time an answer takes says nothing about how much of a key was right."""
    sites = parse_sites(json.dumps({"version": 1, "sites": {"loja": {"keys": [KEY]}}}))

    assert list(sites.by_digest) == [hashlib.sha256(KEY.encode()).digest()]
    assert sites.holder_of("\ud800") is None
