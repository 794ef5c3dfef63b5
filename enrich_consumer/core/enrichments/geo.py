"""The location and the network of the client's IP address, as far as the database has them."""

from collections.abc import Mapping
from typing import Any

from enrich_consumer.core.engine.context import Location
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.record import Row, without_nulls
from reference_data.lookups import References
from schemas import Column
from schemas.ip_addresses import LONGEST_IP, parse_ip


def _name(part: Mapping[str, Any] | None) -> str | None:
    names = part.get("names") if part else None
    return names.get("en") if names else None


def columns_of(city: Mapping[str, Any] | None, network: Mapping[str, Any] | None) -> Row:
    """The columns of two GeoLite2-shaped answers, either may be None."""
    row: Row = {}
    if city:
        # A traveller's or a company's IP address: the country it is used in, else the one it is registered in.
        country = city.get("country") or city.get("registered_country") or {}
        code = country.get("iso_code")
        regions = city.get("subdivisions") or ()
        region = regions[0] if regions else {}  # the coarsest: England, not its counties
        location = city.get("location") or {}
        row["geo_continent"] = (city.get("continent") or {}).get("code")
        row["geo_country"] = code
        row["geo_region"] = f"{code}-{region['iso_code']}" if code and region.get("iso_code") else None
        row["geo_region_name"] = _name(region)
        row["geo_city"] = _name(city.get("city"))
        row["geo_postal_code"] = (city.get("postal") or {}).get("code")
        row["geo_latitude"] = location.get("latitude")
        row["geo_longitude"] = location.get("longitude")
        row["geo_accuracy_km"] = location.get("accuracy_radius")
        row["geo_timezone"] = location.get("time_zone")
    if network:
        row["asn"] = network.get("autonomous_system_number")
        row["as_organization"] = network.get("autonomous_system_organization")
    return row


def _build(references: References) -> Step:
    def per_location(location: Location, row: Row) -> None:
        ip = location.ip
        if not ip or len(ip) > LONGEST_IP or (parsed := parse_ip(ip)) is None:
            return
        text = str(parsed)
        columns = columns_of(references.city(text), references.asn(text))
        row.update(without_nulls({"geo_database_date": references.city_date(), **columns}))

    return Step(per_location=per_location)


ENRICHMENT: Enrichment = Enrichment(
    name="geo",
    description="Location and network of the client's IP address.",
    provides=(
        Column("geo_continent", "string", "Two letters: AF, AN, AS, EU, NA, OC, SA."),
        Column("geo_country", "string", "ISO 3166-1, two letters."),
        Column("geo_region", "string", "ISO 3166-2, for example BR-SP, where the database has the code."),
        Column("geo_region_name", "string", "English name of the region."),
        Column("geo_city", "string", "English name of the city."),
        Column("geo_postal_code", "string", "Postal code, where the database has it."),
        Column("geo_latitude", "double", "Degrees; of the city or area, never of a house."),
        Column("geo_longitude", "double", "Degrees."),
        Column("geo_accuracy_km", "int", "Accuracy radius in kilometres, where the database has one."),
        Column("geo_timezone", "string", "IANA name of the location's time zone, where the database has it."),
        Column("geo_database_date", "date", "The day the city database was built."),
        Column("asn", "bigint", "Number of the autonomous system (RFC 6793: up to 4,294,967,295)."),
        Column("as_organization", "string", "Organisation that runs that network."),
    ),
    requires=(),
    build=_build,
)
