"""Sites that send visitors, by medium: our own table (docs/decisions/0012-referrer-table.md)."""

from typing import NamedTuple

from enrich_consumer.core.tables.csv_table import read_table


class KnownSite(NamedTuple):
    """`medium`: search, social, email, video, shopping or ai. `terms`: parameters with the search term."""

    medium: str
    source: str
    terms: tuple[str, ...] = ()


_SECOND_LEVEL = frozenset(["co", "com", "ne", "net", "org", "or", "gov", "ac", "edu", "gob"])


def _read() -> tuple[dict[str, KnownSite], dict[str, KnownSite], dict[str, str]]:
    exact: dict[str, KnownSite] = {}
    anywhere: dict[str, KnownSite] = {}
    mediums: dict[str, str] = {}
    for row in read_table("known_sites"):
        site = KnownSite(row["medium"], row["source"], tuple(row["search_parameters"].split()))
        mediums.setdefault(site.source, site.medium)
        for host in row["hosts"].split():
            stem = host.removesuffix(".*")
            (exact if stem == host else anywhere).setdefault(stem, site)
    return exact, anywhere, mediums


_EXACT, _ANYWHERE, MEDIUM_OF_SOURCE = _read()
"""The last one: the medium by our name of a source, for `utm_source=facebook`."""


def find(host: str) -> KnownSite | None:
    """The known site that a host belongs to; the longest match wins: mail.google.com is not Search."""
    labels = host.split(".")
    for start in range(min(len(labels), 8)):
        name = ".".join(labels[start:])
        if site := _EXACT.get(name):
            return site
        if site := _ANYWHERE.get(_stem(labels[start:])):
            return site
    return None


def _stem(labels: list[str]) -> str:
    """`google` of google.com.br, google.de and google.com; empty when there is no such ending."""
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return ".".join(labels[:-2])
    return ".".join(labels[:-1]) if len(labels) >= 2 and len(labels[-1]) <= 3 else ""
