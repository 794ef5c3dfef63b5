"""Finds the visitors of an account or of an e-mail address in the lake."""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from lake import layout
from rastro.erasure.objects import Objects
from rastro.erasure.subject import Subject, spellings_of_email
from rastro.erasure.sweep import WORKERS

PARQUET = (layout.ENRICHED, layout.SESSION_ENDS, layout.CART_EVENTS)
LINES = (layout.RAW, layout.IMPORTS)
_COLUMNS = ("site", "visitor_id", "user_id")


class Found(NamedTuple):
    """`shared`: visitors that know other accounts too; of these only the events that name the subject's go."""

    subject: Subject
    shared: frozenset[str]


def of_visitor(visitor_id: str) -> Found:
    """All of one visitor."""
    return Found(Subject(visitors=frozenset({visitor_id})), frozenset())


def of_account(stores: Iterable[Objects], tables: Iterable[Any], user_id: str, site: str | None) -> Found:
    """An account, and its visitors."""
    return _of({user_id}, frozenset(), *_look(stores, tables, frozenset()), site)


def of_email(stores: Iterable[Objects], tables: Iterable[Any], email: str, site: str | None) -> Found:
    """The visitors that sent an e-mail address, in any event, and the accounts called by it or by its digest."""
    texts = spellings_of_email(email)
    users_of, sent = _look(stores, tables, texts)
    accounts = {user for users in users_of.values() for user in users if user.lower() in texts}
    return _of(accounts, texts, users_of, sent, site)


_UsersOf = dict[tuple[str, str], set[str]]


def _of(
    accounts: set[str],
    texts: frozenset[str],
    users_of: _UsersOf,
    sent: set[tuple[str, str]],
    site: str | None,
) -> Found:
    visitors: set[str] = set()
    shared: set[str] = set()
    own = {key for key, users in users_of.items() if users & accounts} | sent
    for key in own:
        if site in (None, key[0]):
            others = users_of.get(key, set()) - accounts
            (shared if others else visitors).add(key[1])
    subject = Subject(frozenset(visitors), frozenset(accounts), texts, site)
    return Found(subject, frozenset(shared - visitors))


def _look(
    stores: Iterable[Objects], tables: Iterable[Any], texts: frozenset[str]
) -> tuple[_UsersOf, set[tuple[str, str]]]:
    """The accounts of every visitor, and the visitors whose raw records have one of the texts."""
    users_of: _UsersOf = defaultdict(set)
    sent: set[tuple[str, str]] = set()
    pattern = Subject(texts=texts).pattern
    for table in tables:
        if {"site", "visitor_id", "user_id"} <= {field.name for field in table.schema().fields}:
            _rows(table.scan(selected_fields=_COLUMNS).to_arrow(), users_of)
    with ThreadPoolExecutor(WORKERS) as pool:
        for store in stores:
            names = (*PARQUET, *LINES)
            entries = [
                entry
                for entry in store.entries()
                if entry.is_latest
                and entry.key.removeprefix("lake/").startswith(names)  # the local stack's downloads
            ]
            for users, senders in pool.map(
                lambda one, at=store: _object(at.read(one) or b"", pattern), entries
            ):
                sent |= senders
                for key, found in users.items():
                    users_of[key] |= found
    return users_of, sent


def _object(data: bytes, texts: re.Pattern[bytes]) -> tuple[_UsersOf, set[tuple[str, str]]]:
    """As `_look`, of one object."""
    users_of: _UsersOf = defaultdict(set)
    sent: set[tuple[str, str]] = set()
    if data[:4] == b"PAR1":
        file = pq.ParquetFile(pa.BufferReader(data))
        if set(_COLUMNS) <= set(file.schema_arrow.names):
            _rows(file.read(columns=list(_COLUMNS)), users_of)
        return users_of, sent
    for line in (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).splitlines():
        has_text = bool(texts.search(line))
        if has_text or b"user_id" in line:
            _record(line, users_of, sent if has_text else set())
    return users_of, sent


def _rows(rows: pa.Table, users_of: _UsersOf) -> None:
    named = rows.select(_COLUMNS).cast(pa.schema([(name, pa.string()) for name in _COLUMNS]))
    pairs = named.group_by(list(_COLUMNS)).aggregate([]).to_pylist()
    for row in pairs:
        if row["user_id"] is not None and row["visitor_id"] is not None:
            users_of[row["site"], row["visitor_id"]].add(row["user_id"])


def _record(line: bytes, users_of: _UsersOf, sent: set[tuple[str, str]]) -> None:
    try:
        record = json.loads(line)
        key = record["site"], record["visitor_id"]
        users = {str(event["user_id"]) for event in record["events"] if event.get("user_id") is not None}
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    sent.add(key)
    if users:
        users_of[key] |= users
