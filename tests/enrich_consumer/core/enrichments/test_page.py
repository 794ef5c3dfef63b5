"""The page's URL, without what must not be stored, and its campaign."""

from urllib.parse import unquote

import pytest

from enrich_consumer.core.enrichments import References
from enrich_consumer.core.parsing import url_secrets, urls
from enrich_consumer.core.tables.click_ids import CLICK_IDS
from enrich_consumer.core.tables.sensitive_names import SENSITIVE_NAMES
from tests.support.records import build, record

ENRICH = build(References())


def _row(url, **page):
    return ENRICH(record({"page": {"url": url, **page}}))[0]


@pytest.mark.parametrize(
    ("url", "host", "path", "query"),
    [
        ("https://www.Loja.example/p/1?a=b#c", "www.loja.example", "/p/1", "a=b"),
        ("https://loja.example", "loja.example", "/", None),
        ("http://loja.example:8080/x?", "loja.example", "/x", None),
        ("https://[2001:db8::1]:443/x", "2001:db8::1", "/x", None),
        ("https://joao:segredo@loja.example/x", "loja.example", "/x", None),
        ("//loja.example/x?y", "loja.example", "/x", "y"),
        ("/so/um/caminho?q=1", None, "/so/um/caminho", "q=1"),
        ("android-app://com.example/x", "com.example", "/x", None),
        ("não é um endereço", None, None, None),
        ("javascript:alert(1)", None, None, None),
    ],
)
def test_parts(url, host, path, query):
    row = _row(url)
    assert (row.get("page_host"), row.get("page_path"), row.get("page_query")) == (host, path, query)
    assert row["enrich_errors"] == []
    assert "segredo" not in str(row)


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://l.example/?sid=1&a=2", "https://l.example/?sid=removed&a=2"),
        ("https://l.example/?Access_Token=x", "https://l.example/?Access_Token=removed"),
        ("https://l.example/x;jsessionid=1A2B/y?z=1", "https://l.example/x/y?z=1"),
        ("https://l.example/#access_token=x&b=1", "https://l.example/#access_token=removed&b=1"),
        ("https://l.example/#/produto/1", "https://l.example/#/produto/1"),
        ("https://u:p@l.example/", "https://l.example/"),
        ("https://l.example/?coupon=KEY&monkey=1", "https://l.example/?coupon=KEY&monkey=1"),
        ("https://l.example/u/maria@x.com.br?e=a%40b.com", "https://l.example/u/[email]?e=[email]"),
        ("https://l.example/?cpf=529.982.247-25", "https://l.example/?cpf=[cpf]"),
        # the end of a name, in brackets, its own word
        (
            "https://l.example/?confirmation_token=Ab12&x=1",
            "https://l.example/?confirmation_token=removed&x=1",
        ),
        ("https://l.example/?resetToken=Ab12", "https://l.example/?resetToken=removed"),
        ("https://l.example/?cliente[senha]=Ab12", "https://l.example/?cliente[senha]=removed"),
        ("https://l.example/?cliente%5Bsenha%5D=Ab12", "https://l.example/?cliente%5Bsenha%5D=removed"),
        (
            "https://l.example/?user[password_confirmation]=A",
            "https://l.example/?user[password_confirmation]=removed",
        ),
        ("https://l.example/?senha[0]=Ab12", "https://l.example/?senha[0]=removed"),
        ("https://l.example/?billingFirstName=Ana", "https://l.example/?billingFirstName=removed"),
        (
            "https://l.example/?endereco=Rua+A,+1&cep=01310100",
            "https://l.example/?endereco=removed&cep=01310100",
        ),
        ("https://l.example/?email=maria", "https://l.example/?email=removed"),
        ("https://l.example/?email=maria%2540x.com.br", "https://l.example/?email=[email]"),
        ("https://l.example/?a=1&amp;token=Ab12&amp;b=2", "https://l.example/?a=1&amp;token=removed&amp;b=2"),
        ('https://l.example/?d={"token":"Ab12","n":1}', 'https://l.example/?d={"token":"removed","n":1}'),
        (
            "https://l.example/?d=%7B%22senha%22%3A%22A1%22%7D",
            "https://l.example/?d=%7B%22senha%22%3A%22removed%22%7D",
        ),
        # in the path
        ("https://l.example/reset-password/AbC123secretAbC123", "https://l.example/reset-password/removed"),
        (
            "https://l.example/redefinir-senha/7c9e6679-7425-40de-944b-e07fc1f90ae7?a=1",
            "https://l.example/redefinir-senha/removed?a=1",
        ),
        (
            "https://l.example/account/activate/123/0a1b2c3d4e5f60718293a4b5",
            "https://l.example/account/activate/123/removed",
        ),
        ("https://l.example/senha/nova/5x2-4e1b0c9f8a7d6e5f4a3b", "https://l.example/senha/nova/removed"),
        (
            "https://l.example/confirm/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
            "https://l.example/confirm/removed",
        ),
        ("https://l.example/entrar/token=Ab12Cd34/x", "https://l.example/entrar/token=removed/x"),
        # behind a hash router
        ("https://l.example/#/conta?token=AbC123secret", "https://l.example/#/conta?token=removed"),
        ("https://l.example/#!/conta?token=AbC&x=1", "https://l.example/#!/conta?token=removed&x=1"),
        ("https://l.example/#/reset-password/AbC123secretAbC", "https://l.example/#/reset-password/removed"),
        # a URL in a URL
        (
            "https://l.example/?to=%2Freset%3Ftoken%3DAb1%26a%3D1&b=2",
            "https://l.example/?to=%2Freset%3Ftoken%3Dremoved%26a%3D1&b=2",
        ),
        ("https://l.example/?to=/reset?token=Ab1&b=2", "https://l.example/?to=/reset?token=removed&b=2"),
        (
            "https://l.example/?volta=%2Fconta%3Femail%3Dmaria%2540x.com.br",
            "https://l.example/?volta=%2Fconta%3Femail%3D[email]",
        ),
        # by its value
        (
            "https://l.example/order-received/99/?key=wc_order_AbC123xyz",
            "https://l.example/order-received/99/?key=removed",
        ),
        ("https://l.example/?code=4/0AX4XfWh9aBcDeFgHiJkLmNoPqRs", "https://l.example/?code=removed"),
        ("https://l.example/?x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc", "https://l.example/?x=removed"),
    ],
)
def test_secrets_and_people_are_taken_out(url, clean):
    assert _row(url)["page_url"] == clean
    assert ENRICH(record({"page": {"referrer": url}}))[0]["referrer_url"] == clean


