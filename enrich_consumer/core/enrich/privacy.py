"""The last of all: what must not reach the lake is taken out here."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

import orjson

from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.spec import Spec, Step
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column

ADDRESSES = 32768


def address_by_policy(ip: str, policy: str) -> str | None:
    """The address as the site's policy lets it be kept: full, truncated to /24 or /48, or None."""
    if policy == "none":
        return None
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if policy == "full":
        return str(address)
    spare = 8 if address.version == 4 else 80
    return str(type(address)(int(address) >> spare << spare))


def _build(_: References) -> Step:
    kept = lru_cache(ADDRESSES)(address_by_policy)

    def per_record(record: Record, row: Row) -> None:
        if record.ip and len(record.ip) <= 64:
            row["ip_truncated"] = kept(record.ip, record.site.ip_policy)

    def per_event(record: Record, event: Event, row: Row) -> None:
        consent = event.get("consent")
        if consent:
            row["consent_analytics"] = consent.get("analytics")
            row["consent_ads"] = consent.get("ads")
        properties = event.get("properties")
        if properties:
            row["properties"] = orjson.dumps(properties).decode()

    return Step(per_record, per_event)


SPEC = Spec(
    name="privacy",
    description="Addresses truncated, personal data scrubbed, consent applied.",
    gives=(
        Column(
            "ip_truncated", "string", "The address cut to /24 or /48; whole or null by the site's policy."
        ),
        Column("consent_analytics", "boolean", "What the visitor said; null: not asked."),
        Column("consent_ads", "boolean", "What the visitor said; null: not asked."),
        Column("properties", "string", "Everything else the event carried, as JSON text, scrubbed."),
    ),
    needs=(),
    build=_build,
    required=True,
)
