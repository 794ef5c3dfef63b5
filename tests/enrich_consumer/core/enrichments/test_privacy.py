"""What must not reach the lake, looked for in the bytes that leave (invariant I5)."""

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from enrich_consumer.core import enrichments
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.parsing import urls
from enrich_consumer.core.parsing.identity_numbers import is_card, is_cpf
from enrich_consumer.core.parsing.ip_addresses import spellings
from enrich_consumer.core.parsing.pii import scrub
from enrich_consumer.core.parsing.properties import is_suspicious, properties_text
from enrich_consumer.core.tables.sensitive_names import SENSITIVE_NAMES
from tests.support.records import SITE, record, rows_of

MADE = enrichments.build(References())
ENRICH = rows_of(MADE)

TEXTS = [
    ("maria.silva+loja@exemplo.com.br comprou", "[email] comprou"),
    ("?q=maria%40exemplo.com&x=1", "?q=[email]&x=1"),
    ("a@b", "a@b"),
    ("preço @ 10", "preço @ 10"),
    ("4111 1111 1111 1111", "[card]"),
    ("4111-1111-1111-1111 12/27", "[card] 12/27"),
    ("4111%201111%201111%201111", "[card]"),
    ("x=5555555555554444&y", "x=[card]&y"),
    ("378282246310005", "[card]"),
    ("4111111111111112", "4111111111111112"),  # Luhn says no
    ("1795295998000", "1795295998000"),  # epoch milliseconds
    ("7891000315507", "7891000315507"),  # a Brazilian bar code
    ("529.982.247-25", "[cpf]"),
    ("CPF 52998224725.", "CPF [cpf]."),
    ("529.982.247-26", "529.982.247-26"),
    ("111.111.111-11", "111.111.111-11"),
    ("+55 11 91234-5678", "[phone]"),
    ("%2B5511912345678", "[phone]"),
    ("(11) 91234-5678", "[phone]"),
    ("11 3123-4567 ligue", "[phone] ligue"),
    ("(212) 555-0199", "[phone]"),
    ("+1 212 555 0199", "[phone]"),
    ("+351 912 345 678", "[phone]"),
    ("pedido 20261121000123", "pedido 20261121000123"),
    ("/p/1234567890", "/p/1234567890"),
    ("2026-11-21 10:20:30", "2026-11-21 10:20:30"),
    ("7c9e6679-7425-40de-944b-e07fc1f90ae7", "7c9e6679-7425-40de-944b-e07fc1f90ae7"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "clean"), TEXTS)
def test_scrub(text, clean):
    assert scrub(text) == clean
    assert scrub(clean) == clean


@given(st.text(alphabet="0123456789 .-()/+%@abcd2FAC\u00a0", max_size=60))
@example(
    "/0000-00"
)  # the end of a CNPJ alone: one look takes it for one, the other does not, nothing is found
@example("12.ABC.345/01DE-35")
@example("529%c2%a0982%C2%A0247%252525c2%2525a025")
@example("a%2540b.com")
@settings(max_examples=300)
def test_the_quick_looks_miss_nothing(text):
    from enrich_consumer.core.parsing import pii as module

    decoded = module.decode(text)
    spans = module._merged(module._emails(decoded.plain), list(module.spans_of(decoded)))
    assert scrub(text) == decoded.replace(spans)
    path = urls.clean(f"https://loja.example/{text}").path
    if spans:
        assert is_suspicious(orjson.dumps({"a": text}))
        assert path != f"/{text}"


def test_check_digits():
    assert is_card("4111111111111111")
    assert not is_card("0000000000000000")
    assert is_cpf("52998224725")
    assert not is_cpf("00000000000")


