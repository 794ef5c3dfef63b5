"""Entries of the session log: there and back, and everything that can be wrong with one."""

import random
from hashlib import blake2b

import orjson
import pytest

from enrich_consumer.core.sessions.carts import Cart, CartChange, cart_id
from enrich_consumer.core.sessions.facts import Facts
from enrich_consumer.core.sessions.rule import session_id
from enrich_consumer.core.sessions.shard_state import visitor_key
from enrich_consumer.core.sessions.visitor import (
    OpenSession,
    Visitor,
    fingerprint,
    pack,
    packed_due,
    unpack,
    upgraded_from_1,
    with_due,
)
from enrich_consumer.session_log import format as log_format
from enrich_consumer.session_log.format import MAGIC, STATE_VERSION, EntryError, Header, Kind, decode, encode
from tests.support.consumer_doubles import NOW, event_id

HEADER = Header(
    kind=Kind.CHANGE,
    application="shop",
    shard="shardId-000000000000",
    slot=7,
    previous=6,
    writer="writer-1",
    sequence=49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898,
    watermark=NOW,
    sites_version=3,
)


def visitors(count: int) -> dict[bytes, bytes]:
    dice = random.Random(7)
    found = {}
    for number in range(count):
        partition_key = f"loja/v-{number}"
        sessions = []
        for index in range(dice.randrange(4)):
            at = NOW + index * 3_600_000
            opened = session_id(partition_key, event_id(index), at)
            sessions.append(OpenSession(at - 5, at, at + 9, opened, index + 1, dice.random() < 0.5))
        ids = {fingerprint(event_id(dice.randrange(10**9))): None for _ in range(dice.randrange(30))}
        found[visitor_key(partition_key)] = pack(
            Visitor(sessions, ids, "loja", f"v-{number}", due=at_most(dice))
        )
    return found


def at_most(dice: random.Random) -> int:
    return NOW + dice.randrange(10**7)


def code(data: bytes, upgrades=None) -> str:
    with pytest.raises(EntryError) as caught:
        decode(data, upgrades)
    assert str(caught.value).startswith(f"{caught.value.code}: ")
    return caught.value.code


def resealed(data: bytes, **changed: object) -> bytes:
    """The entry with other header fields and a digest that fits."""
    length = int.from_bytes(data[4:8], "little")
    fields = orjson.loads(data[8 : 8 + length]) | changed
    head = orjson.dumps(fields)
    body = MAGIC + len(head).to_bytes(4, "little") + head + data[8 + length : -16]
    return body + blake2b(body, digest_size=16).digest()


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001, 2_500])
@pytest.mark.parametrize("kind", list(Kind))
def test_there_and_back(count: int, kind: Kind):
    given = visitors(count)
    header = HEADER._replace(kind=kind, idle_starts=2, ended=True)
    assert decode(encode(header, given)) == (header, given)


def test_visitors_there_and_back():
    for packed in visitors(200).values():
        if packed:
            visitor = unpack(packed)
            assert pack(visitor) == packed
            assert packed_due(packed) == visitor.due
            assert packed_due(with_due(packed, 77)) == unpack(with_due(packed, 77)).due == 77


def test_a_copy_has_everything_and_shares_nothing_that_moves():
    visitor = of_version_2()
    for one in (visitor, visitor.cart, visitor.sessions[0], visitor.sessions[0].facts):
        for number, name in enumerate(one.__slots__):
            if type(getattr(one, name)) in {int, bool}:
                setattr(one, name, NOW + number)  # told apart from what a new one begins with
    other = visitor.copy()
    for one, same in (
        (visitor, other),
        (visitor.cart, other.cart),
        (visitor.sessions[0], other.sessions[0]),
        (visitor.sessions[0].facts, other.sessions[0].facts),
    ):
        assert one is not same
        for name in one.__slots__:
            value = getattr(one, name)
            if type(value) in {list, dict}:
                assert getattr(same, name) is not value, name
            if type(value) in {int, bool, str, tuple, dict}:
                assert getattr(same, name) == value, name


def test_nothing_is_remembered_of_one_without_sessions_and_cart():
    assert pack(Visitor([], {1: None}, "loja", "ana")) == b""


OF_VERSION_1 = bytes.fromhex(
    "0100020000000000" "7b9e3dffa1010000" "fb9e3dffa1010000" "04a03dffa1010000"
    "01a1fffaf87b817bb6920a34f32ea32b" "02000000" "0100000000000000" "ffffffff00000000"
)  # fmt: skip


def entry_of(packed: bytes, version: int) -> bytes:
    head = (
        b'{"kind":"change","application":"shop","shard":"s","slot":7,"previous":6,"writer":"w","sequence":"5",'
        b'"watermark":9,"sites_version":3,"idle_starts":0,"ended":false,"state_version":%d,"visitors":1}'
        % version
    )
    body = (
        b"RSL1"
        + len(head).to_bytes(4, "little")
        + head
        + len(packed).to_bytes(4, "little")
        + b"k" * 16
        + packed
    )
    return body + blake2b(body, digest_size=16).digest()


def test_an_entry_of_the_first_version_is_upgraded():
    header, found = decode(entry_of(OF_VERSION_1, 1))
    assert header == Header(Kind.CHANGE, "shop", "s", 7, 6, "w", 5, 9, 3, state_version=1)
    visitor = unpack(found[b"k" * 16])
    (session,) = visitor.sessions
    assert session.session_id == "01a1fffa-f87b-817b-b692-0a34f32ea32b"
    assert (session.first, session.last - session.first, session.events) == (0x01A1FF3D9E7B, 128, 2)
    assert session.facts is None  # it was not collected: no end of this session is announced
    assert list(visitor.ids) == [1, 0xFFFFFFFF]
    assert (visitor.site, visitor.visitor_id, visitor.cart, visitor.due) == ("", "", None, 0)
    assert upgraded_from_1(b"\0" * 8) == b""


