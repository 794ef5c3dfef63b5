"""Removes the subject from an object of any kind; its first bytes say which."""

import gzip
import struct
import zlib
from typing import NamedTuple

from enrich_consumer.core.sessions.visitor import unpack
from enrich_consumer.session_log.format import MAGIC as SESSION_LOG
from enrich_consumer.session_log.format import EntryError, decode, encode
from lake import layout
from rastro.erasure import lines, parquet
from rastro.erasure.subject import Subject

_PARQUET, _GZIP, _AVRO = b"PAR1", b"\x1f\x8b", b"Obj\x01"
COPIES = (layout.RESULTS, layout.PAYLOADS)
"""Objects that go whole: results of queries, bodies that were refused whole."""


class Without(NamedTuple):
    """`data`: None where the object goes. `removed`: rows, events, lines or visitors that were taken out."""

    data: bytes | None
    removed: int


class NotReadable(Exception):  # noqa: N818 - what it says of the object
    """An object is of a kind that it cannot be read as; nobody can say what is in it."""


def hits(data: bytes, subject: Subject) -> int:
    """How often the subject stands in an object, compressed and packed parts included.

    Raises:
        NotReadable: it is damaged.
    """
    try:
        if data[:4] == _PARQUET:
            return parquet.hits(data, subject)
        if data[:2] == _GZIP:
            return hits(gzip.decompress(data), subject)
        if data[:4] == SESSION_LOG:
            return len(_remembered(data, subject)) or len(subject.packed.findall(data))
        if data[:4] == _AVRO:
            return sum(subject.count(block) for block in (data, *_avro_blocks(data)))
    except (OSError, EOFError, zlib.error, ValueError, struct.error, EntryError) as error:
        raise NotReadable(str(error)) from error
    return lines.hits(data, subject)


def without(key: str, data: bytes, subject: Subject) -> Without:
    """The object without the subject. `key`: its name below the bucket, which says what it is for."""
    if key.startswith(COPIES):
        return Without(None, 1)
    if data[:4] == _PARQUET:
        return Without(*parquet.without(data, subject))
    if data[:2] == _GZIP:
        inner = without(key, gzip.decompress(data), subject)
        return inner._replace(data=None if inner.data is None else gzip.compress(inner.data, 6, mtime=0))
    if data[:4] == SESSION_LOG:
        header, visitors = decode(data)
        gone = _remembered(data, subject)
        kept = {key: value for key, value in visitors.items() if key not in gone}
        return Without(encode(header, kept), len(gone))
    if b"\0" in data:
        raise NotReadable("it is of no kind that is known here")
    text, removed = lines.without(data, subject)
    return Without(text or None, removed)


def _remembered(data: bytes, subject: Subject) -> set[bytes]:
    """Keys of the visitors of a session log's entry that are the subject's, or whose carts or sessions name it."""
    _, visitors = decode(data)
    return {key for key, packed in visitors.items() if packed and _is_subjects(packed, subject)}


def _is_subjects(packed: bytes, subject: Subject) -> bool:
    if subject.packed.search(packed):
        return True
    if not subject.accounts:
        return False
    visitor = unpack(packed)
    users = [visitor.cart.user_id] if visitor.cart else []
    users += [session.facts.user[1] for session in visitor.sessions if session.facts and session.facts.user]
    return any(subject.is_row(visitor.site, visitor.visitor_id, user or None) for user in users)


def _avro_blocks(data: bytes) -> list[bytes]:
    """The deflated blocks of an Avro container (Iceberg's manifests), each opened: between two marks of 16 bytes that
    the file ends with stand two numbers of at most ten bytes each and the block."""
    mark = data[-16:]
    opened = []
    for part in data.split(mark)[1:-1]:
        for start in range(2, min(20, len(part))):
            try:
                opened.append(zlib.decompressobj(-15).decompress(part[start:]))
            except zlib.error:
                continue
    return opened