def test_properties_are_scrubbed_and_stay_json():
    text = properties_text(
        orjson.dumps(
            {
                "nota": "fale com a@b.com",
                "cpf": "x",
                "n": 4111111111111111,
                "lista": [{"Telefone": "1"}, 52998224725],
                "ok": 3,
                "senha": "",
                "emailCliente": "c@d.com",
                "userEmail": None,
            }
        )
    )
    assert orjson.loads(text) == {
        "nota": "fale com [email]",
        "cpf": "[removed]",
        "n": "[card]",
        "lista": [{"Telefone": "[removed]"}, "[cpf]"],
        "ok": 3,
        "senha": "",
        "emailCliente": "[email]",
        "userEmail": None,
    }


@pytest.mark.parametrize("key", [row.name for row in SENSITIVE_NAMES if row.kind in {"personal", "secret"}])
def test_sensitive_keys_at_any_depth_and_in_any_case(key):
    for name in (key, key.upper(), key.capitalize()):
        assert "valor" not in properties_text(orjson.dumps({name: "valor"}))
        assert "valor" not in properties_text(orjson.dumps({"a": [{name: {"b": "valor"}}]}))


def test_addresses_in_properties_are_cleaned_as_the_pages_are():
    text = properties_text(
        b'{"page_location":"https:\\/\\/l.example\\/x?token=abc&b=1","link":"https://Loja.example",'
        b'"to":"/reset-password/AbC123secretAbC","resetToken":"a","accepts_email":true,"hotel":"Ibis","sid":"1"}'
    )
    assert orjson.loads(text) == {
        "page_location": "https://l.example/x?token=removed&b=1",
        "link": "https://Loja.example",
        "to": "/reset-password/removed",
        "resetToken": "[removed]",
        "accepts_email": True,
        "hotel": "Ibis",
        "sid": "1",
    }


@pytest.mark.parametrize("gap", ["", " ", "\n", "\r\n\t"])
@pytest.mark.parametrize("text", ['{"a":GAP{"senha":"x"}}', '{"a":[1,GAP{"senha":"x"}]}', '{"senha"GAP:"x"}'])
def test_white_space_hides_no_key(text, gap):
    assert "[removed]" in properties_text(text.replace("GAP", gap).encode())


def _deep(leaf):
    deep = leaf
    for _ in range(300):
        deep = {"a": deep}
    return deep


def test_properties_too_deep_to_be_scrubbed_cost_only_themselves():
    (row,) = ENRICH(record({"properties": _deep("a@b.com"), "page": {"title": "Loja"}}))
    assert row["enrich_errors"] == ["privacy"]
    assert "properties" not in row
    assert row["page_title"] == "Loja"


def test_deep_properties_with_nothing_to_scrub_stay_as_they_are():
    (row,) = ENRICH(record({"properties": _deep(1)}))
    assert orjson.loads(row["properties"]) == _deep(1)
    assert row["enrich_errors"] == []


@pytest.mark.parametrize("column", ["title", "search_term", "user_id", "coupon"])
def test_texts_of_events(column):
    text = "maria@exemplo.com"
    event = {"page": {"title": text}, "search_term": text, "user_id": text, "ecommerce": {"coupon": text}}
    (row,) = ENRICH(record(event))
    assert row["page_title" if column == "title" else column] == "[email]"


def _with_consent(analytics, ads, **fields):
    page = {"url": "https://l.example/?gclid=abc&a=1", "referrer": "https://x.example/?fbclid=def"}
    event = {"consent": {"analytics": analytics, "ads": ads}, "user_id": "C1", "page": page}
    return ENRICH(record(event, ip="203.0.113.9", **fields))[0]


def test_consent_decides_what_stays():
    row = _with_consent(True, True)
    assert (row["user_id"], row["click_id"], row["ip_truncated"]) == ("C1", "abc", "203.0.113.0")
    row = _with_consent(False, True)
    assert (row.get("user_id"), row["click_id"], row.get("ip_truncated")) == (None, "abc", None)
    row = _with_consent(True, False)
    assert (row["user_id"], row.get("click_id")) == ("C1", None)
    assert (row["page_url"], row["page_query"]) == (
        "https://l.example/?gclid=removed&a=1",
        "gclid=removed&a=1",
    )
    assert row["referrer_url"] == "https://x.example/?fbclid=removed"
    assert row["click_network"] == "google_ads"