def test_the_second_version_stays_readable():
    """Bytes as version 2 wrote them. When this fails, old logs cannot be read: raise STATE_VERSION and add the
    upgrade instead of changing the bytes."""
    packed = bytes.fromhex(OF_VERSION_2)
    visitor = unpack(packed)
    assert pack(visitor) == packed
    assert (visitor.site, visitor.visitor_id) == ("loja", "0b9c1e8a-7c0f-4e8e-9d7e-000000000002")
    (session,) = visitor.sessions
    assert (session.was_cut, session.is_announced, session.events) == (False, True, 3)
    assert session.facts is not None
    assert session.facts.entry == (NOW - 5, "/p/1")
    assert session.facts.orders == {"A1": (NOW, "BRL", 199_900)}
    assert visitor.cart is not None
    assert [line.item_id for line in visitor.cart.lines.values()] == ["SKU-1", "SKU-2"]
    assert (visitor.cart.value, visitor.cart.quantity, visitor.cart.last_page) == (599_700, 3, "/cart")
    assert encode(HEADER, {b"k" * 16: packed})[-16 - len(packed) : -16] == packed


def of_version_2() -> Visitor:
    """The visitor whose bytes are OF_VERSION_2."""
    facts = Facts()
    columns = {"page_path": "/p/1", "channel": "Direct", "device_class": "desktop", "geo_country": "BR"}
    facts.add(NOW - 5, event_id(1), "page_view", columns.get)
    order = {"transaction_id": "A1", "currency": "BRL", "value": 19.99, "user_id": "u-1"}
    facts.add(NOW, event_id(2), "purchase", order.get)
    cart = Cart(cart_id("loja/ana", event_id(3)), NOW)
    items = [{"item_id": f"SKU-{n}", "item_name": "Tênis", "price": 19.99, "quantity": n} for n in (1, 2)]
    cart.apply(CartChange("view_cart", NOW, items, None, "BRL"))
    cart.last_arrival, cart.last_page = NOW + 9, "/cart"
    facts.cart = (cart.quantity, cart.value, cart.currency)
    opened = OpenSession(
        NOW - 5, NOW, NOW + 9, session_id("loja/ana", event_id(1), NOW - 5), 3, False, True, facts
    )
    ids = {fingerprint(event_id(n)): None for n in (1, 2, 3)}
    who = "0b9c1e8a-7c0f-4e8e-9d7e-000000000002"
    return Visitor([opened], ids, "loja", who, cart, NOW + 1_800_000)


def test_a_visitor_is_the_bytes_it_was():
    assert pack(of_version_2()).hex() == OF_VERSION_2


OF_VERSION_2 = (
    "000001a200166fbb000100030400100100516c6f6a610b9c1e8a7c0f4e8e9d7e00000000000276f8faffa101000005000000"
    "0e00000001a1fffaf8768ef9ad8ba55067fba5ca030000000635009901c29200a42f702f319200a42f702f31950001000000"
    "97001900003000009205a3752d319194a2413105a342524cce00030cdcc301c00e000000008002c00e000000008003c00e00"
    "000000809cc408f459d59ef4ce13b3cf000001a1fffaf87b9500000900c09295a5534b552d31a654c3aa6e6973a0cd07cf01"
    "95a5534b552d32a654c3aa6e6973a0cd07cf02a342524c010000c2c2a52f63617274a0"
)


def test_every_cut_and_every_altered_byte_is_noticed():
    data = encode(HEADER, visitors(5))
    for end in range(len(data)):
        assert code(data[:end]) in {"damaged", "unknown_format"}
    dice = random.Random(3)
    for index in range(len(data)):
        altered = bytearray(data)
        altered[index] ^= 1 << dice.randrange(8)
        assert code(bytes(altered)) in {"damaged", "unknown_format"}
    assert code(data + b"\0") == "damaged"


@pytest.mark.parametrize("data", [b"", b"RSL", b"RSL2" + b"\0" * 40, b"{}", b"\0" * 100])
def test_what_is_no_entry(data: bytes):
    assert code(data) == "unknown_format"


@pytest.mark.parametrize("changed", [{}, {"field_of_the_future": [1]}])
def test_a_newer_state_version_is_refused_by_name(changed: dict[str, object]):
    data = resealed(encode(HEADER, {}), state_version=STATE_VERSION + 1, **changed)
    with pytest.raises(
        EntryError, match=f"it holds state version {STATE_VERSION + 1}, this program reads"
    ) as caught:
        decode(data)
    assert caught.value.code == "unknown_state_version"


def test_an_unknown_field_of_the_same_version_is_no_obstacle():
    assert decode(resealed(encode(HEADER, {}), note="x")) == (HEADER, {})


def test_an_older_state_is_upgraded_step_by_step():
    given = {b"a" * 16: b"one", b"b" * 16: b""}
    old = encode(HEADER._replace(state_version=STATE_VERSION - 2), given)
    steps = {STATE_VERSION - 2: lambda value: value + b"+1", STATE_VERSION - 1: lambda value: value + b"+2"}
    assert decode(old, steps)[1] == {b"a" * 16: b"one+1+2", b"b" * 16: b"+1+2"}
    assert decode(encode(HEADER, given), steps)[1] == given
    assert code(old, {STATE_VERSION - 1: bytes}) == "unknown_state_version"  # a step is missing
    assert code(old) == "unknown_state_version"


def test_each_earlier_version_has_its_upgrade():
    assert sorted(log_format.UPGRADES) == list(range(1, STATE_VERSION))
