"""Rows of the health page that are the same here and on AWS."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reference_data.databases import NONE, date_of, default_asn, default_city
from reference_data.mmdb import ReferenceDataError, open_database

DAY = 86_400


def leases(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Items of KCL's lease table: who reads which shard, and how far it is."""
    return [
        {
            "shard": item["leaseKey"]["S"],
            "owner": item.get("leaseOwner", {}).get("S"),
            "checkpoint": item.get("checkpoint", {}).get("S"),
        }
        for item in sorted(items, key=lambda item: str(item["leaseKey"]["S"]))
    ]


def reference_data(environment: Mapping[str, str], now: float) -> list[dict[str, Any]]:
    """The databases that a consumer with this environment uses, with their age; `now`: epoch seconds."""
    found: list[dict[str, Any]] = []
    for name, kind, path in (
        ("city", "city", environment.get("RASTRO_GEO_CITY") or default_city(environment)),
        ("network", "asn", environment.get("RASTRO_GEO_ASN") or default_asn(environment)),
    ):
        if path in NONE:
            found.append({"database": name, "built": None, "age, days": None, "path": None})
            continue
        try:
            database = open_database(Path(str(path)), kind)
        except ReferenceDataError as error:
            found.append({"database": name, "built": None, "age, days": None, "path": str(error)})
            continue
        age = int((now - database.built_at) // DAY)
        found.append(
            {"database": name, "built": str(date_of(database.built_at)), "age, days": age, "path": str(path)}
        )
    return found
