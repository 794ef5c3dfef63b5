"""Sites that send visitors, by medium: our own table (docs/decisions/0012-referrer-table.md)."""

import re
from typing import NamedTuple

from enrich_consumer.core.tables.csv_table import read_table
from enrich_consumer.core.tables.ga4_sources import KIND_OF_SOURCE


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


def _of_google(exact: dict[str, KnownSite]) -> dict[str, KnownSite]:
    """Hosts of Google's list that our table does not have, or has as another kind."""
    return {
        source: KnownSite(kind, source)
        for source, kind in KIND_OF_SOURCE.items()
        if "." in source and source not in exact
        if (site_named := find(source)) is None or site_named.medium != kind
    }


_EXACT, _ANYWHERE, MEDIUM_OF_SOURCE = _read()
"""The last one: the medium by our name of a source, for `utm_source=facebook`."""


def find(host: str) -> KnownSite | None:
    """The known site that a host belongs to; the longest match wins: mail.google.com is not Search."""
    labels = host.split(".")
    for start in range(min(len(labels), 8)):
        name = ".".join(labels[start:])
        site = _EXACT.get(name) or _ANYWHERE.get(_stem(labels[start:]))
        if site is not None:
            is_other = site.medium == "search" and not all(map(_SEARCH_LABEL.match, labels[:start]))
            return None if is_other else site
    return KnownSite("email", host) if labels[0] in _WEB_MAIL and len(labels) > 2 else None


_SEARCH_LABEL = re.compile(
    r"(?:www\d*|m\d*|[a-z]{1,2}|search|images?|img|videos?|cse|encrypted|ipv[46]|lens|mobile|touch|web|wap|find|suche"
    r"|busca|buscador|pesquisa|recherche|ricerca|szukaj|isearch|websearch|blogsearch|html|lite|safe|start|noai|com)\Z"
)
"""Sub-domains of a portal that are its search; docs.google.com and news.yahoo.com are other sites."""
_WEB_MAIL = frozenset(("webmail", "zimbra", "roundcube", "squirrelmail", "owa", "correio"))


def _stem(labels: list[str]) -> str:
    """`google` of google.com.br, google.de and google.com; empty when there is no such ending."""
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return ".".join(labels[:-2])
    return ".".join(labels[:-1]) if len(labels) >= 2 and len(labels[-1]) <= 3 else ""


_EXACT.update(_of_google(_EXACT))
