"""What the consumer remembers, read from its session log without taking it over, and KCL's leases beside it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from enrich_consumer.core.sessions.shard_state import ShardState, in_range, visitor_key
from enrich_consumer.core.sessions.visitor import OpenSession, unpack
from enrich_consumer.edges.aws.object_store import S3ObjectStore
from enrich_consumer.edges.kcl.shards import KinesisShards
from enrich_consumer.session_log.restore import Restored, StateError, restore
from rastro.repair.pipeline import Pipeline
from rastro.terminal.errors import Problem

SHARD_END = "SHARD_END"


class Lease(NamedTuple):
    """KCL's mark of one shard. `checkpoint`: a sequence number, or TRIM_HORIZON, LATEST, SHARD_END."""

    shard: str
    owner: str | None
    counter: int
    checkpoint: str | None


def store_of(pipeline: Pipeline) -> S3ObjectStore:
    """The session logs of the environment's consumer."""
    uri = urlsplit(pipeline.state_uri)
    return S3ObjectStore(pipeline.client("s3"), uri.netloc, f"{uri.path.strip('/')}/{pipeline.application}")


def leases(pipeline: Pipeline) -> dict[str, Lease]:
    """By shard; empty where no consumer ever ran."""
    dynamodb = pipeline.client("dynamodb")
    try:
        pages = dynamodb.get_paginator("scan").paginate(TableName=pipeline.application, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
    except dynamodb.exceptions.ResourceNotFoundException:
        return {}
    found = {}
    for item in items:
        shard = item["leaseKey"]["S"]
        found[shard] = Lease(
            shard,
            item.get("leaseOwner", {}).get("S"),
            int(item.get("leaseCounter", {}).get("N", "0")),
            item.get("checkpoint", {}).get("S"),
        )
    return dict(sorted(found.items()))


def shards(pipeline: Pipeline) -> dict[str, tuple[int, int]]:
    """The hash key range (both ends included) of each shard that the raw stream knows."""
    pages = pipeline.client("kinesis").get_paginator("list_shards").paginate(StreamName=pipeline.raw_stream)
    return {
        shard["ShardId"]: (
            int(shard["HashKeyRange"]["StartingHashKey"]),
            int(shard["HashKeyRange"]["EndingHashKey"]),
        )
        for page in pages
        for shard in page["Shards"]
    }


def read(pipeline: Pipeline, shard: str) -> Restored:
    """The state of one shard as a processor would take it over now; nothing is written.

    Raises:
        Problem: with the code of the session log: state_missing, damaged, parent_missing and so on.
    """
    try:
        lineage = KinesisShards(pipeline.client("kinesis"), pipeline.raw_stream).lineage(shard)
    except KeyError:
        raise Problem(f"{pipeline.raw_stream} has no shard {shard}", "no_such_shard") from None
    try:
        return restore(store_of(pipeline), pipeline.application, shard, None, lineage)
    except StateError as error:
        raise Problem(str(error).partition(": ")[2], error.code) from None


def holders(pipeline: Pipeline, site: str, visitor_id: str) -> Iterator[tuple[str, bytes]]:
    """The shards that may remember a visitor, and the key under which."""
    key = visitor_key(f"{site}/{visitor_id}")
    for shard, (first, last) in shards(pipeline).items():
        if in_range(key, first, last):
            yield shard, key


def describe(state: ShardState, key: bytes, *, masked: bool) -> dict[str, Any] | None:
    """One visitor in words; None where nothing is remembered of them."""
    packed = state.saved.get(key)
    if not packed:
        return None
    visitor = unpack(packed)
    cart = visitor.cart
    return {
        "site": visitor.site,
        "visitor_id": _hidden(visitor.visitor_id, masked),
        "looked_at": when(visitor.due),
        "event_ids_remembered": len(visitor.ids),
        "sessions": [_session(session, masked) for session in visitor.sessions],
        "cart": None
        if cart is None
        else {
            "cart_id": cart.cart_id,
            "started_at": when(cart.started_at),
            "changed_at": when(cart.changed_at),
            "pieces": cart.quantity,
            "value": None if cart.value is None else cart.value / 10_000,
            "currency": cart.currency or None,
            "user_id": _hidden(cart.user_id, masked) or None,
            "abandonment_announced": bool(cart.announced),
        },
    }


def _session(session: OpenSession, masked: bool) -> dict[str, Any]:
    facts = session.facts
    found: dict[str, Any] = {
        "session_id": session.session_id,
        "first_event_at": when(session.first),
        "last_event_at": when(session.last),
        "last_arrival": when(session.last_arrival),
        "events": session.events,
        "end_announced": session.is_announced,
        "was_cut": session.was_cut,
    }
    if facts is not None:
        found |= {
            "page_views": facts.page_views,
            "entry": facts.entry and facts.entry[1],
            "exit": facts.exit and facts.exit[1],
            "channel": facts.touch and facts.touch[1],
            "user_id": facts.user and _hidden(facts.user[1], masked),
            "orders": [_hidden(order, masked) for order in facts.orders],
            "is_bot": facts.is_bot,
        }
    return found


def when(at: int) -> str | None:
    """Epoch ms as ISO 8601, None for 0."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds") if at > 0 else None


def _hidden(text: str, masked: bool) -> str:
    """Enough to see whether two are the same, not enough to know who it is."""
    if not masked or not text:
        return text
    return f"{text[: min(2, len(text) // 4)]}…{blake2b(text.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"
