"""Numbers of people are found in all usual writings; numbers of products, orders and devices stay whole."""

import random
import uuid

import pytest
from stdnum import ean

from enrich_consumer.core.parsing.identity_numbers import is_card, is_cnpj
from enrich_consumer.core.parsing.pii import scrub
from enrich_consumer.core.parsing.properties import properties_text
from enrich_consumer.core.parsing.urls import clean, text_of

PHONES = [
    "(11) 91234-5678", "(11) 91234 5678", "(11)912345678", "11 91234-5678", "11 91234 5678", "11 9 1234 5678",
    "11 9 1234-5678", "11-91234-5678", "11.91234.5678", "11 912345678", "(011) 91234-5678", "0 11 91234-5678",
    "015 11 91234-5678", "(0xx11) 3123-4567", "(11) 3123-4567", "11 3123 4567", "55 11 91234-5678",
    "55 (11) 91234-5678", "+55 (11) 91234-5678", "+55 11 912345678", "+5511912345678", "0055 11 91234-5678",
    "%2B5511912345678", "%2811%29%2091234%205678", "%252811%2529%252091234%25205678", "11+91234+5678",
    "(212) 555-0199", "(212)555-0199", "+1 212 555 0199", "+351 912 345 678", "+44 20 7946 0958",
]  # fmt: skip
CPFS = ["529.982.247-25", "529982247-25", "529 982 247 25", "529-982-247-25", "529.982.24725", "52998224725"]
CNPJS = [
    "11.222.333/0001-81", "11222333/0001-81", "11.222.333/000181", "11 222 333 0001 81", "112223330001-81",
    "11.222.333%2F0001-81", "12.ABC.345/01DE-35", "12.abc.345/01de-35", "12ABC345/01DE-35", "12.ABC.345%252F01DE-35",
]  # fmt: skip
CARDS = [
    "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111", "4222222222222",
    "5555555555554444", "2223003122003222", "378282246310005", "3782 822463 10005", "3056 930902 5904",
    "6011111111111117", "3530111333300000", "6062828888666688", "6362970000457013", "4111%201111%201111%201111",
    "4111+1111+1111+1111",
]  # fmt: skip
EMAILS = [
    "maria.silva+loja@exemplo.com.br", "maria%40exemplo.com.br", "maria%2540exemplo.com.br", "maria%252540exemplo.com",
    "joão@exemplo.com.br", "jo%C3%A3o%40exemplo.com.br", "maria@exemplo%2Ecom", "maria@xn--caf-dma.com.br",
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("[phone]", text) for text in PHONES),
        *(("[cpf]", text) for text in CPFS),
        *(("[cnpj]", text) for text in CNPJS),
        *(("[card]", text) for text in CARDS),
        *(("[email]", text) for text in EMAILS),
    ],
)
def test_every_usual_writing_is_found_alone_and_among_others(kind, text):
    assert scrub(text) == kind
    assert scrub(f"2 {text}, sim") == f"2 {kind}, sim"
    assert scrub(f"volta=%2Fx%3Fa%3D{text}&b=1") == f"volta=%2Fx%3Fa%3D{kind}&b=1"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("tel 11912345678", "tel [phone]"),
        ("WhatsApp: 5511912345678", "WhatsApp: [phone]"),
        ("wa.me/5511912345678", "wa.me/[phone]"),
        ("fone 91234-5678", "fone [phone]"),
        ("CNPJ 11222333000181", "CNPJ [cnpj]"),
        ("cnpj: 12ABC34501DE35", "cnpj: [cnpj]"),
        ("cpf52998224725", "cpf[cpf]"),
        ("(11) 91234-5678 (21) 99876-5432", "[phone] [phone]"),
    ],
)
def test_the_word_before_tells_what_digits_alone_do_not(text, clean):
    assert scrub(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "20539f51-1552-4161-a9ee-ab4a446d7598", "5901234123457", "7 891000 315507", "43727219613991", "30569309025904",
        "11222333000181", "12ABC34501DE35", "pedido+1234567890", "/p/1234567890", "AB-11-3123-4567",
        "701-1234567-1234567", "2026-11-21 10:20:30", "90210-1234", "1795295998000", "MLB-1234567890-tenis",
        "tamanho 38 40 42 44 46 48", "/produtos/2026-11", "507f1f77bcf86cd799439011", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01310-100", "R$ 1.234.567,89", "pedido-4111111111111112", "35 209900 176148 1",
    ],
)  # fmt: skip
def test_other_numbers_stay(text):
    assert scrub(text) == text


def _ids(rng, count):
    for _ in range(count):
        yield str(uuid.UUID(int=rng.getrandbits(128), version=4))
        twelve = f"{rng.randrange(10**12):012d}"
        yield twelve + ean.calc_check_digit(twelve)
        yield str(rng.randrange(10**13, 10**14))


def test_random_ids_stay_whole():
    """The same over 100,000 of each: `python -m tests.enrich_consumer.random_ids`."""
    for text in _ids(random.Random(7), 1500):
        assert scrub(text) == text
        url = f"/p/{text}?id={text}"
        assert text_of(url, clean(url)) == url
    some = list(_ids(random.Random(8), 500))
    data = "[" + ",".join(text if text.isdigit() and text[0] != "0" else f'"{text}"' for text in some) + "]"
    assert properties_text(data.encode()) == data


def test_a_card_has_its_networks_digits_and_length():
    assert is_card("4111111111111111")
    assert not is_card("41111111111111113")  # Visa has none of 17
    assert not is_card("30569309025904")  # written in one, it may be any id of fourteen digits
    assert is_card("30569309025904", bare=False)
    assert not is_card("1111111111111117")
    assert not is_card("8888888888888888")


def test_a_company_has_its_check_digits():
    assert is_cnpj("12ABC34501DE35")
    assert not is_cnpj("12ABC34501DE36")
    assert not is_cnpj("00000000000000")
