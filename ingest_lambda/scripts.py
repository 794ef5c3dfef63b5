"""The tracker's files, as a shop's pages load them: from the API itself, under a path that the environment chooses.

A file with its version in the name never changes, so browsers and CloudFront keep it for a year; what has no version is
asked for again after an hour.
"""

import gzip
import re
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from ingest_lambda.http.request import Request
from ingest_lambda.http.response import File, Response

METHODS = ("GET", "HEAD")
FOLDER = Path(__file__).parents[1] / "storefront" / "dist"
"""In a checkout and in the function's package alike."""
FOR_EVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"

_VERSION = re.compile(r"-\d+\.\d+\.\d+\.js$")


class Scripts:
    """`path`: under which they are served, begins and ends with a slash; empty: nowhere."""

    def __init__(self, path: str, folder: Path = FOLDER) -> None:
        self.path = path
        self._folder = folder

    def response(self, request: Request) -> Response | None:
        """The file that is asked for; None if there is none of that name."""
        found = self._read(request.path.removeprefix(self.path))
        if found is None:
            return None
        plain, packed, tag, caching = found
        is_packed = "gzip" in request.headers.get("accept-encoding", "")
        headers = {
            "cache-control": caching,
            "vary": "accept-encoding",
            "etag": f'"{tag}-gzip"' if is_packed else f'"{tag}"',
            # For SRI a page of another host has to load it with `crossorigin`.
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
        }
        if is_packed:
            headers["content-encoding"] = "gzip"
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(HTTPStatus.NOT_MODIFIED, File(b"", "text/javascript"), headers, is_head=True)
        body = File(packed if is_packed else plain, "text/javascript;charset=utf-8")
        return Response(HTTPStatus.OK, body, headers)

    def serves(self, request: Request) -> bool:
        """Whether the path is one of ours."""
        return bool(self.path) and request.path.startswith(self.path)

    def _read(self, name: str) -> tuple[bytes, bytes, str, str] | None:
        return _file(self._folder, name) if name in _names(self._folder) else None


@cache
def _file(folder: Path, name: str) -> tuple[bytes, bytes, str, str]:
    """As it is, compressed, its tag, how long to keep it."""
    plain = (folder / name).read_bytes()
    caching = FOR_EVER if _VERSION.search(name) else AN_HOUR
    return plain, gzip.compress(plain, mtime=0), sha256(plain).hexdigest()[:32], caching


@cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.glob("*") if path.suffix in {".js", ".mjs"})
