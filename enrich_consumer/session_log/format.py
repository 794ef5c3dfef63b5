"""Entries of the session log as bytes: what was saved, under which slot, checked by a digest.

Layout: magic (4 bytes), length of the header (4, little endian), header (JSON), payload, BLAKE2b-128 of
all before. Payload: value lengths (4 bytes each), keys (16 bytes each), values. All reads are slices, because a
snapshot of 200,000 visitors has to load in well under three seconds.
"""

import struct
from array import array
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from enrich_consumer.core.sessions.visitor import upgraded_from_1

MAGIC = b"RSL1"
STATE_VERSION = 2
"""The packed form of core/sessions/visitor.py. To change it: raise this, add the step to UPGRADES, keep the old
test."""

UPGRADES: dict[int, Callable[[bytes], bytes]] = {1: upgraded_from_1}
"""Upgrades from a version to the next: one visitor's packed bytes in, the next version's out."""

_DIGEST = 16
_KEY = 16
_PIECE = 1000


class EntryError(Exception):
    """An entry cannot be used; `code` is one of damaged, unknown_format, unknown_state_version, wrong_place."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class Kind(StrEnum):
    """What an entry is."""

    FENCE = "fence"  # a processor took the shard over; no visitors
    CHANGE = "change"  # the visitors changed since the entry before
    SNAPSHOT = "snapshot"  # all visitors


class Header(NamedTuple):
    """What an entry says of itself.

    `slot` is its number in the log and `previous` that of the entry it continues (-1: none). `writer` is a
    token of one lease acquisition, so that a writer knows its own entry again. `sequence` is the last record
    contained; `ended`: the shard has no more. `idle_starts`: how many processors started in a row without
    saving anything.
    """

    kind: Kind
    application: str
    shard: str
    slot: int
    previous: int
    writer: str
    sequence: int
    watermark: int
    sites_version: int
    idle_starts: int = 0
    ended: bool = False
    state_version: int = STATE_VERSION


def encode(header: Header, visitors: Mapping[bytes, bytes]) -> bytes:
    """The entry as bytes."""
    return b"".join(encode_parts(header, visitors))


def encode_parts(header: Header, visitors: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """The same, piece by piece: no step is long, so that a snapshot's thread never holds the worker up."""
    head = orjson.dumps(header._asdict() | {"sequence": str(header.sequence), "visitors": len(visitors)})
    digest = blake2b(digest_size=_DIGEST)
    for part in _parts(head, list(visitors), list(visitors.values())):
        digest.update(part)
        yield part
    yield digest.digest()


def _parts(head: bytes, keys: list[bytes], values: list[bytes]) -> Iterator[bytes]:
    yield b"".join([MAGIC, struct.pack("<I", len(head)), head])
    starts = range(0, len(keys), _PIECE)
    for start in starts:
        yield array("I", map(len, values[start : start + _PIECE])).tobytes()
    for start in starts:
        yield b"".join(keys[start : start + _PIECE])
    for start in starts:
        yield b"".join(values[start : start + _PIECE])


def decode(
    data: bytes, upgrades: Mapping[int, Callable[[bytes], bytes]] | None = None
) -> tuple[Header, dict[bytes, bytes]]:
    """The header and the visitors; of an older state version, upgraded step by step.

    Raises:
        EntryError: cut short, altered, of another format, or of a state version nobody can upgrade.
    """
    upgrades = UPGRADES if upgrades is None else upgrades
    if data[:4] != MAGIC:
        raise EntryError("unknown_format", f"starts with {data[:4]!r}, not {MAGIC!r}")
    if blake2b(data[:-_DIGEST], digest_size=_DIGEST).digest() != data[-_DIGEST:]:
        raise EntryError("damaged", f"the digest of its {len(data)} bytes does not fit")
    (length,) = struct.unpack_from("<I", data, 4)
    fields: dict[str, Any] = orjson.loads(data[8 : 8 + length])
    count: int = fields.pop("visitors")
    steps = _steps(fields["state_version"], upgrades)  # first: another version may say other things of itself
    read_fields = {name: fields[name] for name in Header._fields if name in fields}
    header = Header(**read_fields | {"kind": Kind(fields["kind"]), "sequence": int(fields["sequence"])})
    visitors = _visitors(data, 8 + length, count)
    for step in steps:
        visitors = {key: step(value) for key, value in visitors.items()}
    return header, visitors


def _visitors(data: bytes, offset: int, count: int) -> dict[bytes, bytes]:
    lengths = array("I")
    lengths.frombytes(data[offset : offset + 4 * count])
    keys_at = offset + 4 * count
    at = keys_at + _KEY * count
    visitors = {}
    for index, size in enumerate(lengths):
        key_at = keys_at + _KEY * index
        visitors[data[key_at : key_at + _KEY]] = data[at : at + size]
        at += size
    return visitors


def _steps(version: int, upgrades: Mapping[int, Callable[[bytes], bytes]]) -> list[Callable[[bytes], bytes]]:
    steps = []
    while version != STATE_VERSION:
        if version not in upgrades:
            raise EntryError(
                "unknown_state_version",
                f"it holds state version {version}, this program reads {STATE_VERSION}"
                f" and upgrades from {sorted(upgrades) or 'none'}",
            )
        steps.append(upgrades[version])
        version += 1
    return steps