@pytest.mark.parametrize("name", [row.name for row in SENSITIVE_NAMES])
@pytest.mark.parametrize("form", ["{}", "my_{}", "cliente[{}]", "cliente%5B{}%5D"])
def test_the_cheap_look_sees_every_sensitive_name(name, form):
    written = form.format(name)
    for one in (written, written.upper(), written.replace("_", "-"), written.replace("_", "")):
        if url_secrets.is_secret(unquote(one), "aB3" * 10):
            assert url_secrets.is_suspicious(f"/x?{one}=" + "aB3" * 10)


@pytest.mark.parametrize(
    "url",
    [
        "https://l.example/p/7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "https://l.example/confirmacao/7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "https://l.example/redefinir-senha/sucesso",
        "https://l.example/reset-password/black-friday-2026",
        "https://l.example/?code=BLACKFRIDAY20&key=tenis&t=2&hash=1",
        "https://l.example/?utm_campaign=token&hotel=ibis&desenhar=1&brand=x&pinterest=1",
        "https://l.example/tenis-reset-3/cor-azul",
        "https://l.example/convite/casamento",
    ],
)
def test_what_only_looks_alike_stays(url):
    assert _row(url)["page_url"] == url


def test_a_long_address_is_cut():
    assert len(_row("https://l.example/" + "a" * 9000)["page_url"]) == urls.LONGEST


