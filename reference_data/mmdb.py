"""One database in MaxMind's file format, from a file or from a folder with one file per IP version.

Answers have the layout of GeoLite2 whatever the layout of the file.
"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb

from reference_data.iso_places import CONTINENTS, REGIONS

Answer = Mapping[str, Any]
_KINDS = {"city": ("city", "country", "enterprise", "location"), "asn": ("asn", "isp", "as ")}
_BROKEN = (
    maxminddb.InvalidDatabaseError,
    ValueError,
    OSError,
    RuntimeError,
    TypeError,
    MemoryError,
    KeyError,
)
"""What a corrupt file was seen to raise, at opening or at a look-up."""


class ReferenceDataError(RuntimeError):
    """A database cannot be used; the message names the file and what to do."""


class Database(NamedTuple):
    """`get`: an IP address as text to its answer. `built_at`: epoch seconds. `fingerprint`: changes with the files."""

    get: Callable[[str], Answer | None]
    built_at: int
    fingerprint: str
    files: tuple[Path, ...]
    kinds: tuple[str, ...]


def open_database(path: Path, kind: str) -> Database:
    """Open the database of a kind, `city` or `asn`, at a file or a folder of files.

    Raises:
        ReferenceDataError: see there.
    """
    files = _files(path)
    seen = _facts(files)
    readers = [_open(file, kind) for file in files]
    by_version = {reader.metadata().ip_version: reader for reader in readers}
    four, six = by_version.get(4) or by_version.get(6), by_version.get(6)
    shape = _flat if "country_code" in _sample(readers[0], files[0]) else _as_it_is

    def get(ip: str) -> Answer | None:
        try:
            parsed: IPv4Address | IPv6Address = ip_address(ip.partition("%")[0])
        except ValueError:
            return None
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        reader = four if parsed.version == 4 else six
        found = reader.get(parsed) if reader else None
        return shape(found) if isinstance(found, dict) else None

    return Database(
        get,
        max(reader.metadata().build_epoch for reader in readers),
        seen,
        tuple(files),
        tuple(reader.metadata().database_type for reader in readers),
    )


def kind_of(name: str) -> str | None:
    """The kind of a database by its type or edition, for example `asn` for GeoLite2-ASN; None: of no use here."""
    lowered = name.lower()
    return next((kind for kind, words in _KINDS.items() if any(word in lowered for word in words)), None)


def _files(path: Path) -> list[Path]:
    files = sorted(path.glob("*.mmdb")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise ReferenceDataError(
            f"geo database not found: {path}; get the free one with `rastro data fetch`, or see "
            "docs/enrichments.md for MaxMind's, or unset the setting to do without"
        )
    return files


def fingerprint(path: Path) -> str:
    """What changes when another file is put at the path.

    Raises:
        ReferenceDataError: nothing is there.
    """
    return _facts(_files(path))


def _facts(files: list[Path]) -> str:
    facts = [file.stat() for file in files]
    return " ".join(f"{fact.st_dev}:{fact.st_ino}:{fact.st_size}:{fact.st_mtime_ns}" for fact in facts)


def _open(file: Path, kind: str) -> maxminddb.Reader:
    try:
        reader = maxminddb.open_database(file, maxminddb.MODE_AUTO)
        database_type = reader.metadata().database_type.lower()
        if any(word in database_type for word in _KINDS[kind]):
            for first in range(1, 224):  # a file cut short often opens and fails at a look-up
                reader.get(IPv4Address(first << 24 | 0x010101))
            return reader
    except _BROKEN as error:
        raise ReferenceDataError(
            f"geo database is broken: {file} ({type(error).__name__}: {error}); fetch it again, "
            "for the free one with `rastro data fetch`"
        ) from None
    raise ReferenceDataError(
        f"{file} is a database of {database_type!r}, not of kind {kind!r}: see docs/enrichments.md"
    )


def _sample(reader: maxminddb.Reader, file: Path) -> Mapping[str, Any]:
    """Any one answer of the database."""
    try:
        for _, answer in reader:
            if isinstance(answer, dict):
                return answer
    except _BROKEN as error:
        raise ReferenceDataError(
            f"geo database is broken: {file} ({type(error).__name__}: {error})"
        ) from None
    return {}


def _as_it_is(found: Answer) -> Answer:
    return found


def _flat(found: Answer) -> Answer:
    """DB-IP's flat layout, as npm's ip-location-db packages carry it, in the layout of GeoLite2."""
    country = found.get("country_code") or ""
    answer: dict[str, Any] = {"country": {"iso_code": country or None}}
    if continent := CONTINENTS.get(country):
        answer["continent"] = {"code": continent}
    if region := found.get("state1"):
        answer["subdivisions"] = [{"names": {"en": region}, "iso_code": REGIONS.get((country, region))}]
    if city := found.get("city"):
        answer["city"] = {"names": {"en": city}}
    if postal := found.get("postcode"):
        answer["postal"] = {"code": postal}
    answer["location"] = {
        "latitude": _degrees(found.get("latitude")),
        "longitude": _degrees(found.get("longitude")),
        "time_zone": found.get("timezone") or None,
    }
    return answer


def _degrees(number: float | None) -> float | None:
    # The file holds 32-bit floats; four decimals are eleven metres, far finer than the data.
    return None if number is None else round(number, 4)