def test_global_privacy_control_speaks_where_nobody_was_asked():
    headers = {"sec_gpc": "1"}
    assert "click_id" not in _with_consent(None, None, headers=headers)
    assert _with_consent(None, True, headers=headers)["click_id"] == "abc"
    assert (
        _with_consent(None, None, headers=headers, site=SITE._replace(honour_gpc=False))["click_id"] == "abc"
    )


# Invariant I5: the client's IP address is in no output byte, unless the site's policy says so.


def _everywhere(text):
    return {
        "page": {
            "url": f"https://l.example/{text}?ip={text}&utm_source={text}#{text}",
            "title": f"x {text}",
            "referrer": f"https://{text}/?q={text}",
        },
        "user_id": text,
        "search_term": text,
        "language": text,
        "ecommerce": {
            "transaction_id": text,
            "coupon": text,
            "items": [{"item_id": text, "item_name": f"a{text}b"}],
        },
        "properties": {text: [text, {"deep": {"er": f"<{text}>"}}]},
    }


def _bytes(made):
    return b"".join(event.to_line() for event in MADE(made)).lower()


SAMPLE_IPS = [
    "203.0.113.9",
    "::ffff:203.0.113.9",
    "2002:cb00:7109::1",
    "64:ff9b::cb00:7109",
    "2001:db8:a:b:c:d:e:f9",
    "2001:db8::f9",
]


@pytest.mark.parametrize(
    ("ip", "cut"),
    [
        ("2002:cb00:7109::1", "203.0.113.0"),  # 6to4
        ("2001:0:4136:e378:8000:63bf:34ff:8ef6", "203.0.113.0"),  # Teredo
        ("64:ff9b::cb00:7109", "203.0.113.0"),  # NAT64
        ("64:ff9b:1::203.0.113.9", "203.0.113.0"),
        ("::ffff:203.0.113.9", "203.0.113.0"),  # mapped
        ("::ffff:0:203.0.113.9", "203.0.113.0"),  # translated
        ("::203.0.113.9", "203.0.113.0"),  # compatible
        ("2001:db8:a:b:c:d:e:f9", "2001:db8:a::"),
        ("::1", "::"),
    ],
)
def test_of_an_address_that_carries_an_ipv4_the_ipv4_is_cut(ip, cut):
    (row,) = ENRICH(record(ip=ip))
    assert row["ip_truncated"] == cut


@pytest.mark.parametrize("policy", ["truncate", "none"])
@pytest.mark.parametrize("with_bytes", [False, True])
@pytest.mark.parametrize("ip", SAMPLE_IPS)
def test_the_address_is_in_no_output_byte(ip, with_bytes, policy):
    for written in spellings(ip):
        made = record(
            _everywhere(written),
            {},
            ip=ip,
            user_agent=f"Agent {written}",
            visitor_id=f"v-{written}",
            headers={"referer": f"https://l.example/{written}"},
            site=SITE._replace(ip_policy=policy),
        )
        if with_bytes:
            data = {
                "ip": ip,
                "user_agent": made.user_agent,
                "visitor_id": made.visitor_id,
                "headers": made.headers,
            }
            made = made._replace(data=orjson.dumps(data | {"events": made.events}, default=bytes.decode))
        out = _bytes(made)
        for one in spellings(ip):
            assert one.lower().encode() not in out


@given(st.ip_addresses().filter(lambda ip: len(str(ip)) > 6), st.sampled_from(["full", "truncate", "none"]))
@settings(max_examples=60, deadline=None)
def test_no_address_at_all(ip, policy):
    made = record(_everywhere(str(ip)), ip=str(ip), site=SITE._replace(ip_policy=policy))
    cut = str(ENRICH(made)[0].get("ip_truncated"))
    if cut != str(ip):  # an IP address that ends in zeros is its own truncation
        assert str(ip).lower().encode() not in _bytes(made)
