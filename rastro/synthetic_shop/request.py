"""A planned request and what the ingest API must answer."""

from enum import StrEnum
from typing import Any, NamedTuple


class Verdict(StrEnum):
    """What becomes of one event of a request."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Sent(NamedTuple):
    """One event of a request. `event` is what was posted; not always an object where it is to be rejected."""

    event_id: str
    event: Any
    verdict: Verdict


class Request(NamedTuple):
    """One POST. Requests of one `visitor` must arrive in order.

    `visitor` names the visitor as the pipeline would tell them apart: the cookie, else IP address and agent.
    `ip` is the client's. `is_copy`: the client repeats an earlier request, byte for byte.
    `key_in_query`: the site key goes into the URL of the request, as `sendBeacon` needs it.
    """

    visitor: str
    ip: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    events: tuple[Sent, ...]
    sent_at: int | None
    is_copy: bool = False
    key_in_query: bool = False


class Probe(NamedTuple):
    """A request that is refused whole with `status`; `key` replaces the site's key when not empty."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int
    key: str = ""
