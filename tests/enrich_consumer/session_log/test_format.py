"""Entries of the session log: there and back, and everything that can be wrong with one."""

import random
from hashlib import blake2b

import orjson
import pytest

from enrich_consumer.core.sessions.rule import session_id
from enrich_consumer.core.sessions.shard_state import visitor_key
from enrich_consumer.core.sessions.visitor import (
    OpenSession,
    Visitor,
    fingerprint,
    pack,
    packed_last_arrival,
    unpack,
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
        for place in range(dice.randrange(4)):
            at = NOW + place * 3_600_000
            opened = session_id(partition_key, event_id(place), at)
            sessions.append(OpenSession(at - 5, at, at + 9, opened, place + 1))
        ids = {fingerprint(event_id(dice.randrange(10**9))): None for _ in range(dice.randrange(30))}
        found[visitor_key(partition_key)] = pack(Visitor(sessions, ids))
    return found


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
        visitor = unpack(packed)
        assert pack(visitor) == packed
        assert packed_last_arrival(packed) == visitor.last_arrival
        assert len(packed) == 8 + 44 * len(visitor.sessions) + 8 * len(visitor.ids)


def test_the_first_version_stays_readable():
    """Bytes as version 1 wrote them. When this fails, old logs cannot be read: raise STATE_VERSION and add the
    upgrade instead of changing the bytes."""
    packed = bytes.fromhex(
        "0100020000000000" "7b9e3dffa1010000" "fb9e3dffa1010000" "04a03dffa1010000"
        "01a1fffaf87b817bb6920a34f32ea32b" "02000000" "0100000000000000" "ffffffff00000000"
    )  # fmt: skip
    visitor = unpack(packed)
    (session,) = visitor.sessions
    assert session.session_id == "01a1fffa-f87b-817b-b692-0a34f32ea32b"
    assert (session.first, session.last - session.first, session.events) == (0x01A1FF3D9E7B, 128, 2)
    assert list(visitor.ids) == [1, 0xFFFFFFFF]
    assert pack(visitor) == packed
    head = (
        b'{"kind":"change","application":"shop","shard":"s","slot":7,"previous":6,"writer":"w","sequence":"5",'
        b'"watermark":9,"sites_version":3,"idle_starts":0,"ended":false,"state_version":1,"visitors":1}'
    )
    body = (
        b"RSL1"
        + len(head).to_bytes(4, "little")
        + head
        + len(packed).to_bytes(4, "little")
        + b"k" * 16
        + packed
    )
    header = Header(Kind.CHANGE, "shop", "s", 7, 6, "w", 5, 9, 3)
    assert decode(body + blake2b(body, digest_size=16).digest()) == (header, {b"k" * 16: packed})
    assert encode(header, {b"k" * 16: packed})[:-16] == body


def test_every_cut_and_every_altered_byte_is_noticed():
    data = encode(HEADER, visitors(5))
    for end in range(len(data)):
        assert code(data[:end]) in {"damaged", "unknown_format"}
    dice = random.Random(3)
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 1 << dice.randrange(8)
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