def test_without_a_url_the_requests_referer_is_the_page():
    (row,) = ENRICH(record({}, headers={"referer": "https://www.loja.example/x"}))
    assert row["page_path"] == "/x"


@pytest.mark.parametrize(
    ("event", "header", "language"),
    [
        ("pt-br", None, "pt-BR"),
        (None, "pt-BR,pt;q=0.9", "pt-BR"),
        ("zh-hant-tw", "en", "zh-Hant-TW"),
        ("*", "en_us", "en-US"),
        ("", "'; drop table", None),
        (None, None, None),
    ],
)
def test_language(event, header, language):
    (row,) = ENRICH(record({"language": event}, headers={"accept_language": header}))
    assert row.get("language") == language


def test_each_event_has_its_own_screen():
    one, other = {"width": 390, "height": 844}, {"width": 1920, "viewport_width": 1000}
    rows = ENRICH(record({"screen": one}, {"screen": other}, {"screen": one}, {}))
    assert [row.get("screen_width") for row in rows] == [390, 1920, 390, None]
    assert [row.get("screen_class") for row in rows] == ["xs", "xxl", "xs", None]
    assert [row.get("viewport_class") for row in rows] == [None, "lg", None, None]
    assert [row.get("screen_height") for row in rows] == [844, None, 844, None]


def test_campaign():
    row = _row(
        "https://l.example/?utm_source=News&utm_medium=email&utm_campaign=a+b&utm_id=7&UTM_TERM=t%C3%AAnis"
    )
    assert row["utm_source"] == "News"
    assert row["utm_campaign"] == "a b"
    assert row["utm_term"] == "tênis"
    assert row["utm_id"] == "7"
    assert "utm_content" not in row


@pytest.mark.parametrize("name", CLICK_IDS)
def test_click_ids(name):
    row = _row(f"https://l.example/?x=1&{name}=AbC-123")
    assert (row["click_id"], row["click_network"]) == ("AbC-123", CLICK_IDS[name].name)


def test_a_paid_click_wins_over_an_unpaid_one():
    assert _row("https://l.example/?fbclid=1&gclid=2")["click_network"] == "google_ads"


def test_a_decoded_value_is_scrubbed_too():
    row = _row("https://l.example/?utm_term=411111111111%31111")  # a card with coded digits
    assert row["utm_term"] == "[card]"


@pytest.mark.parametrize("malformed", [{"url": 5}, {"url": ["a"]}, {"referrer": True}, {"title": {"a": 1}}])
def test_a_malformed_page_costs_the_columns_of_the_page(malformed):
    given = {
        "url": "https://www.loja.example/p",
        "referrer": "https://www.google.com/",
        "title": "P",
        **malformed,
    }
    rows = ENRICH(record({"page": given}, {"page": {"url": "https://www.loja.example/q"}}))
    assert rows[0].keys().isdisjoint({"page_url", "page_host", "page_path", "page_query", "page_title"})
    assert rows[0]["enrich_errors"] == ["page"]
    assert "page_url" not in rows[0]
    assert (rows[1]["enrich_errors"], rows[1]["page_path"]) == ([], "/q")


def test_an_odd_page_on_an_odd_screen_is_one_failure():
    (row,) = ENRICH(record({"page": {"url": 5}, "screen": {"width": "wide"}}))
    assert row["enrich_errors"] == ["page"]


@pytest.mark.parametrize("side", ["390", -1, 100_001, 1e308, True, [390], {}])
def test_an_odd_screen_costs_the_columns_of_the_page_s_client(side):
    (row,) = ENRICH(record({"screen": {"width": side, "height": 844}}, {"language": "pt-BR"}))[:1]
    assert row["enrich_errors"] == ["page"]
    assert "screen_height" not in row


@pytest.mark.parametrize("malformed", ["yes", 1, 0, [], {"granted": True}])
def test_a_consent_that_cannot_be_understood_is_none(malformed):
    (row,) = ENRICH(record({"consent": {"analytics": malformed, "ads": malformed}, "user_id": "u-1"}))
    assert (row["consent_analytics"], row["consent_ads"]) == (False, False)
    assert "user_id" not in row
