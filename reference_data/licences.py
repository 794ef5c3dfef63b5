"""The licences of the geo databases, for the person who runs the pipeline; no legal advice."""

from collections.abc import Sequence

DB_IP = (
    "IP to City Lite by DB-IP (https://db-ip.com), CC BY 4.0. Pages that show results must link back: "
    "<a href='https://db-ip.com'>IP Geolocation by DB-IP</a>"
)
GEOLITE = (
    "GeoLite2 by MaxMind, under MaxMind's GeoLite2 End User License Agreement: keep it no older than 30 days"
)
MAXMIND = "MaxMind, under the agreement of your own account with MaxMind"

GEOLITE_DAYS = 30
"""What GEOLITE says, as a number."""


def is_geolite(types: Sequence[str]) -> bool:
    """Whether any of these database types (of the files' own metadata) is a GeoLite2."""
    return any(one.startswith("GeoLite2") for one in types)


def of_maxmind(types: Sequence[str]) -> str:
    """The words for a database that MaxMind's service delivered."""
    return GEOLITE if is_geolite(types) else MAXMIND
