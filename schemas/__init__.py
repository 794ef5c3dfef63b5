"""The contract: everything that crosses a boundary is described here and nowhere else.

Imports nothing of ours. `event.schema.json` and `raw.schema.json` are JSON Schema 2020-12;
`enriched.columns.json` is generated from the enrichments (`python -m enrich_consumer columns`).
"""

from schemas.columns import Column
from schemas.files import json_file
from schemas.rejected import Reason, Rejected, Stage, rejected
from schemas.sites import KeyHolder, Session, Site, Sites, SitesError, parse_sites

__all__ = [
    "Column",
    "KeyHolder",
    "Reason",
    "Rejected",
    "Session",
    "Site",
    "Sites",
    "SitesError",
    "Stage",
    "json_file",
    "parse_sites",
    "rejected",
]
