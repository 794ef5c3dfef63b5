"""What lies at which path of the shop and of the payment provider. Pure, but for reading files."""

import json
import mimetypes
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

STOREFRONT = Path(__file__).parents[2] / "storefront"
SHOP = STOREFRONT / "shop"
PAYMENT = STOREFRONT / "payment"
SCRIPTS = STOREFRONT / "dist"

FOR_EVER = "public, max-age=31536000, immutable"
"""For files with their version in the name: another version is another name."""


class Page(NamedTuple):
    """A file as it is answered."""

    content: bytes
    kind: str
    caching: str


@cache
def version() -> str:
    """The tracker's, which its files' names carry."""
    found: str = json.loads((SCRIPTS / "manifest.json").read_text(encoding="utf-8"))["version"]
    return found


def page(folder: Path, path: str, values: Mapping[str, str]) -> Page | None:
    """The file at `path`; in HTML each `{{name}}` becomes its value. `/r/` holds the tracker's scripts."""
    name = path.removeprefix("/") or "index.html"
    if folder == SHOP and name.startswith("r/"):
        folder, name = SCRIPTS, name.removeprefix("r/")
    file = (folder / name).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        return None
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    kind = "text/javascript" if file.suffix == ".mjs" else kind
    content = file.read_bytes()
    if file.suffix == ".html":
        content = re.sub(rb"\{\{(\w+)\}\}", lambda found: values[found[1].decode()].encode(), content)
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    return Page(content, kind, FOR_EVER if f"-{version()}." in file.name else "no-cache")
