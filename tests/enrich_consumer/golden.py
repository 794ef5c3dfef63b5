"""Golden pairs: `schemas/examples/NAME.raw.json` → `NAME.enriched.json`.

`make golden` (or `python -m` this `[NAME ...]`) writes the enriched half anew from the raw half; the
review is the diff. Geo answers come from the few IP addresses below, so that no downloaded database matters.
"""

import functools
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from enrich_consumer import local
from enrich_consumer.core import enrichments
from enrich_consumer.core.enrichments import References
from schemas import parse_sites
from schemas.files import FOLDER

EXAMPLES = FOLDER / "examples"

_BRAZIL = {"continent": {"code": "SA"}, "country": {"iso_code": "BR"}}
_CITIES: dict[str, dict[str, Any]] = {
    "200.147.3.157": _BRAZIL
    | {
        "subdivisions": [{"iso_code": "SP", "names": {"en": "São Paulo"}}],
        "city": {"names": {"en": "São Paulo"}},
        "postal": {"code": "01000"},
        "location": {
            "latitude": -23.5475,
            "longitude": -46.6361,
            "accuracy_radius": 20,
            "time_zone": "America/Sao_Paulo",
        },
    },
    "189.6.24.7": _BRAZIL
    | {
        "subdivisions": [{"iso_code": "RJ", "names": {"en": "Rio de Janeiro"}}],
        "city": {"names": {"en": "Niterói"}},
        "location": {"latitude": -22.8833, "longitude": -43.1036},
    },
    "2804:14d:1289:8a3b:41c6:7f2e:9d10:55aa": _BRAZIL,
    "66.249.66.1": {"continent": {"code": "NA"}, "country": {"iso_code": "US"}},
    "3.80.0.9": {"continent": {"code": "NA"}, "registered_country": {"iso_code": "US"}},
}
_NETWORKS: dict[str, dict[str, Any]] = {
    "200.147.3.157": {
        "autonomous_system_number": 7162,
        "autonomous_system_organization": "Universo Online S.A.",
    },
    "2804:14d:1289:8a3b:41c6:7f2e:9d10:55aa": {
        "autonomous_system_number": 28573,
        "autonomous_system_organization": "Claro NXT Telecomunicacoes Ltda",
    },
    "66.249.66.1": {"autonomous_system_number": 15169, "autonomous_system_organization": "GOOGLE"},
    "3.80.0.9": {"autonomous_system_number": 14618, "autonomous_system_organization": "AMAZON-AES"},
}
REFERENCES = References(
    city=_CITIES.get, asn=_NETWORKS.get, version=lambda: "golden", city_date=lambda: "2026-11-01"
)


@functools.cache
def _enrich() -> enrichments.Enrich:
    return enrichments.build(REFERENCES)  # loads the user agents' patterns, so once


def names() -> list[str]:
    """The pairs, by their raw halves."""
    return sorted(path.name.removesuffix(".raw.json") for path in EXAMPLES.glob("*.raw.json"))


def raw_path(name: str) -> Path:
    return EXAMPLES / f"{name}.raw.json"


def enriched_path(name: str) -> Path:
    return EXAMPLES / f"{name}.enriched.json"


def records(name: str) -> list[dict[str, Any]]:
    """The raw half: records in stream order."""
    found: list[dict[str, Any]] = json.loads(raw_path(name).read_text(encoding="utf-8"))
    return found


def enriched(name: str) -> list[dict[str, Any]]:
    """What the consumer makes of the raw half, run as in the local mode. A rejected record is an error here."""
    sites = parse_sites((EXAMPLES / "sites.json").read_bytes())
    lines = [orjson.dumps(record) for record in records(name)]
    out, refused = io.BytesIO(), io.BytesIO()
    local.run(lines, sites, _enrich(), out, refused)
    if refused.getvalue():
        raise ValueError(f"{raw_path(name)}: {refused.getvalue().decode()}")
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


def text(rows: Sequence[dict[str, Any]]) -> str:
    """The enriched half as a file: known columns only, in the order of the table."""
    order = {column.name: index for index, column in enumerate(enrichments.columns())}
    shown = [
        {name: row[name] for name in sorted(row, key=order.__getitem__) if row[name] is not None}
        for row in rows
    ]
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def main(chosen: Sequence[str]) -> int:
    """Write the enriched halves of these pairs, or of all."""
    for name in chosen or names():
        new = text(enriched(name))
        path = enriched_path(name)
        if not path.exists() or path.read_text(encoding="utf-8") != new:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"changed: {path.relative_to(FOLDER.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
